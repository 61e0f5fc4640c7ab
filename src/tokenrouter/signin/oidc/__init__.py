"""Signing in at an identity provider: OpenID Connect, as its relying party."""

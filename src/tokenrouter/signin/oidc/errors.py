"""What goes wrong at an identity provider, told apart by whose fault it is."""


class OidcError(Exception):
    """A sign-in that did not come to its end; the message is for whoever tried, and holds no token."""


class ProviderAway(OidcError):
    """The identity provider cannot be reached, or does not answer as its own documents say."""


class SignInRefused(OidcError):
    """The answer cannot be believed, or the identity provider said no."""

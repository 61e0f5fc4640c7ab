"""Google access tokens: issued for a service account's signed assertion, accepted until they expire.

From "Using OAuth 2.0 for Server to Server Applications" (developers.google.com/identity/protocols/oauth2/service-account,
read 2026-11). `POST /token` takes the JWT bearer grant (RFC 7523) and checks:

- the algorithm is RS256 and, when the sandbox was given a public key, the signature is that key's;
- `iss` is there, `aud` is Google's token address or the one that was asked, `scope` names the cloud platform;
- `iat` is not in the future and `exp` not in the past (a minute of skew is allowed), and they are at most an hour apart.

With a public key only tokens issued here are accepted, each for its lifetime; without one, any token is, as any API key
is elsewhere in the sandbox.
"""  # noqa: E501 - an address is not broken

import json
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.google.errors import bad_token
from tokenrouter.sandbox.google.json import decoded_bytes
from tokenrouter.sandbox.google.rs256 import PublicKey
from tokenrouter.sandbox.server import Request

TOKEN_ADDRESS: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
LIFETIME_S: Final = 3600.0
SKEW_S: Final = 60.0
MAX_TOKENS: Final = 10_000
"""Issued tokens remembered; the oldest go first."""


class OAuthError(ApiError):
    """400 in the shape of RFC 6749 5.2."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(400, description, code=code)

    def document(self) -> dict[str, object]:
        return {"error": self.code, "error_description": self.message}


class GoogleAccess:
    """Who may use Vertex AI: with the service account's `public_key`, bearers of tokens younger than `lifetime_s`."""

    def __init__(
        self,
        public_key: PublicKey | None = None,
        lifetime_s: float = LIFETIME_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._public_key = public_key
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._expiry: dict[str, float] = {}

    def issue(self, request: Request) -> dict[str, object]:
        """The answer of `POST /token`. Raises: OAuthError."""
        form = {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        if form.get("grant_type") != GRANT:
            raise OAuthError("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
        self._check(form.get("assertion", ""), f"http://{request.headers.get('host', '')}{request.path}")
        token = ids.letters("ya29.c.", 120)
        self._expiry[token] = self._clock() + self._lifetime_s
        while len(self._expiry) > MAX_TOKENS:
            del self._expiry[next(iter(self._expiry))]
        return {"access_token": token, "expires_in": int(self._lifetime_s), "token_type": "Bearer"}

    def admit(self, request: Request) -> str:
        """The token of a request that may come in. Raises: GoogleError 401."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise bad_token("CREDENTIALS_MISSING")
        if self._public_key is None:
            return token
        expiry = self._expiry.get(token)
        if expiry is None:
            raise bad_token("ACCESS_TOKEN_TYPE_UNSUPPORTED")
        if self._clock() >= expiry:
            raise bad_token("ACCESS_TOKEN_EXPIRED")
        return token

    def _check(self, assertion: str, asked_address: str) -> None:
        signed, _, signature = assertion.rpartition(".")
        header, claims = (_part(signed, index) for index in (0, 1))
        if header.get("alg") != "RS256":
            raise OAuthError("invalid_grant", "Invalid JWT: the algorithm must be RS256.")
        if self._public_key is not None:
            made = decoded_bytes(signature) or b""
            if not self._public_key.verifies(signed.encode(), made):
                raise OAuthError("invalid_grant", "Invalid JWT Signature.")
        if not claims.get("iss"):
            raise OAuthError("invalid_grant", "Invalid grant: account not found")
        if claims.get("aud") not in (TOKEN_ADDRESS, asked_address):
            raise OAuthError(
                "invalid_grant", f"Invalid JWT: Failed audience check. The right audience is {TOKEN_ADDRESS}"
            )
        if SCOPE not in str(claims.get("scope", "")).split():
            raise OAuthError("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        self._check_times(claims.get("iat"), claims.get("exp"))

    def _check_times(self, issued: object, expires: object) -> None:
        now = self._clock()
        if (
            not isinstance(issued, int | float)
            or not isinstance(expires, int | float)
            or issued > now + SKEW_S
            or expires < now - SKEW_S
            or expires - issued > LIFETIME_S
        ):
            raise OAuthError(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your "
                "iat and exp values in the JWT claim.",
            )


def _part(signed: str, index: int) -> dict[str, object]:
    """Header (0) or claims (1) of a JWT (RFC 7519 7.2)."""
    parts = signed.split(".")
    text = decoded_bytes(parts[index]) if len(parts) == 2 else None
    try:
        read = json.loads(text or b"")
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise OAuthError("invalid_grant", "Bad Request")
    return read

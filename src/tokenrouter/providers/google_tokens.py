"""Google access tokens for a service account: the assertion, the request for a token, and its answer. No I/O.

From "Using OAuth 2.0 for Server to Server Applications" (developers.google.com/identity/protocols/oauth2/service-account,
read 2026-11) and RFC 7523: a JWT that the account's key has signed with RS256 is traded for a token that is good for
an hour. Whoever keeps tokens fresh is `upstream/credentials.py`.
"""  # noqa: E501 - an address is not broken

import base64
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tokenrouter.domain.errors import (
    MAX_MESSAGE_CHARS,
    ProviderCredentialsRejected,
    ProviderError,
    ProviderProtocolError,
    ProviderUnreachable,
)
from tokenrouter.providers.access_tokens import AccessToken, TokenRequest
from tokenrouter.providers.base import request_head
from tokenrouter.providers.urls import split_base_url

SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
"""What Vertex AI asks for (cloud.google.com/vertex-ai/docs/authentication, read 2026-11)."""
TOKEN_URI: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
LIFETIME_S: Final = 3600
"""The longest that an assertion may be good for."""
BACKDATED_S: Final = 10
"""How far an assertion's beginning is put back: a clock that is a little fast must not make it one of the future."""

_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_MIN_KEY_BITS: Final = 2048


class _KeyFile(msgspec.Struct):
    """The JSON that Google gives out for a service account's key."""

    type: str = ""
    client_email: str = ""
    private_key: str = ""
    private_key_id: str = ""
    token_uri: str = ""
    project_id: str = ""


class _Granted(msgspec.Struct):
    """The answer of the token address, good or bad (RFC 6749, 5.1 and 5.2)."""

    access_token: str = ""
    expires_in: float = 0.0
    token_type: str = ""
    error: str = ""
    error_description: str = ""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Who asks. Two are equal when they are of the same account and key.

    Attributes:
        key_id: tells Google which of the account's keys has signed.
        project: the project that the account belongs to, or empty.
        token_uri: where tokens are given out; also the assertion's audience.
        key: never shown.
    """

    email: str
    key_id: str
    project: str
    token_uri: str
    key: RSAPrivateKey = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class GoogleTokens:
    """`access_tokens.TokenSource` for one provider's service account."""

    provider: str
    account: ServiceAccount
    allow_private: bool = False

    def request(self, now_s: float) -> TokenRequest:
        return token_request(self.account, now_s)

    def read(self, status: int, body: bytes, now_s: float) -> AccessToken:
        return read_token(status, body, now_s, self.provider)


def read_service_account(secret: str) -> ServiceAccount:
    """Return the service account whose key file is `secret`.

    Raises:
        ValueError: it is no such file; the message names the field and shows nothing of the key.
    """
    try:
        told = msgspec.json.decode(secret.encode(), type=_KeyFile)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("the secret is not the JSON of a Google service account's key file") from None
    if told.type != "service_account":
        raise ValueError(f"the key file's type is {told.type!r}; a key of a service_account is needed")
    if not told.client_email:
        raise ValueError("the key file has no client_email")
    token_uri = told.token_uri or TOKEN_URI
    try:
        split_base_url(token_uri)
    except ValueError:
        raise ValueError("the key file's token_uri is not a plain http(s) address") from None
    return ServiceAccount(
        told.client_email, told.private_key_id, told.project_id, token_uri, _private_key(told.private_key)
    )


def _private_key(pem: str) -> RSAPrivateKey:
    if not pem:
        raise ValueError("the key file has no private_key")
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("the key file's private_key is not a readable PEM key") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < _MIN_KEY_BITS:
        raise ValueError(f"the key file's private_key is not an RSA key of {_MIN_KEY_BITS} bits or more")
    return key


def assertion(account: ServiceAccount, now_s: float) -> str:
    """Return the signed claims of `account`; takes about a millisecond."""
    issued_s = int(now_s) - BACKDATED_S
    header = {"alg": "RS256", "typ": "JWT", **({"kid": account.key_id} if account.key_id else {})}
    claims = {
        "iss": account.email,
        "scope": SCOPE,
        "aud": account.token_uri,
        "iat": issued_s,
        "exp": issued_s + LIFETIME_S,
    }
    text = f"{_segment(msgspec.json.encode(header))}.{_segment(msgspec.json.encode(claims))}"
    return f"{text}.{_segment(account.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token_request(account: ServiceAccount, now_s: float) -> TokenRequest:
    """Return the request that trades an assertion for a token."""
    address = split_base_url(account.token_uri)
    body = urlencode({"grant_type": _GRANT, "assertion": assertion(account, now_s)}).encode()
    headers = {
        "host": address.origin.authority,
        "content-type": "application/x-www-form-urlencoded",
        "accept": "application/json",
        "content-length": str(len(body)),
    }
    return TokenRequest(address.origin, request_head("POST", address.path or "/", headers) + b"\r\n", body)


def read_token(status: int, body: bytes, now_s: float, provider: str) -> AccessToken:
    """Return the token in the answer to a request that was sent at `now_s`.

    Raises:
        ProviderCredentialsRejected: Google does not accept the account, its key or its clock; the message says why.
        ProviderUnreachable: it is overloaded or fails; the same request may succeed later.
        ProviderProtocolError: the answer is no token.
    """
    try:
        told = msgspec.json.decode(body, type=_Granted)
    except (msgspec.DecodeError, RecursionError):
        told = _Granted()
    if status != 200:
        raise _refusal(status, told, provider)
    if not told.access_token or told.expires_in <= 0 or told.token_type.lower() not in ("bearer", ""):
        raise ProviderProtocolError(f"Google answered provider {provider!r} with no token.", provider=provider)
    return AccessToken(told.access_token, now_s + told.expires_in)


def _refusal(status: int, told: _Granted, provider: str) -> ProviderError:
    why = f"{told.error}: {told.error_description}" if told.error_description else told.error or f"status {status}"
    message = f"Google gave no access token for provider {provider!r} ({why})."[:MAX_MESSAGE_CHARS]
    if status == 429 or status >= 500 or status < 400:
        return ProviderUnreachable(message, provider=provider)
    return ProviderCredentialsRejected(message, provider=provider)

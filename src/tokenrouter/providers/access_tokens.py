"""Short-lived access tokens: what a vendor that gives them out must be able to say, apart from any vendor.

Some vendors take no key as it is, but a token that is traded for it and ends soon. Whoever keeps such tokens fresh
(`upstream/credentials.py`) knows nothing of vendors, and a vendor's module does no I/O; here is what lies between.
"""

from dataclasses import dataclass, field
from typing import Protocol

from tokenrouter.providers.base import Origin


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What requests bear; `expires_at_s` in seconds since the epoch."""

    value: str = field(repr=False)
    expires_at_s: float


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """One HTTP request for a token; `head` is the whole head with its blank line."""

    origin: Origin
    head: bytes
    body: bytes = field(repr=False)


class TokenSource(Protocol):
    """One provider's way to a token. Hashable; equal sources share their token."""

    @property
    def provider(self) -> str:
        """Its name, for messages."""

    @property
    def allow_private(self) -> bool:
        """Whether the address that gives tokens out may be a loopback or private one."""

    def request(self, now_s: float) -> TokenRequest:
        """Return what to send; `now_s` in seconds since the epoch."""

    def read(self, status: int, body: bytes, now_s: float) -> AccessToken:
        """Return the token in the answer to a request that was sent at `now_s`.

        Raises:
            ProviderCredentialsRejected: the credentials are not accepted; the message says why.
            ProviderUnreachable: the same request may succeed later.
            ProviderProtocolError: the answer is no token.
        """

    def __hash__(self) -> int: ...

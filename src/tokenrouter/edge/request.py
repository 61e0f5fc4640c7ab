"""One parsed request."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from tokenrouter.domain.errors import MalformedHttp
from tokenrouter.gateway.call import CallHead

KEY_HEADERS: Final = (b"x-api-key", b"x-goog-api-key", b"api-key")
"""Where Anthropic's, Google's and Azure's clients put the key."""
SINGLE_HEADERS = frozenset({b"authorization", *KEY_HEADERS, b"host", b"content-type", b"content-encoding"})
"""Headers that must not be repeated: two readers could pick different ones."""


@dataclass(slots=True)
class RequestHead:
    """The head of a request; requests of one connection whose heads are alike share one object.

    Attributes:
        path: without the query.
        query: without the question mark.
        headers: lower-case names; values of a repeated header are joined by commas (RFC 9110, 5.3).
        call: what the gateway makes of it, remembered from the first request that had this head.
    """

    method: bytes = b""
    path: bytes = b""
    query: bytes = b""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    keep_alive: bool = True
    chunked_answers: bool = True
    call: CallHead | None = None

    def add_header(self, name: bytes, value: bytes) -> None:
        """Take in one header line.

        Raises:
            MalformedHttp: a header that must be single stands twice.
        """
        name = name.lower()
        earlier = self.headers.get(name)
        if earlier is None:
            self.headers[name] = value
            return
        if name in SINGLE_HEADERS:
            raise MalformedHttp(f"The header {name.decode('latin-1')!r} stands twice; send it once.")
        self.headers[name] = earlier + b", " + value

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The API keys that were sent, in any vendor's way: as a bearer token, in a header, or as Google's `?key=`.

        Some clients send two, when they find another vendor's key in their environment; then one of them is for us.
        """
        scheme, _, token = self.headers.get(b"authorization", b"").partition(b" ")
        bearer = token.strip() if scheme.lower() == b"bearer" else b""
        sent = (bearer, *(self.headers.get(name, b"").strip() for name in KEY_HEADERS), self.query_key)
        return tuple(dict.fromkeys(key for key in sent if key))

    @property
    def query_key(self) -> bytes:
        """The key in the query, as Google's REST examples send it; b"" when there is none."""
        if b"key=" not in self.query:
            return b""
        return dict(parse_qsl(self.query)).get(b"key", b"")

    def text(self, name: bytes, max_chars: int = 128) -> str:
        """Return a header's value as text, cut to `max_chars`; "" when it was not sent."""
        return self.headers.get(name, b"").decode("latin-1")[:max_chars]


@dataclass(slots=True)
class Request:
    """A request as it came in.

    Attributes:
        started_s: monotonic time at which its first byte was seen.
        is_secure: whether the client came by HTTPS: to us, or to a trusted proxy that says so.
        id: ours, for the client, the ledger and the log.
    """

    head: RequestHead
    body: bytes = b""
    started_s: float = 0.0
    client_ip: str = ""
    id: str = ""
    is_secure: bool = False

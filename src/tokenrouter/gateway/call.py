"""A request as the edge hands it over."""

from dataclasses import dataclass
from typing import Protocol

from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.delivered import Seam
from tokenrouter.domain.ledger import Ended, Subject
from tokenrouter.gateway.cache_wishes import CacheWish


@dataclass(frozen=True, slots=True, eq=False)
class CallHead:
    """What a request says in its HTTP head; one object serves all requests of a connection that say the same.

    Attributes:
        digest: of the key that was sent, as `Directory.digest` makes it, or b"" when none was.
        session: the conversation that it belongs to, as a coding agent names it, or b"".
        forwarded: header lines of the client's that go on to a provider of the same dialect.
        model, stream: from the path, in dialects that have them there; else None.
        sse: False where a stream is to be a JSON array instead of server-sent events.
        idempotency_key: what marks a request as the same one sent again, as the client sent it; b"" for none.
        cache_wish: what it says of kept answers, or None.
        traceparent: the client's trace, unread (W3C Trace Context); kept for the ledger, never passed on.
    """

    dialect: Dialect
    digest: bytes
    client_ip: str = ""
    client_tool: str = ""
    client_request_id: str = ""
    forwarded: bytes = b""
    session: bytes = b""
    model: str | None = None
    stream: bool | None = None
    sse: bool = True
    idempotency_key: bytes = b""
    cache_wish: CacheWish | None = None
    traceparent: str = ""

    @property
    def stream_type(self) -> bytes:
        """The content type of a stream to the client."""
        return b"text/event-stream" if self.sse else b"application/json"


class Keeper(Protocol):
    """Takes a request's answer for more than the client that sent it, and is told how it ended."""

    def ended(self, subject: Subject, ended: Ended, *, is_complete: bool, is_bounded: bool) -> None:
        """The attempt that counts is over. `is_complete`: its answer came to its end, whoever is left to read it.

        `is_bounded`: limits had a part in how long it is.
        """

    def goes_on_alone(self) -> None:
        """The task that ran the request is cancelled, and its answer is still read to its end."""


@dataclass(slots=True)
class Call:
    """One request.

    Attributes:
        now_s: seconds since the epoch at which it was complete.
        started_s: monotonic time at which its first byte was seen.
        keeper: who takes its answer besides the client, or None.
        seam: where an answer broke off that this attempt is to go on with, or None.
    """

    head: CallHead
    body: bytes
    request_id: str
    now_s: float
    started_s: float
    keeper: Keeper | None = None
    seam: Seam | None = None

"""A request as the edge hands it over."""

from dataclasses import dataclass

from tokenrouter.dialects.base import Dialect


@dataclass(frozen=True, slots=True, eq=False)
class CallHead:
    """What a request says in its HTTP head; one object serves all requests of a connection that say the same.

    Attributes:
        digest: of the key that was sent, as `Directory.digest` makes it, or b"" when none was.
        session: the conversation that it belongs to, as a coding agent names it, or b"".
        forwarded: header lines of the client's that go on to a provider of the same dialect.
        model, stream: from the path, in dialects that have them there; else None.
        sse: False where a stream is to be a JSON array instead of server-sent events.
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

    @property
    def stream_type(self) -> bytes:
        """The content type of a stream to the client."""
        return b"text/event-stream" if self.sse else b"application/json"


@dataclass(slots=True)
class Call:
    """One request.

    Attributes:
        now_s: seconds since the epoch at which it was complete.
        started_s: monotonic time at which its first byte was seen.
    """

    head: CallHead
    body: bytes
    request_id: str
    now_s: float
    started_s: float

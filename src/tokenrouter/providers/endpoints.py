"""One operation of one model at one provider, ready to be asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from tokenrouter.dialects.hub import ProviderCodec
from tokenrouter.providers.access_tokens import TokenSource

EVENT_STREAM: Final = b"text/event-stream"


class Sign(Protocol):
    """Authorizes one request."""

    def __call__(self, body: bytes, *, stream: bool, now_s: float) -> bytes:
        """Return the header lines to add, each ended by CRLF; `now_s` in seconds since the epoch."""


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """How it is asked. Made once for each lane.

    Attributes:
        head, stream_head: request line and headers, each ended by CRLF; `content-length` and a blank line follow.
        codec: what conversations of other dialects are translated with; None where there is no such.
        adds, drops: JSON fields that every body gets here, and those that none may have.
        stream_type: content type of its streams.
        sign: makes the header lines that authorize one body, where those differ from body to body.
        tokens: where the access token comes from that requests bear, where it does not last.
    """

    head: bytes
    stream_head: bytes
    codec: ProviderCodec | None = None
    adds: Mapping[str, bytes] = field(default_factory=dict)
    drops: frozenset[str] = frozenset()
    stream_type: bytes = EVENT_STREAM
    sign: Sign | None = None
    tokens: TokenSource | None = None

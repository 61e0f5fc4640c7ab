"""A request on its way out: what the gateway asks for and the upstream client sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenrouter.domain.catalog import Timeouts
from tokenrouter.providers.base import Origin


@dataclass(frozen=True, slots=True)
class UnixOrigin:
    """A server on a Unix socket: the control process."""

    path: Path

    def __str__(self) -> str:
        return "the control process"


@dataclass(slots=True)
class UpstreamRequest:
    """One request.

    Attributes:
        head: request line and headers with the blank line.
        body: pieces that are written one after the other.
        provider: its name, for messages.
        whole_limit: wait for the whole answer as long as it is not longer; 0: return with the head.
        allow_private: whether the origin may be a loopback or private address.
    """

    origin: Origin | UnixOrigin
    head: bytes
    body: Sequence[bytes | memoryview]
    timeouts: Timeouts
    provider: str
    whole_limit: int = 0
    allow_private: bool = False

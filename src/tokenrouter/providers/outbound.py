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


@dataclass(frozen=True, slots=True, eq=False)
class Destination:
    """Where requests go, and how patiently; one object serves many requests, so it is compared by identity.

    Attributes:
        provider: its name, for messages.
        allow_private: whether the origin may be a loopback or private address.
    """

    origin: Origin | UnixOrigin
    timeouts: Timeouts
    provider: str
    allow_private: bool = False


@dataclass(slots=True)
class UpstreamRequest:
    """One request.

    Attributes:
        data: head and body in pieces that are written one after the other; the whole head is in the first.
        whole_limit: wait for the whole answer as long as it is not longer; 0: return with the head.
        within_s: seconds within which the answer has to begin, connecting included, or come whole where it is waited
            for; 0 for as long as the provider's own time limits say.
    """

    to: Destination
    data: Sequence[bytes | memoryview]
    whole_limit: int = 0
    within_s: float = 0.0

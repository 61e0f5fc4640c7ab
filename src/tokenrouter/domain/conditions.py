"""How providers are, as far as anybody has looked: what is found out beside requests, and used in choosing.

It is worked out in the control process and told to the data processes. It is advice: a request that has nowhere else to
go is sent to a provider that is said to be away.
"""

from dataclasses import dataclass
from typing import Literal

Status = Literal["unknown", "online", "offline", "auth problem", "blocked", "disabled"]
"""TokenRouter-Go's words (facts of its health checker, 2026-11)."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One provider.

    Attributes:
        left: the smallest share that is left of any of its quotas, from 0 to 1; None where nobody knows.
        checked_at_s: seconds since the epoch of the last look; 0 when there was none.
    """

    status: Status = "unknown"
    left: float | None = None
    checked_at_s: float = 0.0

"""What an operator should know now: a limit of ours, or one of a provider's, is nearly used up.

Whoever notices says it once, in one form; the log, the metrics and the webhooks tell it on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

AlertKind = Literal["provider_quota.low", "provider_quota.empty", "soft_limit.reached"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One of them.

    Attributes:
        subject: a provider's name, or a limit's scope.
        metric: what is counted.
        window: in words, "" where nobody says.
        percent: the threshold that was reached: of what is left of a quota, of what is used of a limit.
        at_s: seconds since the epoch.
        facts: what else is known; texts and numbers, without secrets.
    """

    kind: AlertKind
    subject: str
    metric: str
    window: str
    percent: int
    at_s: float
    facts: Mapping[str, str | float | None] = field(default_factory=dict)

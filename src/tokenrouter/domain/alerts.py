"""What an operator should know now: something is nearly used up, or does not work, or works again.

Whoever notices says it once, in one form; the log, the metrics, the webhooks and e-mail tell it on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

AlertKind = Literal[
    "provider_quota.low",
    "provider_quota.empty",
    "soft_limit.reached",
    "provider.offline",
    "provider.online",
    "journal.unwritable",
    "journal.writable",
    "ledger.behind",
    "ledger.caught_up",
    "secret.unreadable",
    "secret.readable",
    "certificate.expiring",
    "certificate.renewed",
]
TroubleKind = Literal[
    "provider.offline", "journal.unwritable", "ledger.behind", "secret.unreadable", "certificate.expiring"
]

ENDS: Final[Mapping[TroubleKind, AlertKind]] = {
    "provider.offline": "provider.online",
    "journal.unwritable": "journal.writable",
    "ledger.behind": "ledger.caught_up",
    "secret.unreadable": "secret.readable",
    "certificate.expiring": "certificate.renewed",
}
"""What is told when a trouble is over."""

WORDS: Final[Mapping[AlertKind, str]] = {
    "provider_quota.low": "a provider's quota is nearly used up",
    "provider_quota.empty": "a provider's quota is used up",
    "soft_limit.reached": "a soft limit has come to a threshold",
    "provider.offline": "a provider cannot be used",
    "provider.online": "a provider can be used again",
    "journal.unwritable": "the journal cannot be written: requests are refused",
    "journal.writable": "the journal can be written again",
    "ledger.behind": "the ledger is behind: what requests use is not in the database yet",
    "ledger.caught_up": "the ledger has caught up",
    "secret.unreadable": "a stored secret cannot be decrypted",
    "secret.readable": "a stored secret can be decrypted again",
    "certificate.expiring": "a certificate is about to expire",
    "certificate.renewed": "a certificate was renewed",
}


@dataclass(frozen=True, slots=True)
class Alert:
    """One of them.

    Attributes:
        subject: a provider's name, a limit's scope, a node.
        metric: what is counted; "" where nothing is.
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


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that does not work now.

    Attributes:
        hold_s: how long it must last before anybody is told.
        facts: as in `Alert`.
    """

    kind: TroubleKind
    subject: str
    facts: Mapping[str, str | float | None] = field(default_factory=dict)
    hold_s: float = 0.0

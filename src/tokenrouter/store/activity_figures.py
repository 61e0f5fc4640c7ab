"""What is asked of the activity of some time, and what is answered, from whichever table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from operator import sub
from typing import Any, Final

from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.speeds import BUCKETS, Speeds
from tokenrouter.store.activity_sums import Amounts, Dimension
from tokenrouter.store.ledger import LedgerFilter
from tokenrouter.store.schema import ACTIVITY_SUMS
from tokenrouter.store.usage import UsageSums

MAX_TABLE_ROWS: Final = 50
TABLES: Final[tuple[Dimension, ...]] = ("model", "provider", "key", "ip", "tool")
NOTHING: Final[Amounts] = (0,) * len(ACTIVITY_SUMS)
Hour = tuple[int, int, int]
"""Requests, tokens of input and output, and cost in nano-dollars; a year of hours is too many for more."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whose activity, when, and how it is to be shown.

    Attributes:
        wanted: which rows; the times in it do not count.
        since_s, until_s: seconds since the epoch, multiples of `slot_s`; `until_s` is exclusive and may be to come.
        now_s: what comes after it has not happened.
        group: what a chart is split by; "all" is not at all.
        top: how many groups are told, those that used the most tokens; the rest is one.
    """

    wanted: LedgerFilter
    since_s: int
    until_s: int
    slot_s: int
    now_s: int
    group: Dimension = "all"
    top: int = 8

    @property
    def before_s(self) -> int:
        """When the time before began, which is as long as what has passed of this one."""
        return self.since_s - (min(self.until_s, self.now_s) - self.since_s)

    @property
    def slots(self) -> range:
        """When each slot begins."""
        return range(self.since_s, self.until_s, self.slot_s)

    @property
    def tables(self) -> tuple[Dimension, ...]:
        """What is summed up beside the chart."""
        return TABLES if self.group in ("all", *TABLES) else (*TABLES, self.group)

    def by(self, slot_s: int) -> "Question":
        """Return the same with slots of this width, and of a time that they fill."""
        since_s = self.since_s // slot_s * slot_s
        until_s = -(-self.until_s // slot_s) * slot_s
        return replace(self, since_s=since_s, until_s=max(until_s, since_s + slot_s), slot_s=slot_s)


@dataclass(frozen=True, slots=True)
class Part:
    """What one name has used; `label` is what it is called, where that is something else."""

    name: str
    label: str
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Series:
    """A part by slot; what is not there is nothing."""

    part: Part
    slots: Mapping[int, Amounts]


@dataclass(frozen=True, slots=True)
class Figures:
    """The activity of some time. Slots and hours are named by when they began; of tokens, the kinds that charts show.

    Attributes:
        question: as it was answered: slots may be wider than was asked for, and the time a little longer.
        whole_since_s: from when on everything is counted, where there were too many rows to read.
        series: the groups that used the most tokens, in that order.
        others: what all other groups used, by slot.
        tables: the names of each dimension that used the most, and what they used.
        hours: what was used in each; None where nobody knows.
        speeds: by slot; None where nobody knows.
    """

    question: Question
    whole_since_s: int
    before: Amounts
    slots: Mapping[int, Amounts]
    series: list[Series] = field(default_factory=list)
    others: Mapping[int, Amounts] = field(default_factory=dict)
    tables: Mapping[Dimension, list[Part]] = field(default_factory=dict)
    hours: Mapping[int, Hour] | None = None
    speeds: Mapping[int, Speeds] | None = None
    speeds_before: Speeds | None = None

    @property
    def total(self) -> Amounts:
        return added(self.slots.values())


def tokens_of(amounts: Amounts) -> int:
    """Return the tokens of input and output."""
    return amounts[2] + amounts[3]


def added(parts: Iterable[Amounts]) -> Amounts:
    """Return what `parts` are together."""
    return tuple(map(sum, zip(NOTHING, *parts, strict=True)))


def less(amounts: Amounts, parts: Iterable[Amounts]) -> Amounts:
    """Return what is left of `amounts` when `parts` of it are taken away."""
    return tuple(map(sub, amounts, added(parts)))


def amounts_in(columns: Iterable[Any]) -> Amounts:
    """Return the sums that stand in the order of `ACTIVITY_SUMS`; PostgreSQL may have decimals, and NULL for none."""
    return tuple(int(amount or 0) for amount in columns)


def amounts_of(sums: UsageSums) -> Amounts:
    """Return what charts show of sums."""
    kinds = (getattr(sums.usage, kind) for kind in ACTIVITY_SUMS[2:6])
    return (sums.requests, sums.failed, *kinds, sums.cost_nano_usd, sums.unpriced_requests)


def usage_sums_of(amounts: Amounts) -> UsageSums:
    """Return them as sums; of tokens, the kinds that charts show."""
    requests, failed, read, written, cached, reasoning, cost, unpriced = amounts
    return UsageSums(requests, failed, cost, unpriced, Usage(read, written, cached, reasoning_tokens=reasoning))


def speeds_in(counts: Iterable[Any]) -> Speeds:
    """Return the speeds that stand in the order of `SPEED_SUMS`."""
    read, read_us, written, written_us, *buckets = (int(count or 0) for count in counts)
    return Speeds(read, read_us, written, written_us, tuple(buckets[:BUCKETS]), tuple(buckets[BUCKETS:]))


def others_of(slots: Mapping[int, Amounts], series: Iterable[Series]) -> dict[int, Amounts]:
    """Return what is in no series, by slot; slots of which nothing is left are not in it."""
    told = [one.slots for one in series]
    left = {slot_s: less(amounts, [one.get(slot_s, NOTHING) for one in told]) for slot_s, amounts in slots.items()}
    return {slot_s: amounts for slot_s, amounts in left.items() if amounts != NOTHING}

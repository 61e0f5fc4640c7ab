"""What rows of the ledger add to the sums by hour, day and month, by one dimension at a time.

The daily sums (`tr_usage_daily`) know every pair of key and model, so a year of all of them is half a million rows; a
chart of a year wants three hundred. Here each row of the ledger counts once for everything and once for each of its
provider, model, key, user, team, address and program, at three widths. What is asked of two dimensions together is
answered from the rows themselves or from the daily sums (`store/activity.py`).

How fast requests were answered is counted beside it, where a chart shows it: of everything, by provider and by model.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection

from tokenrouter.domain.ledger import LedgerEntry, has_failed
from tokenrouter.domain.speeds import BUCKETS, MIN_PHASE_US, bucket_of
from tokenrouter.store.bulk import add_rows
from tokenrouter.store.schema import ACTIVITY_KEY, ACTIVITY_SUMS, SPEED_SUMS, tr_activity, tr_speeds

Step = Literal["hour", "day", "month"]
Dimension = Literal["all", "provider", "model", "key", "user", "team", "ip", "tool"]
Slot = tuple[Step, str, int, str]
"""Step, dimension, when it began in seconds since the epoch, and the name: of a key its id, of a model
`provider/model`; "" is where a row names none."""

Amounts = tuple[int, ...]
"""What rows count for, in the order of `ACTIVITY_SUMS`."""

DIMENSIONS: Final[tuple[Dimension, ...]] = get_args(Dimension)
FINE_DIMENSIONS: Final[tuple[Dimension, ...]] = ("key", "user", "ip")
"""Those of which there may be as many names in an hour as requests: their hours are kept for some weeks only."""
TIMED_DIMENSIONS: Final[tuple[Dimension, ...]] = ("all", "provider", "model")
HOUR_S: Final = 3600
DAY_S: Final = 86_400
_FIRST_LATENCY: Final = 4
_FIRST_FIRST_TOKEN: Final = _FIRST_LATENCY + BUCKETS


class ActivitySums:
    """The sums of some rows.

    Attributes:
        sums: by slot, in the order of `ACTIVITY_SUMS`.
        labels: what keys are called, by id.
        speeds: by slot, in the order of `SPEED_SUMS`.
    """

    def __init__(self) -> None:
        self.sums: dict[Slot, Amounts] = {}
        self.labels: dict[str, str] = {}
        self.speeds: dict[Slot, list[int]] = {}
        self._by_whom: dict[tuple[Any, ...], Amounts] = {}
        self._timed: dict[tuple[int, str, str], list[int]] = {}

    def add(self, entry: LedgerEntry) -> None:
        """Add a row; `finish` when all are there."""
        hour = entry.started_us // 3_600_000_000
        who = (hour, entry.provider, entry.model, entry.key_id, entry.user, entry.team, entry.client_ip)
        _add(self._by_whom, (*who, entry.client_tool), amounts_of(entry))
        self.labels[entry.key_id] = entry.key_name
        if entry.count == 1 and entry.latency_us > 0 and not entry.answered_by and not has_failed(entry):
            counts = self._timed.setdefault((hour, entry.provider, entry.model), [])
            usage = entry.usage
            count_speed(counts, entry.latency_us, entry.first_token_us, usage.input_tokens, usage.output_tokens)

    def finish(self) -> "ActivitySums":
        """Work out the sums by slot of everything that was added."""
        hours: dict[Slot, Amounts] = {}
        for (hour, *names), amounts in self._by_whom.items():
            hour_s = hour * HOUR_S
            for dimension, name in zip(DIMENSIONS, _names(*names), strict=True):
                _add(hours, ("hour", dimension, hour_s, name), amounts)
        days = _widened(hours, "day")
        self.sums = hours | days | _widened(days, "month")
        hours_timed = self._hours_timed()
        self.speeds = hours_timed | _days_of_speeds(hours_timed)
        return self

    def without(self, is_gone: Callable[[Slot], bool]) -> "ActivitySums":
        """Leave out sums of some slots."""
        self.sums = {slot: amounts for slot, amounts in self.sums.items() if not is_gone(slot)}
        return self

    def _hours_timed(self) -> dict[Slot, list[int]]:
        hours: dict[Slot, list[int]] = {}
        for (hour, provider, model), counts in self._timed.items():
            for dimension, name in (("all", ""), ("provider", provider), ("model", model_name(provider, model))):
                _add_counts(hours, ("hour", dimension, hour * HOUR_S, name), counts)
        return hours


def amounts_of(entry: LedgerEntry) -> Amounts:
    """Return what a row counts for."""
    usage, count, cost = entry.usage, entry.count, entry.cost_nano_usd
    unpriced = count if cost is None and usage.input_tokens + usage.output_tokens > 0 else 0
    failed = count if has_failed(entry) else 0
    return (count, failed, *usage[:2], usage.cached_input_tokens, usage.reasoning_tokens, cost or 0, unpriced)


def model_name(provider: str, model: str) -> str:
    """Return what a model is called among those of all providers."""
    return f"{provider}/{model}" if provider or model else ""


def count_speed(counts: list[int], latency_us: int, first_us: int, input_tokens: int, output_tokens: int) -> None:
    """Count an answer in the order of `SPEED_SUMS`; `counts` may be empty as yet."""
    if not counts:
        counts += [0] * len(SPEED_SUMS)
    counts[_FIRST_LATENCY + bucket_of(latency_us)] += 1
    if first_us > 0:
        counts[_FIRST_FIRST_TOKEN + bucket_of(first_us)] += 1
        counts[0] += input_tokens
        counts[1] += max(first_us, MIN_PHASE_US)
    if output_tokens:
        counts[2] += output_tokens
        counts[3] += max(latency_us - first_us, MIN_PHASE_US)


def add_activity(connection: Connection, found: ActivitySums) -> None:
    """Add the sums to those that are kept."""
    labels = found.labels
    rows = [(*slot, *amounts, labels[slot[3]] if slot[1] == "key" else "") for slot, amounts in found.sums.items()]
    add_rows(connection, tr_activity, ACTIVITY_KEY, ACTIVITY_SUMS, rows, replaced=("label",))
    timed = [(*slot, *counts) for slot, counts in found.speeds.items()]
    add_rows(connection, tr_speeds, ACTIVITY_KEY, SPEED_SUMS, timed)


@lru_cache(maxsize=1000)
def month_of(day_s: int) -> int:
    """Return when the UTC month of a time began."""
    return int(datetime.fromtimestamp(day_s, UTC).replace(day=1, hour=0, minute=0, second=0).timestamp())


def _names(provider: str, model: str, key: str, user: str, team: str, ip: str, tool: str) -> tuple[str, ...]:
    """Return the names of a row in the order of the dimensions."""
    return ("", provider, model_name(provider, model), key, user, team, ip, tool)


def _widened(parts: Mapping[Slot, Amounts], step: Step) -> dict[Slot, Amounts]:
    """Return what hours or days are by day or month."""
    sums: dict[Slot, Amounts] = {}
    for (_, dimension, slot_s, name), amounts in parts.items():
        start_s = slot_s // DAY_S * DAY_S if step == "day" else month_of(slot_s)
        _add(sums, (step, dimension, start_s, name), amounts)
    return sums


def _days_of_speeds(hours: Mapping[Slot, list[int]]) -> dict[Slot, list[int]]:
    days: dict[Slot, list[int]] = {}
    for (_, dimension, hour_s, name), counts in hours.items():
        _add_counts(days, ("day", dimension, hour_s // DAY_S * DAY_S, name), counts)
    return days


def _add_counts(sums: dict[Slot, list[int]], slot: Slot, counts: list[int]) -> None:
    known = sums.get(slot)
    sums[slot] = counts if known is None else list(map(int.__add__, known, counts))


def _add(sums: dict[Any, Amounts], slot: Any, amounts: Amounts) -> None:
    known = sums.get(slot)
    if known is None:
        sums[slot] = amounts
        return
    requests, failed, read, written, cached, reasoning, cost, unpriced = known
    more_requests, more_failed, more_read, more_written, more_cached, more_reasoning, more_cost, more = amounts
    sums[slot] = (
        requests + more_requests,
        failed + more_failed,
        read + more_read,
        written + more_written,
        cached + more_cached,
        reasoning + more_reasoning,
        cost + more_cost,
        unpriced + more,
    )

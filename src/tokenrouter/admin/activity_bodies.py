"""The activity as JSON: a chart's figures as columns, one list per figure, with a value for each slot.

Columns are a fifth of what rows would be on the wire, and what charts take anyway.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Final

from pydantic import BaseModel, Field

from tokenrouter.admin.amounts import Sums, sums_of
from tokenrouter.domain.speeds import Speeds, quantile_us
from tokenrouter.store.activity_figures import NOTHING, Figures, Hour, Part, Series, added, tokens_of, usage_sums_of
from tokenrouter.store.activity_sums import DAY_S, HOUR_S, Amounts

_FIRST_WEEKDAY: Final = 3
"""1970-01-01 was a Thursday."""


class Speed(BaseModel):
    """How fast requests were answered; null where none says so. Percentiles are off by a few per cent."""

    latency_p50_ms: float | None
    latency_p95_ms: float | None
    first_token_p50_ms: float | None
    first_token_p95_ms: float | None
    prompt_tokens_per_s: float | None
    generated_tokens_per_s: float | None


class Total(Sums):
    """What a time used together, and how fast it was; `speed` is null where nobody knows (any more)."""

    speed: Speed | None


class ShownSlots(BaseModel):
    """Everything by slot: each list has a value for each slot, in their order; times are seconds since the epoch."""

    start_s: list[int]
    requests: list[int]
    failed: list[int]
    tokens: list[int]
    cost_nano_usd: list[int]
    speed: list[Speed] | None


class ShownSeries(BaseModel):
    """What one name used, together and by slot. Of a key, `name` is its id and `label` what it is called."""

    name: str
    label: str
    total: Sums
    requests: list[int]
    failed: list[int]
    tokens: list[int]
    cost_nano_usd: list[int]


class ShownPart(Sums):
    """A row of a table, named as a series is."""

    name: str
    label: str


class Tables(BaseModel):
    """The names that used the most tokens, fifty at most; null where nobody knows (any more)."""

    model: list[ShownPart] | None = None
    provider: list[ShownPart] | None = None
    key: list[ShownPart] | None = None
    ip: list[ShownPart] | None = None
    tool: list[ShownPart] | None = None
    user: list[ShownPart] | None = Field(None, description="Where the chart is split by it.")
    team: list[ShownPart] | None = Field(None, description="Where the chart is split by it.")


class Heat(BaseModel):
    """What was used at one hour of one weekday (0 is Monday), in the zone that was asked for."""

    weekday: int
    hour: int
    requests: int
    tokens: int
    cost_nano_usd: int


def total_of(figures: Figures) -> Total:
    """Return what the time used together."""
    speeds = None if figures.speeds is None else sum(figures.speeds.values(), Speeds())
    return _total(figures.total, speeds)


def before_of(figures: Figures) -> Total | None:
    """Return what the time before used; None where not even all of this time is known."""
    if figures.whole_since_s > figures.question.since_s:
        return None
    return _total(figures.before, figures.speeds_before)


def slots_of(figures: Figures) -> ShownSlots:
    """Return everything by slot."""
    slots, speeds = figures.question.slots, figures.speeds
    shown = None if speeds is None else [_speed(speeds.get(slot_s, Speeds())) for slot_s in slots]
    return ShownSlots(start_s=list(slots), speed=shown, **_columns(figures.slots, slots))


def series_of(series: Series, slots: Sequence[int]) -> ShownSeries:
    """Return one series."""
    part = series.part
    return ShownSeries(
        name=part.name, label=part.label, total=sums_of(usage_sums_of(part.amounts)), **_columns(series.slots, slots)
    )


def others_of(others: Mapping[int, Amounts], slots: Sequence[int]) -> ShownSeries | None:
    """Return what is in no series as one without a name; None where that is nothing."""
    if not others:
        return None
    return series_of(Series(Part("", "", added(others.values())), others), slots)


def tables_of(figures: Figures) -> Tables:
    """Return the tables."""
    return Tables(**{name: [_part(one) for one in parts] for name, parts in figures.tables.items()})


def heat_of(hours: Mapping[int, Hour] | None, zone: tzinfo) -> list[Heat] | None:
    """Return all hours of the week that anything was used in, Monday's first."""
    if hours is None:
        return None
    sums: dict[tuple[int, int], Hour] = {}
    offset_s = _offsets(zone)
    for start_s, (requests, tokens, cost) in hours.items():
        hour = (start_s + offset_s(start_s)) // HOUR_S
        cell = (hour // 24 + _FIRST_WEEKDAY) % 7, hour % 24
        known = sums.get(cell, (0, 0, 0))
        sums[cell] = (known[0] + requests, known[1] + tokens, known[2] + cost)
    return [
        Heat(weekday=weekday, hour=hour, requests=requests, tokens=tokens, cost_nano_usd=cost)
        for (weekday, hour), (requests, tokens, cost) in sorted(sums.items())
    ]


def _offsets(zone: tzinfo) -> Callable[[int], int]:
    """Return what says how far a zone is ahead of UTC at a time; of days in which that does not change it asks once."""

    def exactly(time_s: int) -> int:
        ahead = datetime.fromtimestamp(time_s, UTC).astimezone(zone).utcoffset()
        return 0 if ahead is None else int(ahead.total_seconds())

    @cache
    def of_day(day: int) -> int | None:
        first, last = exactly(day * DAY_S), exactly((day + 1) * DAY_S)
        return first if first == last else None

    def ahead_s(time_s: int) -> int:
        found = of_day(time_s // DAY_S)
        return exactly(time_s) if found is None else found

    return ahead_s


def _total(amounts: Amounts, speeds: Speeds | None) -> Total:
    return Total(speed=None if speeds is None else _speed(speeds), **sums_of(usage_sums_of(amounts)).model_dump())


def _part(part: Part) -> ShownPart:
    return ShownPart(name=part.name, label=part.label, **sums_of(usage_sums_of(part.amounts)).model_dump())


def _speed(speeds: Speeds) -> Speed:
    return Speed(
        latency_p50_ms=_ms(speeds.latency, 0.5),
        latency_p95_ms=_ms(speeds.latency, 0.95),
        first_token_p50_ms=_ms(speeds.first_token, 0.5),
        first_token_p95_ms=_ms(speeds.first_token, 0.95),
        prompt_tokens_per_s=_rounded(speeds.prompt_tokens_per_s),
        generated_tokens_per_s=_rounded(speeds.generated_tokens_per_s),
    )


def _ms(counts: Sequence[int], share: float) -> float | None:
    duration_us = quantile_us(counts, share)
    return None if duration_us is None else round(duration_us / 1000, 1)


def _rounded(per_s: float | None) -> float | None:
    return None if per_s is None else round(per_s, 1)


def _columns(sums: Mapping[int, Amounts], slots: Iterable[int]) -> dict[str, list[int]]:
    found = [sums.get(slot_s, NOTHING) for slot_s in slots]
    return {
        "requests": [one[0] for one in found],
        "failed": [one[1] for one in found],
        "tokens": [tokens_of(one) for one in found],
        "cost_nano_usd": [one[6] for one in found],
    }

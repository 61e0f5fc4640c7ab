"""Times of charts: how wide their slots are, and which sums make up a time with the fewest rows."""

from dataclasses import dataclass
from typing import Final

from tokenrouter.store.activity_sums import DAY_S, HOUR_S, Step, month_of

SLOTS_S: Final = (60, 300, 900, HOUR_S, 6 * HOUR_S, DAY_S)
"""All divide a day, so that slots begin with hours and with UTC days."""
MAX_USUAL_SLOTS: Final = 120
"""Of one chart: enough for its shape on a wide screen. Only days may be more, up to a year of them."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time of which the sums of one step are whole; `until_s` is exclusive."""

    step: Step
    since_s: int
    until_s: int


def usual_slot(length_s: int) -> int:
    """Return how many seconds a slot of a chart of `length_s` takes."""
    return next((slot_s for slot_s in SLOTS_S if length_s <= slot_s * MAX_USUAL_SLOTS), DAY_S)


def cover(since_s: int, until_s: int) -> list[Stretch]:
    """Return the months, days and hours that lie in a time and make it up; both ends are whole hours."""
    first_day, last_day = _up(since_s, DAY_S), until_s // DAY_S * DAY_S
    if first_day >= last_day:
        return _stretches(("hour", since_s, until_s))
    first_month, last_month = month_from(first_day), month_of(last_day)
    if first_month >= last_month:
        return _stretches(("hour", since_s, first_day), ("day", first_day, last_day), ("hour", last_day, until_s))
    return _stretches(
        ("hour", since_s, first_day),
        ("day", first_day, first_month),
        ("month", first_month, last_month),
        ("day", last_month, last_day),
        ("hour", last_day, until_s),
    )


def month_from(day_s: int) -> int:
    """Return when the first UTC month began or begins that lies after `day_s` as a whole."""
    begun_s = month_of(day_s)
    return begun_s if begun_s == day_s else month_of(begun_s + 32 * DAY_S)


def _stretches(*parts: tuple[Step, int, int]) -> list[Stretch]:
    return [Stretch(*part) for part in parts if part[1] < part[2]]


def _up(time_s: int, length_s: int) -> int:
    return -(-time_s // length_s) * length_s

"""What a vendor says that it billed, beside what the ledger says: per day and model, with the drift of each.

Ours are the daily sums (`torod ledger verify` says whether they are those of the rows). Both sides count UTC days; a
request belongs to the day in which it began here, and to that in which it ended there, so what runs over midnight moves
between two days and evens out in the total. Models are compared without the date of a snapshot, since a vendor
bills `gpt-4o` as `gpt-4o-2024-08-06`; what is called otherwise on both sides is joined by a mapping of the operator.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, TypeVar

from tokenrouter.domain.ledger import NanoUsd
from tokenrouter.domain.periods import Period, utc_days
from tokenrouter.jobs.ledger_export import usd_text
from tokenrouter.providers.reports import ReportInvalid, ReportLine, model_stem
from tokenrouter.store.engine import Store
from tokenrouter.store.rollups import ModelDay, model_days

MAX_GROUPS: Final = 100_000
"""Most days and models of one report together; more is not what a person compares."""
DEFAULT_TOLERANCE: Final = Decimal("0.5")
"""Per cent; vendors round each row, and a request may be on the other side of midnight."""
ROUNDING_NANO: Final = 5_000_000
"""Half a cent: what a report that is rounded to cents may be off by, however small the sum is."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one side says; None is what it does not say."""

    cost_nano_usd: NanoUsd | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    requests: int | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a vendor's figure is from ours.

    Attributes:
        absolute: theirs less ours; positive when they bill more than we counted.
        percent: of theirs, rounded to a thousandth; None when they have nothing and we have something.
    """

    absolute: int
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One day and model (`day` is "" in the total, `model` where a report is not split by model).

    Attributes:
        ours: None when only the vendor has it; likewise `theirs`.
        unpriced_requests: of ours: requests without a price, which explain a drift.
        beyond: whether a drift is larger than what is tolerated.
    """

    day: str
    model: str
    ours: Side | None
    theirs: Side | None
    cost: Drift | None
    input_tokens: Drift | None
    output_tokens: Drift | None
    unpriced_requests: int
    beyond: bool


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """All that there is on either side, in order of day and model, and the total of the period."""

    rows: tuple[Comparison, ...]
    total: Comparison

    @property
    def beyond(self) -> bool:
        """Whether any drift is larger than what is tolerated."""
        return any(row.beyond for row in self.rows)


def reconcile(
    store: Store,
    provider: str,
    report: Iterable[ReportLine],
    since: date,
    until: date,
    *,
    tolerance: Decimal = DEFAULT_TOLERANCE,
    names: Mapping[str, str] | None = None,
) -> Reconciliation:
    """Compare what `report` says of the days from `since` to `until`, both included, with the ledger.

    `tolerance` is per cent; `names` says which of our models is meant by one of theirs.

    Raises:
        ReportInvalid: the report has more days and models than can be compared, or tells tokens by model and money not.
    """
    lines = _Lines(since, until, names or {})
    for line in report:
        lines.add(line)
    lines.check()
    ours: dict[_Key, _Sum] = {}
    for used in model_days(store, provider, since.isoformat(), until.isoformat()):
        model = used.model if lines.is_split else ""
        _add(ours, (used.day, model_stem(model)), model, _of_ours(used))
    keys = sorted(ours.keys() | lines.sums.keys())
    rows = [_compared(day, ours.get((day, stem)), lines.sums.get((day, stem)), lines, tolerance) for day, stem in keys]
    total = _compared("", _total(ours.values()), _total(lines.sums.values()), lines, tolerance)
    return Reconciliation(tuple(row for row in rows if row is not None), total or _NOTHING)


def days_of(period: Period | None, report: Iterable[ReportLine]) -> tuple[date, date]:
    """Return the first and last day to compare: of the period, or else of the report.

    Raises:
        ValueError: the period is not one of whole UTC days, or there is neither.
    """
    if period is not None:
        return utc_days(period)
    days = [line.day for line in report]
    if not days:
        raise ValueError("the report names no day; say which days it is about")
    return min(days), max(days)


def shown(found: Reconciliation) -> dict[str, Any]:
    """Return it as JSON has it: money as dollars in text and as nano-dollars, per cent as text."""
    return {
        "beyond": found.beyond,
        "rows": [_shown_row(row) for row in found.rows],
        "total": _shown_row(found.total),
    }


def _shown_row(row: Comparison) -> dict[str, Any]:
    return {
        "day": row.day,
        "model": row.model,
        "beyond": row.beyond,
        "ours": _shown_side(row.ours),
        "theirs": _shown_side(row.theirs),
        "drift": {
            "cost_usd": None if row.cost is None else usd_text(row.cost.absolute),
            "cost_nano_usd": None if row.cost is None else row.cost.absolute,
            "cost_percent": _shown_percent(row.cost),
            "input_tokens": None if row.input_tokens is None else row.input_tokens.absolute,
            "input_tokens_percent": _shown_percent(row.input_tokens),
            "output_tokens": None if row.output_tokens is None else row.output_tokens.absolute,
            "output_tokens_percent": _shown_percent(row.output_tokens),
        },
        "unpriced_requests": row.unpriced_requests,
    }


def _shown_side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    cost_usd = None if side.cost_nano_usd is None else usd_text(side.cost_nano_usd)
    return {**asdict(side), "cost_usd": cost_usd}


def _shown_percent(drift: Drift | None) -> str | None:
    return None if drift is None or drift.percent is None else str(drift.percent)


_NOTHING: Final = Comparison("", "", None, None, None, None, None, 0, beyond=False)
_Key = tuple[str, str]
_Number = TypeVar("_Number", int, Decimal)


@dataclass(slots=True)
class _Sum:
    """One side of a comparison while it is summed up."""

    model: str = ""
    cost_usd: Decimal | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    requests: int | None = None
    unpriced: int = 0

    def add(self, other: "ReportLine | _Sum") -> None:
        """Add what a line, or another sum, says."""
        self.cost_usd = _plus(self.cost_usd, other.cost_usd)
        self.input_tokens = _plus(self.input_tokens, other.input_tokens)
        self.output_tokens = _plus(self.output_tokens, other.output_tokens)
        self.requests = _plus(self.requests, other.requests)
        self.unpriced += other.unpriced if isinstance(other, _Sum) else 0

    def side(self, says: "_Lines") -> Side:
        """Return it as it is shown: what the report says somewhere is 0 where it says nothing."""
        cost_nano = int((self.cost_usd or Decimal(0)).scaleb(9).to_integral_value(ROUND_HALF_UP))
        return Side(
            cost_nano if says.money else None,
            self.input_tokens or 0 if says.tokens else None,
            self.output_tokens or 0 if says.tokens else None,
            self.requests,
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing was used, so that the other side need not know of it."""
        return not (self.cost_usd or self.input_tokens or self.output_tokens)


class _Lines:
    """The vendor's side, and what it speaks of at all."""

    def __init__(self, since: date, until: date, names: Mapping[str, str]) -> None:
        self._since, self._until = since, until
        self._names = {model_stem(theirs): ours for theirs, ours in names.items()}
        self.sums: dict[_Key, _Sum] = {}
        self.money = self.tokens = self.is_split = self._has_money_unsplit = False

    def add(self, line: ReportLine) -> None:
        """Add one line; those of other days are left out."""
        if not self._since <= line.day <= self._until:
            return
        self.money |= line.cost_usd is not None
        self.tokens |= line.input_tokens is not None
        self.is_split |= line.model != ""
        self._has_money_unsplit |= line.cost_usd is not None and not line.model
        model = self._names.get(model_stem(line.model), line.model)
        _add(self.sums, (line.day.isoformat(), model_stem(model)), model, line)
        if len(self.sums) > MAX_GROUPS:
            raise ReportInvalid(f"the report has more than {MAX_GROUPS} days and models; compare a shorter period")

    def check(self) -> None:
        """Refuse what cannot be laid side by side; a report without a line says that nothing was billed."""
        if not self.sums:
            self.money = self.tokens = True
        if self._has_money_unsplit and self.is_split:
            raise ReportInvalid(
                "the report tells some money without saying for which model; export costs split by model or line item"
            )


def _add(sums: dict[_Key, _Sum], key: _Key, model: str, other: ReportLine | _Sum) -> None:
    known = sums.get(key)
    if known is None:
        known = sums[key] = _Sum(model)
    known.add(other)


def _of_ours(used: ModelDay) -> _Sum:
    cost_usd = Decimal(used.cost_nano_usd).scaleb(-9)
    return _Sum("", cost_usd, used.input_tokens, used.output_tokens, used.requests, used.unpriced_requests)


def _total(sums: Iterable[_Sum]) -> _Sum | None:
    total = _Sum()
    for one in sums:
        total.add(one)
    return None if total == _Sum() else total


def _plus(one: _Number | None, other: _Number | None) -> _Number | None:
    if one is None or other is None:
        return one if other is None else other
    return one + other


def _compared(day: str, ours: _Sum | None, theirs: _Sum | None, says: _Lines, tolerance: Decimal) -> Comparison | None:
    """Return both sides and their drift; None where neither used anything."""
    if (ours is None or ours.is_empty) and (theirs is None or theirs.is_empty):
        return None
    our_side = None if ours is None else ours.side(says)
    their_side = None if theirs is None else theirs.side(says)
    one, other = our_side or Side(), their_side or Side()
    cost = _drift(one.cost_nano_usd, other.cost_nano_usd)
    inputs = _drift(one.input_tokens, other.input_tokens)
    outputs = _drift(one.output_tokens, other.output_tokens)
    return Comparison(
        day,
        (ours or theirs or _Sum()).model,
        our_side,
        their_side,
        cost,
        inputs,
        outputs,
        0 if ours is None else ours.unpriced,
        _is_beyond(cost, tolerance, ROUNDING_NANO) or any(_is_beyond(one, tolerance, 0) for one in (inputs, outputs)),
    )


def _drift(ours: int | None, theirs: int | None) -> Drift | None:
    if ours is None and theirs is None:
        return None
    absolute = (theirs or 0) - (ours or 0)
    if not theirs:
        return Drift(absolute, None if absolute else Decimal(0))
    return Drift(absolute, (Decimal(100 * absolute) / abs(theirs)).quantize(Decimal("0.001")))


def _is_beyond(drift: Drift | None, tolerance: Decimal, rounding: int) -> bool:
    if drift is None or abs(drift.absolute) <= rounding:
        return False
    return drift.percent is None or abs(drift.percent) > tolerance

"""The bundled price data, read by a program of its own: `python -m tokenrouter.jobs.price_data`. It knows windows, too.

The package genai-prices has the prices of some fifty vendors, checked by hand against their pages, with dates from
which they hold. Loading it takes 30 MB and a third of a second, for a table that is looked at twice an hour: so it is
loaded in a process that ends, and the control process reads its answer. Standard input has a `Question` as JSON,
standard output gets the `Answer`.

Whatever the data price by something that is not counted here (hours of sound, characters, pages) is left without a
price, because a part of a price would be a wrong one. Searches and other tools of vendors are not in the prices.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
from genai_prices import __version__, types
from genai_prices.data import providers

from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.domain.price_table import ANY
from tokenrouter.domain.prices import MAX_RATE, Price, Rates, Sheet, rates_of
from tokenrouter.jobs.price_question import Answer, Question, Wanted

SOURCE: Final = "genai-prices"
RELEASED: Final = "2026-11-09"
"""The newest day from which a price of the pinned version holds already: it is not older than that."""
_NANO: Final = 10**9
_KINDS: Final = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cached_input",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "output_reasoning_mtok": "reasoning",
    "input_audio_mtok": "audio_input",
    "output_audio_mtok": "audio_output",
    "input_image_mtok": "image_input",
    "output_image_mtok": "image_output",
}
_PER_REQUEST: Final = "requests_kcount"
_UNCOUNTED: Final = frozenset(
    ("audio_hours", "input_audio_hours", "input_mchars", "input_document_kpages", "input_annotated_document_kpages")
)
"""Units of the main thing that a model is paid for, which usage does not tell."""
_TIERS: Final = {"service_tier": None, "processing": None, "speed": None}
"""What a variant of a price may hang on that a provider's answer tells; its value is the name of our tier."""


def answer(question: Question) -> Answer:
    """Return what the data say."""
    now = datetime.fromtimestamp(question.now_s, UTC)
    told = Answer()
    for each in question.wanted:
        for name, model in _models(each):
            price = price_of(model, now)
            if price is not None:
                told.prices[f"{each.provider}/{name}"] = price
            if model.context_window and ANY not in name:
                told.facts[f"{each.provider}/{name}"] = ModelFacts(model.context_window)
    return told


def _models(wanted: Wanted) -> Iterator[tuple[str, types.ModelInfo]]:
    vendor = next((each for each in providers if each.id == wanted.vendor), None)
    if vendor is None:
        return
    known = {name: model for model in reversed(vendor.models) for name in _names_of(model)}
    named = {name: vendor.find_model(name, all_providers=providers) for name in wanted.models}
    for name, model in ({**known, **named} if wanted.with_known else named).items():
        if model is not None:
            yield name, model


def _names_of(model: types.ModelInfo) -> Iterator[str]:
    """Yield the names of a model as far as they can be told; `*` stands for what may stand there."""
    if model.is_match(model.id):
        yield model.id
    yield from _names(model.match)


def _names(match: Any) -> Iterator[str]:
    if isinstance(match, types.ClauseEquals):
        yield match.equals
    elif isinstance(match, types.ClauseStartsWith):
        yield f"{match.starts_with}*"
    elif isinstance(match, types.ClauseEndsWith):
        yield f"*{match.ends_with}"
    elif isinstance(match, types.ClauseContains):
        yield f"*{match.contains}*"
    elif isinstance(match, types.ClauseOr):
        for clause in match.or_:
            yield from _names(clause)


def price_of(model: types.ModelInfo, now: datetime) -> Price | None:
    """Return what `model` costs at `now`, or None where the data price it by what is not counted here."""
    usual = model.get_prices(now).__dict__
    sheet = _sheet(usual)
    if sheet is None:
        return None
    asked = usual.get(_PER_REQUEST) or Decimal(0)
    return Price(
        sheet.rates,
        sheet.above,
        tuple(_tiers(model, now)),
        int(asked * _NANO / 1000) if isinstance(asked, Decimal) else 0,
        source=SOURCE,
        dated=_dated(model, now),
    )


def _tiers(model: types.ModelInfo, now: datetime) -> Iterator[tuple[str, Sheet]]:
    for variant in model.price_variants or ():
        (key, tier), *more = variant.when.items()
        if more or key not in _TIERS or tier in ("default", "standard"):
            continue
        sheet = _sheet(model.get_prices(now, variant.when).__dict__)
        if sheet is not None and (variant.constraint is None or variant.constraint.active(now)):
            yield tier, sheet


def _sheet(prices: Mapping[str, Any]) -> Sheet | None:
    """Return rates for every length that has its own."""
    told = {key: value for key, value in prices.items() if value is not None}
    if not _UNCOUNTED.isdisjoint(told) or told.keys().isdisjoint((*_KINDS, _PER_REQUEST)):
        return None
    starts = {tier.start for value in told.values() if isinstance(value, types.TieredPrices) for tier in value.tiers}
    rates = [(start, _rates(told, start)) for start in (0, *sorted(starts))]
    return Sheet(rates[0][1], tuple(rates[1:]))


def _rates(told: Mapping[str, Any], start: int) -> Rates:
    """Return the rates of requests with more input than `start`; 0 are those below every tier."""
    found = {kind: _nano(_at(told[key], start)) for key, kind in _KINDS.items() if key in told}
    return rates_of(**{"input": 0, "output": 0, **found})


def _at(value: Decimal | types.TieredPrices, start: int) -> Decimal:
    if isinstance(value, Decimal):
        return value
    reached = [tier.price for tier in value.tiers if 0 < tier.start <= start]
    return reached[-1] if reached else value.base


def _nano(dollars: Decimal) -> int:
    return min(MAX_RATE, int((dollars * _NANO).to_integral_value(rounding="ROUND_CEILING")))


def _dated(model: types.ModelInfo, now: datetime) -> str:
    """Return the version of the data, and the day (and the hour of it) from which the price holds.

    Two prices of one model never have the same: a ledger row tells by it which one it was.
    """
    conditions = [each.constraint for each in model.prices if each.constraint] if isinstance(model.prices, list) else []
    variants = [each.constraint for each in model.price_variants or () if each.constraint]
    since = max((str(each.start_date) for each in _started((*conditions, *variants), now)), default=RELEASED)
    hours = [each for each in conditions if isinstance(each, types.TimeOfDateConstraint) and each.active(now)]
    return " ".join((__version__, since, *(f"{each.start_time:%H:%M}Z" for each in hours[-1:])))


def _started(conditions: Iterable[Any], now: datetime) -> Iterator[types.StartDateConstraint]:
    for each in conditions:
        if isinstance(each, types.StartDateConstraint) and each.active(now):
            yield each


def main() -> None:
    """Answer one question."""
    question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
    sys.stdout.buffer.write(msgspec.json.encode(answer(question)))


if __name__ == "__main__":
    main()

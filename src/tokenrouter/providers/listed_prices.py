"""Reading what a vendor's list of models says of prices.

An entry has them in `pricing`, under two sets of names: `prompt` and `completion` as OpenRouter has them
(openrouter.ai/docs, "Models", and its SDKs' page "Pricing"; SambaNova's "Model list", all read 2026-11), or `input` and
`output`. A router of other vendors may list them for each of these (`providers`, as Hugging Face does); which of them
will serve is not known before, so the dearest counts. Numbers are decimal texts, mostly, and exact.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from tokenrouter.domain.prices import MAX_RATE, MILLION, Price, Rates, rates_of
from tokenrouter.providers.listing import MAX_MODELS, listed_entries, listed_id
from tokenrouter.providers.presets import PricedIn

_NANO: Final = 10**9
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "input": ("prompt", "input"),
    "output": ("completion", "output"),
    "cached_input": ("input_cache_read",),
    "cache_write": ("input_cache_write",),
    "cache_write_1h": ("input_cache_write_1h",),
    "reasoning": ("internal_reasoning",),
    "audio_input": ("audio",),
    "audio_output": ("audio_output",),
    "image_input": ("image_token",),
}
"""Our kinds of tokens by what vendors call them. `image` is for a picture, not for a token, and so not here."""
_PER_REQUEST: Final = "request"
_decode: Final = msgspec.json.Decoder(float_hook=Decimal).decode


def read_listed_prices(body: bytes, priced_in: PricedIn, *, dated: str, id_prefix: str = "") -> dict[str, Price]:
    """Return prices by model id from a model list; what is not understood, or is no price, is left out.

    `dated` is the day on which the list was read.
    """
    units = MILLION if priced_in == "token" else 1
    prices: dict[str, Price] = {}
    for entry in (listed_entries(_decoded(body)) or [])[:MAX_MODELS]:
        price = _price(entry, units, dated) if isinstance(entry, dict) else None
        if price is not None and (name := listed_id(entry)):
            prices[name.removeprefix(id_prefix)] = price
    return prices


def _decoded(body: bytes) -> Any:
    try:
        return _decode(body)
    except (ValueError, RecursionError):
        return None


def _price(entry: Mapping[str, Any], units: int, dated: str) -> Price | None:
    offers = [_rates(each, units) for each in _tables(entry)]
    rates = [each for each in offers if each is not None]
    if not rates or len(rates) < len(offers):
        return None
    asked = [_amount(table.get(_PER_REQUEST), 1) for table in _tables(entry)]
    return Price(_dearest(rates), request_nano=max(each or 0 for each in asked), source="provider", dated=dated)


def _tables(entry: Any) -> list[Mapping[str, Any]]:
    """Return the tables of prices in an entry: its own, else those of the vendors behind it that have any."""
    if isinstance(own := entry.get("pricing"), dict):
        return [own]
    behind = entry.get("providers")
    if not isinstance(behind, list):
        return []
    return [each["pricing"] for each in behind if isinstance(each, dict) and isinstance(each.get("pricing"), dict)]


def _rates(table: Mapping[str, Any], units: int) -> Rates | None:
    """Return rates, or None where input and output are not both there, or a number is no price (-1: it depends)."""
    found: dict[str, int] = {}
    for kind, names in _NAMES.items():
        told = next((table[name] for name in names if table.get(name) is not None), None)
        if told is None:
            continue
        rate = _amount(told, units)
        if rate is None:
            return None
        found[kind] = rate
    if not {"input", "output"} <= found.keys():
        return None
    if not found.get("reasoning"):
        found.pop("reasoning", None)  # "0" says that it has no price of its own: it is billed as output
    return rates_of(**found)


def _amount(told: Any, units: int) -> int | None:
    """Return dollars for one of `units` in nano-dollars for all of them, rounded up; None for what is no amount."""
    if told is None or isinstance(told, bool | dict | list):
        return None
    try:
        nano = Decimal(str(told)) * units * _NANO
    except InvalidOperation:
        return None
    if not nano.is_finite() or not 0 <= nano <= MAX_RATE:
        return None
    return int(nano.to_integral_value(rounding="ROUND_CEILING"))


def _dearest(offers: Iterable[Rates]) -> Rates:
    return Rates(*(max(kind) for kind in zip(*offers, strict=True)))

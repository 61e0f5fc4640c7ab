"""`/admin/api/pricing`: what models cost, and from whom that is known, as TokenRouter-Go answers it.

What the operator declares counts before what was gathered, so it stands in the entries too, under its own source.
"""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.prices import Price
from tokenrouter.jobs.pricing_cache import entry_of

router: Final = APIRouter(prefix="/admin/api/pricing", include_in_schema=False)

_FIGURES: Final = ("input", "output", "cached_input", "cache_write", "cache_write_1h", "reasoning")
_NANO: Final = 10**9


class ShownState(BaseModel):
    """How asking for one provider's prices went; "" is never."""

    last_attempt: str
    last_update: str
    last_error: str


class ShownPrice(BaseModel):
    """What a model costs, in US dollars per million tokens; `*` in its name stands for anything.

    `dated` says since when that is known, or where it is declared.
    """

    provider: str
    model: str
    currency: str
    input_per_1m: float
    output_per_1m: float
    cached_input_per_1m: float
    cache_write_per_1m: float
    cache_write_1h_per_1m: float
    reasoning_per_1m: float
    discovered_at: str
    source: str
    dated: str


class ShownPrices(BaseModel):
    """All prices that count, by `provider/model`."""

    updated_at: str
    provider_states: dict[str, ShownState]
    entries: dict[str, ShownPrice]


class Refreshed(BaseModel):
    """A refresh that went well, and what came of it."""

    status: str
    cache: ShownPrices


@router.get("")
def read_pricing(
    state: State,
    _grant: Annotated[Grant, needs("prices.read")],
    provider: Annotated[str, Query(max_length=256)] = "",
) -> ShownPrices:
    """Return the prices, of one provider or of all."""
    return shown_prices(state, provider)


@router.post("/refresh", responses={502: {}})
async def refresh(state: State, _grant: Annotated[Grant, needs("prices.refresh")]) -> Refreshed:
    """Ask every source now; where one could not tell its prices, the old ones stay and the answer is 502."""
    failed = await state.pricing.refresh(state.catalog().providers, again=True)
    if failed:
        states = state.pricing.cache.provider_states
        reasons = "; ".join(f"{name}: {states[name].last_error}" for name in failed)
        raise Problem(502, "prices_not_refreshed", f"The prices of some providers could not be refreshed. {reasons}")
    return Refreshed(status="ok", cache=shown_prices(state, ""))


def shown_prices(state: ControlState, provider: str) -> ShownPrices:
    """Return the prices that count, with how they were come by."""
    cache = state.pricing.cache
    entries = {
        name: _shown(name, cache.entries[name].discovered_at if name in cache.entries else "", price)
        for name, price in state.catalog().prices.items()
        if not provider or name.startswith(f"{provider}/")
    }
    states = {
        name: ShownState(**msgspec.structs.asdict(each))
        for name, each in cache.provider_states.items()
        if provider in ("", name)
    }
    return ShownPrices(updated_at=cache.updated_at, provider_states=states, entries=entries)


def _shown(name: str, discovered_at: str, price: Price) -> ShownPrice:
    entry = msgspec.structs.asdict(entry_of(name, price, discovered_at))
    del entry["exact"]
    figures = {f"{kind}_per_1m": getattr(price.rates, kind) / _NANO for kind in _FIGURES}
    return ShownPrice(**{**entry, **figures}, dated=price.dated)

"""`/api/v1/prices`: what models cost, who says so, and prices of the operator's own set and removed.

Of several prices of a model that of the file counts, then that of the database, then what was gathered.
"""

from bisect import bisect_right
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Query, Response
from pydantic import BaseModel, Field, StrictFloat, StrictInt, StrictStr
from starlette.responses import StreamingResponse

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.etags import IfMatch, tagged
from tokenrouter.admin.limit_bodies import Note, Strict
from tokenrouter.admin.paging import CSV, Page, Place, WantedPage, checked, listing
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text, Words
from tokenrouter.config.load import provider_names
from tokenrouter.config.prices import KINDS, read_price_values
from tokenrouter.config.problems import InvalidValues
from tokenrouter.domain.limit_text import Mistake, suggestion
from tokenrouter.domain.price_table import PriceTable
from tokenrouter.domain.prices import Price, Rates, Sheet
from tokenrouter.jobs.joined_settings import DATABASE
from tokenrouter.store.prices import StoredPrice, find_price, prices_in, put_price, remove_price

router: Final = APIRouter(prefix="/api/v1/prices", tags=["prices"])

Reading = Annotated[Grant, needs("prices.read")]
Writing = Annotated[Grant, needs("prices.write")]
Money = StrictInt | StrictFloat | StrictStr
"""US dollars, best as text."""
Origin = Literal["file", "database", "gathered"]
_NANO: Final = 10**9


class RatesBody(Strict):
    """US dollars per million tokens, best as text; docs/prices.md explains the kinds."""

    input_per_1m: Money | None = None
    output_per_1m: Money | None = None
    cached_input_per_1m: Money | None = None
    cache_write_per_1m: Money | None = None
    cache_write_1h_per_1m: Money | None = None
    reasoning_per_1m: Money | None = None
    audio_input_per_1m: Money | None = None
    audio_output_per_1m: Money | None = None
    image_input_per_1m: Money | None = None
    image_output_per_1m: Money | None = None


class LongBody(RatesBody):
    """Rates of requests with more input than `above_tokens`."""

    above_tokens: StrictInt


class ServiceTierBody(RatesBody):
    """What a service tier costs: rates of its own, or a share of the usual ones."""

    percent: StrictInt | None = None
    tiers: Annotated[list[LongBody], Field(max_length=20)] | None = None


class PriceBody(RatesBody):
    """A price, in the words of `[[prices]]`."""

    per_request: Money | None = None
    tiers: Annotated[list[LongBody], Field(max_length=20)] | None = None
    service_tiers: Annotated[dict[Text, ServiceTierBody], Field(max_length=20)] | None = None
    comment: Note = ""


class ShownPrice(BaseModel):
    """What a model costs, in US dollars as text; `*` in its name stands for anything.

    `source` and `dated` say who knows that, and since when or where it is declared. A price of the database that is
    `shadowed` counts for nobody, since the file prices the model.
    """

    provider: str
    model: str
    origin: Origin
    source: str
    dated: str
    shadowed: bool
    input_per_1m: str
    output_per_1m: str
    cached_input_per_1m: str
    cache_write_per_1m: str
    cache_write_1h_per_1m: str
    reasoning_per_1m: str
    audio_input_per_1m: str
    audio_output_per_1m: str
    image_input_per_1m: str
    image_output_per_1m: str
    per_request: str
    tiers: list[dict[str, Any]]
    service_tiers: dict[str, Any]
    comment: str
    changed_at: str | None


@router.get("", responses=CSV, response_model=Page[ShownPrice])
def list_all(
    state: State,
    _grant: Reading,
    wanted: WantedPage,
    q: Annotated[Words, Query(description="Part of `provider/model`.")] = "",
    origin: Annotated[Origin | None, Query()] = None,
) -> Page[ShownPrice] | StreamingResponse:
    """Return the prices by name, a page at a time."""
    found = {name: one for name, one in _all(state).items() if q.lower() in name.lower()}
    if origin is not None:
        found = {name: one for name, one in found.items() if one.origin == origin}
    names = sorted(found)

    def read(after: Place, rows: int) -> list[tuple[Place, ShownPrice]]:
        (last,) = checked(after, str) if after else ("",)
        return [((name,), found[name]) for name in names[bisect_right(names, last) :][:rows]]

    return listing("prices", wanted, ShownPrice, read, lambda shown: shown)


@router.get("/{provider}/{model:path}")
def read_one(state: State, _grant: Reading, provider: str, model: str, response: Response) -> ShownPrice:
    """Return the price of one name."""
    found = _all(state).get(f"{provider}/{model}")
    if found is None:
        raise Problem(404, "price_not_found", "There is no price of that name; GET /api/v1/prices lists them.")
    return tagged(response, found)


@router.put("/{provider}/{model:path}")
def put(
    state: State,
    grant: Writing,
    provider: str,
    model: str,
    wanted: Annotated[PriceBody, Body()],
    if_match: IfMatch,
    response: Response,
) -> ShownPrice:
    """Set a price; requests that begin from now on are charged by it."""
    name = f"{provider}/{model}"
    _refuse_declared(state, name)
    _require_provider(state, provider)
    said = wanted.model_dump(exclude_none=True)
    comment = said.pop("comment")
    values = {"provider": provider, "model": model, **said}
    read_price_values(values, DATABASE)
    price = StoredPrice(name, values, comment, grant.caller.id, state.clock())
    if put_price(grant.store, price, lambda before: _require_same(state, before, if_match)):
        response.status_code = 201
    state.keys_changed()
    return tagged(response, _shown_stored(state, price))


@router.delete("/{provider}/{model:path}")
def remove(state: State, grant: Writing, provider: str, model: str, if_match: IfMatch) -> ShownPrice:
    """Remove a price of the database, and return it; what was gathered counts again."""
    name = f"{provider}/{model}"
    if find_price(state.store, name) is None:
        _refuse_declared(state, name)
    gone = remove_price(grant.store, name, lambda before: _require_same(state, before, if_match))
    state.keys_changed()
    return _shown_stored(state, gone)


def _all(state: ControlState) -> dict[str, ShownPrice]:
    with state.store.read() as connection:
        stored = prices_in(connection)
    counting = {
        name: _shown(name, price, _origin(state, name, price)) for name, price in state.catalog().prices.items()
    }
    return counting | {one.name: _shown_stored(state, one) for one in stored if one.name not in state.declared.prices}


def _origin(state: ControlState, name: str, price: Price) -> Origin:
    if name in state.declared.prices:
        return "file"
    return "database" if price.dated == DATABASE else "gathered"


def _shown_stored(state: ControlState, stored: StoredPrice) -> ShownPrice:
    shown = _shown(stored.name, read_price_values(stored.values, DATABASE), "database")
    return shown.model_copy(
        update={
            "shadowed": PriceTable(state.declared.prices).of(stored.name) is not None,
            "comment": stored.comment,
            "changed_at": time_text(stored.changed_at_s),
        }
    )


def _shown(name: str, price: Price, origin: Origin) -> ShownPrice:
    provider, _, model = name.partition("/")
    return ShownPrice(
        provider=provider,
        model=model,
        origin=origin,
        source=price.source,
        dated=price.dated,
        shadowed=False,
        **_rates(price.rates),
        per_request=dollars(price.request_nano),
        tiers=_long(price.above),
        service_tiers={tier: _sheet(sheet) for tier, sheet in price.tiers},
        comment="",
        changed_at=None,
    )


def _sheet(sheet: Sheet) -> dict[str, Any]:
    return {**_rates(sheet.rates), "tiers": _long(sheet.above)}


def _long(above: tuple[tuple[int, Rates], ...]) -> list[dict[str, Any]]:
    return [{"above_tokens": tokens, **_rates(rates)} for tokens, rates in above]


def _rates(rates: Rates) -> dict[str, str]:
    return {f"{kind}_per_1m": dollars(getattr(rates, kind)) for kind in KINDS}


def dollars(nano: int) -> str:
    """Return nano-dollars as US dollars, with the digits that count."""
    whole, part = divmod(nano, _NANO)
    return f"{whole}.{part:09d}".rstrip("0").rstrip(".")


def _require_same(state: ControlState, before: StoredPrice | None, if_match: IfMatch) -> None:
    if before is not None:
        if_match.require(_shown_stored(state, before))
    elif if_match.tags is not None:
        raise Problem(412, "changed_meanwhile", "There is no such price any more; read them again, and decide.")


def _require_provider(state: ControlState, provider: str) -> None:
    known = provider_names(state.settings)
    if provider not in known:
        hint = suggestion(provider, known) if known else "make one first"
        raise InvalidValues([Mistake("provider", f"there is no provider {provider!r}; {hint}")])


def _refuse_declared(state: ControlState, name: str) -> None:
    declared = state.declared.prices.get(name)
    if declared is not None:
        raise Problem(
            409, "declared_elsewhere", f"The price of {name!r} is declared at {declared.dated}; change it there."
        )

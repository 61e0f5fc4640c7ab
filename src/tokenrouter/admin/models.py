"""`/api/v1/models`: every model of every provider, with its price, how it is, what leads to it and how fast it was.

All rows are made for each answer, because they are few thousand at most and in memory anyway; what was used is read
from the newest rows of the ledger (`store/model_use.py`). So a page can be sorted by anything.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import gt, lt
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from tokenrouter.admin.amounts import time_text, usd
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.model_bodies import Counted, Lead, ModelList, ModelProvider, ModelStatus, OneModel, ShownModel
from tokenrouter.admin.model_rows import ModelRow, ModelTable, model_table
from tokenrouter.admin.paging import CSV, Place, Reader, WantedPage, checked, listing
from tokenrouter.admin.prices import dollars
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.provider_views import display_name
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Words

router: Final = APIRouter(prefix="/api/v1/models", tags=["models"])

Reading = Annotated[Grant, needs("models.read")]
Sort = Literal[
    "name",
    "provider",
    "status",
    "input_price",
    "output_price",
    "context",
    "requests",
    "tokens",
    "speed",
    "first_token",
    "failures",
]
MAX_RANGE_S: Final = 366 * 86_400
Range = Annotated[
    int, Query(alias="range", ge=60, le=MAX_RANGE_S, description="Over how many seconds, until now, use is told.")
]
USUAL_RANGE_S: Final = 8 * 3600
MAX_NAMES: Final = 200
"""As many as a run of the benchmark has."""
Names = Annotated[
    Sequence[Words], Query(max_length=MAX_NAMES, description="Only this one, as `provider/model`; repeatable.")
]

_NUMBERS: Final[Mapping[Sort, Callable[[ModelRow], float | None]]] = {
    "input_price": lambda row: None if row.price is None else row.price.rates.input,
    "output_price": lambda row: None if row.price is None else row.price.rates.output,
    "context": lambda row: row.facts.context_tokens or None,
    "requests": lambda row: row.use.requests,
    "tokens": lambda row: row.use.input_tokens + row.use.output_tokens,
    "speed": lambda row: row.use.generated_tokens_per_s,
    "first_token": lambda row: row.use.first_token_us,
    "failures": lambda row: row.failure_rate,
}
_TEXTS: Final[Mapping[Sort, Callable[[ModelRow], str]]] = {
    "name": lambda row: row.model,
    "provider": lambda row: row.provider.name,
    "status": lambda row: row.status,
}


@router.get("", response_model=ModelList, responses=CSV)
def list_all(
    state: State,
    grant: Reading,
    page: WantedPage,
    q: Annotated[Words, Query(description="Part of `provider/model`, of the vendor's name or of an alias.")] = "",
    name: Names = (),
    provider: Words = "",
    status: ModelStatus | None = None,
    free: Annotated[bool | None, Query(description="Whether it is said to cost nothing.")] = None,
    priced: Annotated[bool | None, Query(description="Whether anybody said what it costs.")] = None,
    used: Annotated[bool | None, Query(description="Whether it was asked for in the range.")] = None,
    in_profile: Annotated[bool | None, Query(description="Whether an alias leads to it now.")] = None,
    sort: Sort = "provider",
    order: Literal["asc", "desc"] = "asc",
    range_s: Range = USUAL_RANGE_S,
) -> ModelList | StreamingResponse:
    """Return the models that the caller may use; what is not known of one is sorted last, whichever way."""
    table = model_table(state, grant, int((state.clock() - range_s) * 1e6))
    flags = {"is_free": free, "is_priced": priced, "is_used": used, "is_led_to": in_profile}
    rows = [
        row
        for row in table.rows
        if (not name or row.name in name)
        and provider in ("", row.provider.name)
        and status in (None, row.status)
        and all(wanted in (None, _is(row, flag)) for flag, wanted in flags.items())
        and q.casefold() in _words(row)
    ]
    found = listing("models", page, ShownModel, _reader(rows, sort, order), partial(_shown, state))
    if isinstance(found, StreamingResponse):
        return found
    return ModelList(
        data=found.data,
        next=found.next,
        total=len(rows),
        providers=_providers(table),
        priced=sum(row.price is not None for row in table.rows),
        free=sum(row.is_free for row in table.rows),
        active_model_profile=state.catalog().active_profile,
        prices_updated_at=state.pricing.cache.updated_at or None,
        counted=_counted(table, range_s),
    )


@router.get("/{provider}/{model:path}")
def read_one(state: State, grant: Reading, provider: str, model: str, range_s: Range = USUAL_RANGE_S) -> OneModel:
    """Return one model."""
    table = model_table(state, grant, int((state.clock() - range_s) * 1e6))
    for row in table.rows:
        if (row.provider.name, row.model) == (provider, model):
            return OneModel(model=_shown(state, row), counted=_counted(table, range_s))
    raise Problem(404, "model_not_found", "There is no such model that you may use; GET /api/v1/models lists them.")


def _reader(rows: list[ModelRow], sort: Sort, order: Literal["asc", "desc"]) -> Reader[ModelRow]:
    """Return the rows in order. Numbers are turned round to be sorted downwards, so that what is unknown stays last."""
    number, is_down = _NUMBERS.get(sort), order == "desc"
    is_text = number is None
    kinds = (str, str) if is_text else (int, float, str)

    def place(row: ModelRow) -> Place:
        if number is None:
            return _TEXTS[sort](row), row.name
        value = number(row)
        return int(value is None), float(value or 0) * (-1 if is_down else 1), row.name

    placed = sorted(((place(row), row) for row in rows), key=lambda one: one[0], reverse=is_text and is_down)
    follows = lt if is_text and is_down else gt

    def read(after: Place, limit: int) -> list[tuple[Place, ModelRow]]:
        last = checked(after, *kinds) if after else ()
        return [one for one in placed if not last or follows(one[0], last)][:limit]

    return read


def _is(row: ModelRow, flag: str) -> bool:
    match flag:
        case "is_free":
            return row.is_free
        case "is_priced":
            return row.price is not None
        case "is_used":
            return row.use.requests > 0
        case _:
            return bool(row.aliases)


def _words(row: ModelRow) -> str:
    return "\n".join((row.name, display_name(row.provider), *(alias.name for alias in row.aliases))).casefold()


def _providers(table: ModelTable) -> list[ModelProvider]:
    found: dict[str, ModelProvider] = {}
    for row in table.rows:
        provider = row.provider
        known = found.get(provider.name)
        if known is None:
            status = row.health.status if provider.enabled else "disabled"
            name = display_name(provider)
            known = ModelProvider(name=provider.name, display_name=name, kind=provider.kind, status=status, models=0)
            found[provider.name] = known
        known.models += 1
    return list(found.values())


def _counted(table: ModelTable, range_s: int) -> Counted:
    return Counted(range_s=range_s, since=time_text(table.uses.since_us / 1e6), whole=table.uses.is_whole)


def _shown(state: ControlState, row: ModelRow) -> ShownModel:
    provider, health, use, facts, price = row.provider, row.health, row.use, row.facts, row.price
    entry = state.pricing.cache.entries.get(row.name)
    return ShownModel(
        id=row.name,
        provider=provider.name,
        provider_display_name=display_name(provider),
        kind=provider.kind,
        origin=provider.origin,
        model=row.model,
        listed=row.listed,
        offered=row.offered,
        status=row.status,
        problem=health.problem,
        checked_at=time_text(health.checked_at_s or None),
        response_ms=health.response_ms or None,
        cooling_until=None if row.cooling is None else time_text(row.cooling.until_s),
        cooling_reason="" if row.cooling is None else row.cooling.reason,
        priced=price is not None,
        free=row.is_free,
        input_per_1m=None if price is None else dollars(price.rates.input),
        cached_input_per_1m=None if price is None else dollars(price.rates.cached_input),
        output_per_1m=None if price is None else dollars(price.rates.output),
        price_source="" if price is None else price.source,
        price_dated="" if price is None else price.dated,
        priced_at=entry.discovered_at if entry is not None and price is not None and price == entry.exact else None,
        context_tokens=facts.context_tokens or None,
        max_output_tokens=facts.max_output_tokens or None,
        operations=list(row.operations),
        aliases=[Lead(name=alias.name, scope=alias.scope) for alias in row.aliases],
        in_profile=bool(row.aliases),
        requests=use.requests,
        failed=use.failed,
        failure_rate=None if row.failure_rate is None else round(row.failure_rate, 4),
        input_tokens=use.input_tokens,
        cached_input_tokens=use.cached_input_tokens,
        output_tokens=use.output_tokens,
        cost_usd=usd(use.cost_nano_usd),
        cost_nano_usd=use.cost_nano_usd,
        prompt_tokens_per_s=_rounded(use.prompt_tokens_per_s),
        generated_tokens_per_s=_rounded(use.generated_tokens_per_s),
        first_token_ms=None if use.first_token_us is None else use.first_token_us / 1000,
    )


def _rounded(speed: float | None) -> float | None:
    return None if speed is None else round(speed, 1)

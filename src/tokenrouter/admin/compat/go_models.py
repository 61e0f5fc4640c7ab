"""`/admin/api/models`, `/admin/api/models/catalog`: every model with its price and how fast it was, one row each.

TokenRouter-Go asked every provider anew for each look at it, one after the other; here the rows are what is known, and
asking is what `models/refresh` and `refresh=1` are for.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Final

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.compat.go_aliases import resolved, shown_target
from tokenrouter.admin.compat.go_provider_rows import price_of, shown_providers
from tokenrouter.admin.compat.go_usage import added, period_of
from tokenrouter.admin.provider_views import display_name
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.aliases import GLOBAL, Alias
from tokenrouter.domain.catalog import Provider
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.store.period_usage import MAX_PERIOD_S, PeriodSums, period_buckets

router: Final = APIRouter(prefix="/admin/api/models", include_in_schema=False)

Reading = Annotated[Grant, needs("providers.read")]
Writing = Annotated[Grant, needs("providers.refresh")]

_Performance = dict[tuple[str, str], PeriodSums]


@router.get("")
@router.get("/catalog")
async def read_catalog(state: State, _grant: Reading, refresh: str = "", period_seconds: str = "") -> dict[str, Any]:
    """Return the models; `refresh=1` asks for their prices before."""
    if refresh == "1":
        await state.pricing.refresh(state.catalog().providers, again=True)
    rows = await run_in_threadpool(_rows, state, period_of(period_seconds))
    return {
        "data": rows,
        "fetched_at": time_text(state.clock()),
        "pricing_cache_updated_at": state.pricing.cache.updated_at,
    }


@router.post("/refresh")
async def refresh_models(state: State, _grant: Writing) -> dict[str, Any]:
    """Ask every provider for its models now, and return all that can be asked for."""
    await state.ask_providers()
    providers = [provider for provider in state.catalog().providers if provider.enabled]
    return {
        "data": [
            {"id": f"{provider.name}/{model}", "object": "model", "provider": provider.name}
            for provider in providers
            for model in provider.models
        ]
    }


def _rows(state: ControlState, period_s: int) -> list[dict[str, Any]]:
    state.drain_now()
    performance = _performance(state, period_s)
    statuses = {row.name: row for row in state.provider_statuses()}
    rows = [
        row
        for provider in shown_providers(state, statuses)
        for row in _rows_of(state, provider, statuses.get(provider.name), performance)
    ]
    aliases = (alias for alias in state.catalog().aliases if alias.scope == GLOBAL)
    return [*rows, *(_alias_row(state, alias) for alias in aliases)]


def _rows_of(
    state: ControlState, provider: Provider, status: ProviderStatus | None, performance: _Performance
) -> Iterator[dict[str, Any]]:
    """Yield a row for each model; a provider without any has one with an empty name, so that it is seen."""
    head = {
        "provider": provider.name,
        "provider_type": provider.kind,
        "provider_display_name": display_name(provider),
        **_shown_status(provider, status),
    }
    for model in provider.models or ("",):
        price = price_of(state, provider.name, model) if model else {}
        speed = performance.get((provider.name, model))
        yield {**head, "model": model, **price, **({} if speed is None else _shown_speed(speed))}


def _shown_status(provider: Provider, status: ProviderStatus | None) -> dict[str, Any]:
    if status is None:
        return {"status": "unknown" if provider.enabled else "disabled"}
    checked = time_text(status.checked_at_s or None)
    return {
        "status": status.status,
        **({"response_ms": round(status.response_ms)} if status.response_ms else {}),
        **({"checked_at": checked} if checked else {}),
    }


def _shown_speed(sums: PeriodSums) -> dict[str, Any]:
    requests = max(1, sums.requests)
    return {
        "perf_requests": sums.requests,
        "prompt_tokens": sums.input_tokens,
        "completion_tokens": sums.output_tokens,
        "failure_rate": round(100 * sums.failed / requests, 3),
        "avg_prompt_tps": round(sums.prompt_tps / requests, 3),
        "avg_generation_tps": round(sums.generation_tps / requests, 3),
    }


def _performance(state: ControlState, period_s: int) -> _Performance:
    """Return what was used of each model as its provider calls it."""
    buckets = period_buckets(state.store, int((state.clock() - period_s) * 1e6), MAX_PERIOD_S)
    by_model: dict[tuple[str, str], list[PeriodSums]] = {}
    for bucket in buckets:
        by_model.setdefault((bucket.provider, bucket.model), []).append(bucket.sums)
    return {name: added(sums) for name, sums in by_model.items()}


def _alias_row(state: ControlState, alias: Alias) -> dict[str, Any]:
    target, status = resolved(state, alias)
    place = {"provider": "", "model": ""} if target is None else shown_target(target)
    return {
        "kind": "alias",
        "provider": place["provider"],
        "provider_display_name": place["provider"],
        "model": alias.name,
        "status": {"ok": "online"}.get(status, status),
        "active_profile": state.catalog().active_profile,
        "resolved_provider": place["provider"],
        "resolved_model": place["model"],
        "alias_profiles": list(dict.fromkeys(one.profile for one in alias.targets)),
        **(price_of(state, place["provider"], place["model"]) if place["provider"] else {}),
    }

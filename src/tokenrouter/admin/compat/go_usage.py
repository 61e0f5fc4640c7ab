"""Usage of the last hours as TokenRouter-Go sums it up, from the ledger (its `StatsSummary`, read 2026-11)."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.quotas import shown_quota
from tokenrouter.admin.state import ControlState
from tokenrouter.store.period_usage import MAX_PERIOD_S, PeriodBucket, PeriodSums, period_buckets

USUAL_PERIOD_S: Final = 3600
_OTHER: Final = "other"
_CLIENT_TYPES: Final = (
    ("asyncopenai", "openai-python"),
    ("openai", "openai"),
    ("curl", "curl"),
    ("python", "python"),
    ("aiohttp", "python"),
    ("node", "nodejs"),
    ("undici", "nodejs"),
    ("go-http-client", "go-http-client"),
    ("mozilla", "browser"),
)
"""Beginnings of a client's name, in its `User-Agent` before the slash, and what TokenRouter-Go calls such a client."""


def period_of(text: str) -> int:
    """Return how many seconds `period_seconds` asks for; what cannot be used counts as an hour, as there."""
    seconds = int(text) if text.isdecimal() and len(text) < 12 else 0
    return min(seconds, MAX_PERIOD_S) or USUAL_PERIOD_S


def slot_of(period_s: int) -> int:
    """Return how long a slot is: minutes for an hour, five of them for a week, hours for what is longer."""
    if period_s <= USUAL_PERIOD_S:
        return 60
    return 300 if period_s <= 7 * 86_400 else 3600


def totals(sums: PeriodSums) -> dict[str, Any]:
    """Return the fields that every summary has."""
    requests = max(1, sums.requests)
    return {
        "requests": sums.requests,
        "failed_requests": sums.failed,
        "prompt_tokens": sums.input_tokens,
        "prompt_cached_tokens": sums.cached_input_tokens,
        "completion_tokens": sums.output_tokens,
        "total_tokens": sums.input_tokens + sums.output_tokens,
        "avg_latency_ms": round(sums.latency_us / requests / 1000, 3),
        "avg_prompt_tps": round(sums.prompt_tps / requests, 3),
        "avg_generation_tps": round(sums.generation_tps / requests, 3),
    }


def summary(state: ControlState, period_s: int) -> dict[str, Any]:
    """Return all that was used in the last `period_s` seconds; drains first, so it blocks."""
    state.drain_now()
    slot_s = slot_of(period_s)
    buckets = period_buckets(state.store, int((state.clock() - period_s) * 1e6), slot_s)
    return {
        "period_seconds": period_s,
        **totals(added(bucket.sums for bucket in buckets)),
        **availability(state),
        "provider_quotas": provider_quotas(state),
        "requests_per_provider": _requests(buckets, lambda one: one.provider),
        "requests_per_model": _requests(buckets, lambda one: one.requested_model),
        "requests_per_client_type": _requests(buckets, lambda one: client_type(one.client_tool)),
        "requests_per_user_agent": _requests(buckets, lambda one: one.client_tool),
        "requests_per_client_ip": _requests(buckets, lambda one: one.client_ip),
        "requests_per_api_key_name": _requests(buckets, lambda one: one.key_name),
        "buckets": [_shown(bucket, slot_s) for bucket in buckets],
    }


def added(sums: Iterable[PeriodSums]) -> PeriodSums:
    """Return several sums as one."""
    parts = [(*_counts(one), one.prompt_tps, one.generation_tps) for one in sums]
    return PeriodSums(*map(sum, zip(*parts, strict=True))) if parts else PeriodSums()


def availability(state: ControlState) -> dict[str, int]:
    """Return how many providers there are, and how many of them are known to answer."""
    statuses = [row.status for row in state.provider_statuses() if row.status != "disabled"]
    return {"providers_available": len(statuses), "providers_online": statuses.count("online")}


def provider_quotas(state: ControlState) -> dict[str, Any]:
    """Return what is left to each provider, by name; what nobody knows is left out."""
    shortest_s = state.settings.alerts.shortest_window_s
    shown = [shown_quota(one, shortest_s).model_dump(exclude_none=True) for one in state.quotas()]
    return {one["provider"]: {**one, "provider_type": one.pop("kind")} for one in shown}


def client_type(tool: str) -> str:
    """Return TokenRouter-Go's word for a client: its name is all of a `User-Agent` that is kept."""
    if not tool:
        return "unknown"
    return next((word for begin, word in _CLIENT_TYPES if tool.lower().startswith(begin)), _OTHER)


def _counts(one: PeriodSums) -> tuple[int, ...]:
    return (one.requests, one.failed, one.input_tokens, one.cached_input_tokens, one.output_tokens, one.latency_us)


def _requests(buckets: Iterable[PeriodBucket], name_of: Callable[[PeriodBucket], str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for bucket in buckets:
        name = name_of(bucket)
        if name and bucket.sums.requests:
            found[name] = found.get(name, 0) + bucket.sums.requests
    return found


def _shown(bucket: PeriodBucket, slot_s: int) -> dict[str, Any]:
    sums = bucket.sums
    return {
        "start_at": time_text(bucket.start_s),
        "slot_seconds": slot_s,
        "provider": bucket.provider,
        "model": bucket.requested_model,
        "client_type": client_type(bucket.client_tool),
        "user_agent": bucket.client_tool,
        "client_ip": bucket.client_ip,
        "api_key_name": bucket.key_name,
        "requests": sums.requests,
        "failed_requests": sums.failed,
        "prompt_tokens": sums.input_tokens,
        "prompt_cached_tokens": sums.cached_input_tokens,
        "completion_tokens": sums.output_tokens,
        "total_tokens": sums.input_tokens + sums.output_tokens,
        "latency_ms_sum": sums.latency_us // 1000,
        "prompt_tps_sum": round(sums.prompt_tps, 3),
        "generation_tps_sum": round(sums.generation_tps, 3),
    }

"""`/api/v1/providers/quota`: what is left to each provider, with TokenRouter-Go's words for it."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.quotas import QuotaMetric, QuotaSnapshot
from tokenrouter.jobs.quota_alerts import needs_attention

router: Final = APIRouter(prefix="/api/v1/providers/quota", tags=["overview"])


class ShownMetric(BaseModel):
    """One thing that a provider counts. Values are in `unit`; what nobody knows is null.

    `window` is `1m`, `1h`, `1d`, `7d`, `30d`, another length, `total` for what never begins anew, or "".
    """

    key: str
    metered_feature: str
    window: str
    window_seconds: int
    left_percent: float | None
    used_value: float | None
    remaining_value: float | None
    limit_value: float | None
    unit: str
    reset_at: str | None


class ShownQuota(BaseModel):
    """One provider. `left_percent` and `reset_at` are those of the metric of which the least is left.

    `reader` is `headers` where its answers' headers are all there is. With the status `error`, `error` says why the
    last question failed, and everything else is what was told before. `needs_attention`: a question fails, or
    something is used up that does not come back within the hour.
    """

    provider: str
    kind: str
    display_name: str
    reader: str
    plan_type: str
    left_percent: float | None
    reset_at: str | None
    checked_at: str | None
    status: Literal["ok", "error", "loading", "disabled"]
    error: str
    needs_attention: bool
    metrics: list[ShownMetric]


class QuotaList(BaseModel):
    """The providers in routing order."""

    data: list[ShownQuota]


@router.get("")
def read_quotas(state: State, _grant: Annotated[Grant, needs("quota.read")]) -> QuotaList:
    """Return what is left to each provider, as far as anybody has told; nobody is asked for it now."""
    return shown_quotas(state)


@router.post("/refresh")
async def refresh_quotas(state: State, _grant: Annotated[Grant, needs("quota.read")]) -> QuotaList:
    """Ask every provider that can be asked, and return what is left."""
    await state.ask_quotas()
    return shown_quotas(state)


def shown_quotas(state: ControlState) -> QuotaList:
    """Return the snapshots as they are shown."""
    shortest_s = state.settings.alerts.shortest_window_s
    return QuotaList(data=[shown_quota(snapshot, shortest_s) for snapshot in state.quotas()])


def shown_quota(snapshot: QuotaSnapshot, shortest_window_s: float) -> ShownQuota:
    """Return one snapshot as it is shown."""
    scarcest = snapshot.scarcest
    return ShownQuota(
        provider=snapshot.provider,
        kind=snapshot.kind,
        display_name=snapshot.display_name,
        reader=snapshot.reader,
        plan_type=snapshot.plan_type,
        left_percent=None if scarcest is None else scarcest.left_percent,
        reset_at=None if scarcest is None else time_text(scarcest.reset_at_s),
        checked_at=time_text(snapshot.checked_at_s or None),
        status=snapshot.status,
        error=snapshot.error,
        needs_attention=needs_attention(snapshot, shortest_window_s),
        metrics=[_shown_metric(metric) for metric in snapshot.metrics],
    )


def _shown_metric(metric: QuotaMetric) -> ShownMetric:
    return ShownMetric(
        key=metric.key,
        metered_feature=metric.metered_feature,
        window=metric.window,
        window_seconds=metric.window_seconds,
        left_percent=metric.left_percent,
        used_value=metric.used_value,
        remaining_value=metric.remaining_value,
        limit_value=metric.limit_value,
        unit=metric.unit,
        reset_at=time_text(metric.reset_at_s),
    )

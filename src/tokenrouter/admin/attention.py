"""`/api/v1/attention`: how many things somebody should look at, which is what the marks in the rail of the UI say.

It is one small question that every page may ask: numbers alone, from what is in memory; nobody is asked for it now.
"""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.quotas import QuotaSnapshot
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.jobs.quota_alerts import lasting, needs_attention

router: Final = APIRouter(prefix="/api/v1", tags=["overview"])

NEAR_THE_END_PERCENT: Final = 10
"""From where on a ring of the page Quota is red, as TokenRouter-Go's are."""
_PROBLEMS: Final = ("offline", "auth problem", "blocked")


class Attention(BaseModel):
    """How many providers cannot be asked, and of how many the quota is away, used up, or nearly so."""

    providers: int
    quota: int


@router.get("/attention")
def read_attention(state: State, _grant: Annotated[Grant, needs("providers.read")]) -> Attention:
    """Return how much there is that somebody should look at."""
    return Attention(
        providers=sum(map(_is_problem, state.provider_statuses())),
        quota=sum(_is_near_its_end(state, snapshot) for snapshot in state.quotas()),
    )


def _is_problem(row: ProviderStatus) -> bool:
    return row.status in _PROBLEMS or (row.status == "unknown" and row.problem != "")


def _is_near_its_end(state: ControlState, snapshot: QuotaSnapshot) -> bool:
    shortest_s = state.settings.alerts.shortest_window_s
    left = (metric.left_percent for metric in lasting(snapshot, shortest_s))
    is_low = any(share is not None and share <= NEAR_THE_END_PERCENT for share in left)
    return is_low or needs_attention(snapshot, shortest_s)

"""`/api/v1/providers/status`: how providers are, how fresh that is, and what is left alone for now."""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.provider_bodies import ShownCooling
from tokenrouter.admin.provider_conditions import shown_cooling
from tokenrouter.admin.state import State
from tokenrouter.domain.catalog import Origin
from tokenrouter.domain.conditions import Status
from tokenrouter.jobs.provider_status import ProviderStatus

router: Final = APIRouter(prefix="/api/v1", tags=["overview"])


class ShownStatus(BaseModel):
    """A provider. `models` are what can be asked for, `model_count` is how many its own list had at `listed_at`.

    `quota_left` is the smallest share that is left of any of its quotas, from 0 to 1; null where nobody knows.
    """

    name: str
    kind: str
    origin: Origin
    status: Status
    problem: str
    response_ms: float | None
    models: list[str]
    model_count: int
    listed_at: str | None
    checked_at: str | None
    next_check_at: str | None
    quota_left: float | None
    cooling: list[ShownCooling]


class StatusList(BaseModel):
    """The providers in routing order; `online` of them are."""

    online: int
    data: list[ShownStatus]


@router.get("/providers/status")
def read_provider_status(state: State, _grant: Annotated[Grant, needs("providers.read")]) -> StatusList:
    """Return how every provider is."""
    models = {provider.name: list(provider.models) for provider in state.catalog().providers}
    rows = state.provider_statuses()
    return StatusList(
        online=sum(row.status == "online" for row in rows),
        data=[_shown(row, models.get(row.name, [])) for row in rows],
    )


def _shown(row: ProviderStatus, models: list[str]) -> ShownStatus:
    return ShownStatus(
        name=row.name,
        kind=row.kind,
        origin=row.origin,
        status=row.status,
        problem=row.problem,
        response_ms=row.response_ms or None,
        models=models,
        model_count=row.model_count,
        listed_at=time_text(row.listed_at_s or None),
        checked_at=time_text(row.checked_at_s or None),
        next_check_at=time_text(row.next_check_s or None),
        quota_left=row.left,
        cooling=shown_cooling(row.cooling),
    )

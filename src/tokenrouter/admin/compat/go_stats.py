"""`/admin/api/stats` and `/v1/status`: TokenRouter-Go's summaries of what was used.

Nothing is kept between two questions, so a summary is never old. `/v1/status` is for every key: it tells an
administrator of everything, and any other key of its own requests, since what others do is not its business.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header
from starlette.concurrency import run_in_threadpool

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.compat.go_usage import availability, period_of, provider_quotas, summary, totals
from tokenrouter.admin.compat.go_version import running_version
from tokenrouter.admin.key_usage import authenticated_key
from tokenrouter.admin.state import State
from tokenrouter.store.period_usage import period_sums

router: Final = APIRouter(include_in_schema=False)

Reading = Annotated[Grant, needs("stats.read")]


@router.get("/admin/api/stats")
async def read_stats(state: State, _grant: Reading, period_seconds: str = "", force: str = "") -> dict[str, Any]:
    """Return what was used; `force=1` asks the providers for their quotas before."""
    if force == "1":
        await state.ask_quotas()
    return await run_in_threadpool(summary, state, period_of(period_seconds))


@router.get("/internal/status")
def read_status(
    state: State, x_tokenrouter_key_id: Annotated[str, Header()], period_seconds: str = ""
) -> dict[str, Any]:
    """Return what `/v1/status` answers to the key that the data process has authenticated."""
    key = authenticated_key(state, x_tokenrouter_key_id)
    is_admin = key.role == "admin"
    period_s = period_of(period_seconds)
    since_us = int((state.clock() - period_s) * 1e6)
    state.drain_now()
    sums = period_sums(state.store, since_us, key_id="" if is_admin else key.id)
    return {
        "checked_at": time_text(state.clock()),
        "period_seconds": period_s,
        **running_version(),
        **availability(state),
        "provider_quotas": provider_quotas(state) if is_admin else {},
        **totals(sums),
    }

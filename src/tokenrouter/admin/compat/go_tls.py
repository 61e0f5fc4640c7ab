"""`/admin/api/settings/tls/test-certificate` and `/renew`: certificates of an authority, in TokenRouter-Go's fields."""

from collections.abc import Coroutine
from typing import Annotated, Any, Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import State
from tokenrouter.admin.tls import asked_acme, brought
from tokenrouter.jobs.acme import Acme
from tokenrouter.jobs.acme_books import NewCertificate

router: Final = APIRouter(prefix="/admin/api/settings/tls", include_in_schema=False)

Writing = Annotated[Grant, needs("settings.write")]


@router.post("/test-certificate")
async def try_out(state: State, _grant: Writing) -> JSONResponse:
    """Order a certificate as a trial."""
    acme = _acme(state)
    return await _answer(state, acme, acme.orders.try_out(), "the certificate authority would give a certificate")


@router.post("/renew")
async def renew(state: State, grant: Writing) -> JSONResponse:
    """Order a certificate now, and serve it."""
    acme = _acme(state)
    return await _answer(state, acme, acme.renew(grant.store), "the certificate was renewed")


def _acme(state: State) -> Acme:
    try:
        return asked_acme(state)
    except Problem as problem:
        raise Problem(400, "invalid_request", str(problem)) from None


async def _answer(state: State, acme: Acme, order: Coroutine[Any, Any, NewCertificate], words: str) -> JSONResponse:
    """Return what came of `order`; one that takes longer than anybody waits goes on, and is told so."""
    told = await brought(acme, order)
    folder = state.settings.tls.cache_dir or str(state.settings.paths.state_dir / "tls")
    if told is None:
        waiting = "the certificate authority has not decided yet; the order goes on"
        return JSONResponse({"status": "ok", "message": waiting, "not_after": "", "cache_dir": folder}, 202)
    until = time_text(told.facts.not_after_s)
    return JSONResponse({"status": "ok", "message": words, "not_after": until, "cache_dir": folder})

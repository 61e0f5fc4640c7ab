"""`/admin/api/providers`: providers listed, and asked how they are, as TokenRouter-Go does it."""

import asyncio
from contextlib import suppress
from typing import Annotated, Any, Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.compat.go_provider_rows import provider_row, shown_providers
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import State
from tokenrouter.providers.presets import Preset, presets

router: Final = APIRouter(prefix="/admin/api/providers", include_in_schema=False)

Reading = Annotated[Grant, needs("providers.read")]
Writing = Annotated[Grant, needs("providers.refresh")]

ASKED_S: Final = 45.0
"""How long a refresh waits for the slowest provider; as there."""
_NO_OAUTH: Final = "signing in to a provider is not possible here; give its API key instead"


@router.get("")
def list_providers(state: State, _grant: Reading) -> list[dict[str, Any]]:
    """Return the providers in routing order, without their secrets."""
    statuses = {row.name: row for row in state.provider_statuses()}
    return [provider_row(state, one, statuses.get(one.name)) for one in shown_providers(state, statuses)]


@router.get("/popular")
def list_popular(_grant: Reading) -> list[dict[str, Any]]:
    """Return the vendors that are known by name."""
    return [_preset_row(row) for row in presets().values()]


@router.post("/refresh")
async def refresh(state: State, _grant: Writing) -> dict[str, Any]:
    """Ask every provider how it is, and for its prices; what does not answer in time is as it was known."""
    providers = state.catalog().providers
    with suppress(TimeoutError):
        async with asyncio.timeout(ASKED_S):
            await state.ask_providers()
            await state.pricing.refresh(providers)
    fresh = [one for one in state.pricing.cache.provider_states.values() if not one.last_error]
    return {"status": "ok", "providers": len(providers), "pricing_fresh_touched": len(fresh)}


@router.post("/device-code")
@router.post("/device-token")
@router.post("/oauth/start")
def sign_in(_grant: Writing) -> None:
    """Say that only keys are taken."""
    raise Problem(400, "invalid_request", _NO_OAUTH)


@router.get("/oauth/result")
def sign_in_result(_grant: Reading) -> JSONResponse:
    """Say that nobody is signing in."""
    return JSONResponse({"ok": False, "error": "oauth session not found"}, 404)


def _preset_row(row: Preset) -> dict[str, Any]:
    base = {"base_url_template": row.base_url} if row.is_template else {"base_url": row.base_url}
    return {
        "name": row.name,
        "display_name": row.display_name,
        **base,
        "docs_url": row.docs_url,
        "source_url": row.source,
        "last_verified_at": row.checked,
        "api_key_env": row.api_key_env[0] if row.api_key_env else "",
        "public_free_no_auth": row.public_free,
        "free_tier_with_key": row.free_tier,
        "trial_credits": row.trial_credits,
    }

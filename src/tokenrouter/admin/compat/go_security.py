"""`/admin/api/settings/security`: TokenRouter-Go's switches, the two that opened everything to localhost among them.

Those two are off for ever: whoever could reach the port from this machine, through a proxy as well, was an
administrator. A change of the others counts over the configuration until it is undone (`/api/v1/settings`).
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool

from tokenrouter.admin import settings
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.compat.go_body import Lenient, sent
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State

router: Final = APIRouter(prefix="/admin/api/settings/security", include_in_schema=False)

Reading = Annotated[Grant, needs("settings.read")]
Writing = Annotated[Grant, needs("settings.write")]

_NEVER: Final = ("allow_localhost_no_auth", "allow_host_docker_internal_no_auth")
_SWITCHES: Final = (
    "auto_enable_public_free_models",
    "auto_detect_local_servers",
    "auto_remove_expired_tokens",
    "auto_remove_empty_quota_tokens",
)


class Security(Lenient):
    """All switches; what is left out is off, as there, but `auto_detect_local_servers`, which stays."""

    allow_localhost_no_auth: bool = False
    allow_host_docker_internal_no_auth: bool = False
    auto_enable_public_free_models: bool = False
    auto_detect_local_servers: bool | None = None
    auto_remove_expired_tokens: bool = False
    auto_remove_empty_quota_tokens: bool = False


@router.get("")
def read_security(state: State, _grant: Reading) -> dict[str, bool]:
    """Return the switches."""
    return _switches(state)


@router.put("")
async def change_security(
    state: State, grant: Writing, wanted: Annotated[Security, Depends(sent(Security))]
) -> dict[str, Any]:
    """Change what is wanted otherwise than it is; keys are cleaned up, as whenever these were saved."""
    for name in _NEVER:
        if getattr(wanted, name):
            raise Problem(400, "invalid_field", f"{name}: nobody is let in without a key; make one instead")
    now = _switches(state)
    asked = {name: getattr(wanted, name) for name in _SWITCHES}
    changes = {name: value for name, value in asked.items() if value is not None and value != now[name]}
    if changes:
        await run_in_threadpool(settings.change, state, grant, changes)
    await state.clean_keys()
    return {"status": "ok", **_switches(state), **changes}


def _switches(state: ControlState) -> dict[str, bool]:
    return {**dict.fromkeys(_NEVER, False), **{name: bool(getattr(state.settings, name)) for name in _SWITCHES}}

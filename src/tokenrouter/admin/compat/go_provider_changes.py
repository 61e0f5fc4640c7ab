"""`/admin/api/providers`, where it writes: providers made, changed, removed and tried out, in TokenRouter-Go's fields.

Each of them is a change of `/api/v1/providers`, whose checks, secrets and audit hold here as well.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from tokenrouter.admin import providers
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.compat.go_body import Lenient, sent
from tokenrouter.admin.etags import Precondition
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.provider_bodies import ChangedProvider, NewProvider
from tokenrouter.admin.state import State
from tokenrouter.admin.texts import Text

router: Final = APIRouter(prefix="/admin/api/providers", include_in_schema=False)

Writing = Annotated[Grant, needs("providers.write")]
_ANYHOW: Final = Precondition()
"""TokenRouter-Go's clients do not say what they have seen."""


class GoProvider(Lenient):
    """A provider; `auth_token` is a key that was come by in another way, and counts where there is no `api_key`.

    What is left out or blank stays as it was.
    """

    name: Text = ""
    provider_type: Text = ""
    base_url: Text = ""
    api_key: Text = ""
    auth_token: Text = ""
    enabled: bool | None = None
    timeout_seconds: float = 0

    def said(self) -> dict[str, Any]:
        """Return what is said, in the words of `[[providers]]`, but for the name."""
        words = {
            "provider_type": self.provider_type,
            "base_url": self.base_url,
            "api_key": self.api_key or self.auth_token,
            "timeout_seconds": self.timeout_seconds if self.timeout_seconds > 0 else None,
        }
        said = {name: value for name, value in words.items() if value}
        return said if self.enabled is None else {**said, "enabled": self.enabled}


@router.post("", status_code=201)
def create(state: State, grant: Writing, wanted: Annotated[GoProvider, Depends(sent(GoProvider))]) -> dict[str, str]:
    """Make a provider."""
    if not wanted.name:
        raise Problem(400, "invalid_field", "provider name required")
    providers.create(state, grant, NewProvider(name=wanted.name, **wanted.said()), Response())
    return {"status": "ok"}


@router.post("/test")
async def try_out(
    state: State, grant: Writing, wanted: Annotated[GoProvider, Depends(sent(GoProvider))]
) -> JSONResponse:
    """Ask a provider that is not kept for its models."""
    trial = await providers.try_unsaved(state, grant, NewProvider(name=wanted.name or "test", **wanted.said()))
    if trial.ok:
        return JSONResponse({"ok": True, "model_count": trial.model_count})
    return JSONResponse({"ok": False, "error": trial.error}, 400)


@router.put("/{name}")
def change(
    state: State, grant: Writing, name: str, wanted: Annotated[GoProvider, Depends(sent(GoProvider))]
) -> dict[str, str]:
    """Change a provider; its name stays."""
    providers.change(state, grant, name, ChangedProvider(**wanted.said()), _ANYHOW, Response())
    return {"status": "ok"}


@router.delete("/{name}")
def remove(state: State, grant: Writing, name: str) -> dict[str, str]:
    """Remove a provider."""
    providers.remove(state, grant, name, _ANYHOW)
    return {"status": "ok"}

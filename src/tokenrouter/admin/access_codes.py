"""`/api/v1/access-codes`: codes with which people make an account by themselves, where `[sign_up]` lets them."""

from typing import Annotated, Final

from fastapi import APIRouter, Body
from pydantic import AwareDatetime, BaseModel, ConfigDict

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.state import State
from tokenrouter.admin.texts import Text
from tokenrouter.store.access_codes import (
    AccessCode,
    NewAccessCode,
    create_access_code,
    enable_access_code,
    list_access_codes,
    remove_access_code,
)

router: Final = APIRouter(prefix="/api/v1/access-codes", tags=["signing in"])


class ShownAccessCode(BaseModel):
    """What may be shown of a code for ever."""

    id: str
    hint: str
    team: str
    quota_tokens: int | None
    allowed_models: list[str]
    max_uses: int | None
    uses: int
    expires_at: str | None
    enabled: bool
    comment: str
    created_at: str | None


class MadeAccessCode(ShownAccessCode):
    """A code just made; `code` is shown this once."""

    code: str


class AccessCodeList(BaseModel):
    """Every code."""

    data: list[ShownAccessCode]


class AccessCodeBody(BaseModel):
    """A code to be made. `code` is one of your own choice; without it a random one is made.

    Whoever signs up with it gets into `team` and may use `quota_tokens` in all, with `allowed_models` (empty: all).
    """

    model_config = ConfigDict(extra="forbid")

    code: Text | None = None
    team: Text = ""
    quota_tokens: int | None = None
    allowed_models: list[Text] = []
    max_uses: int | None = None
    expires_at: AwareDatetime | None = None
    comment: Text = ""


class AccessCodeChange(BaseModel):
    """What can change of a code."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool


@router.get("")
def list_all(state: State, grant: Annotated[Grant, needs("access_codes.read")]) -> AccessCodeList:
    """Return every code, the oldest first."""
    return AccessCodeList(data=[_shown(code) for code in list_access_codes(state.store)])


@router.post("", status_code=201)
def create(
    state: State, grant: Annotated[Grant, needs("access_codes.write")], wanted: Annotated[AccessCodeBody, Body()]
) -> MadeAccessCode:
    """Make a code. The answer holds it; nobody can read it again."""
    asked = NewAccessCode(
        wanted.code,
        wanted.team,
        wanted.quota_tokens,
        tuple(wanted.allowed_models),
        wanted.max_uses,
        wanted.expires_at.timestamp() if wanted.expires_at else None,
        wanted.comment,
    )
    code, made = create_access_code(grant.store, asked, pepper=state.pepper, now_s=state.clock())
    return MadeAccessCode(code=code, **_shown(made).model_dump())


@router.patch("/{code_id}")
def change(
    grant: Annotated[Grant, needs("access_codes.write")], code_id: Text, wanted: Annotated[AccessCodeChange, Body()]
) -> ShownAccessCode:
    """Switch a code on or off."""
    return _shown(enable_access_code(grant.store, code_id, enabled=wanted.enabled))


@router.delete("/{code_id}")
def remove(grant: Annotated[Grant, needs("access_codes.write")], code_id: Text) -> ShownAccessCode:
    """Remove a code; who signed up with it stays."""
    return _shown(remove_access_code(grant.store, code_id))


def _shown(code: AccessCode) -> ShownAccessCode:
    return ShownAccessCode(
        id=code.id,
        hint=code.hint,
        team=code.team,
        quota_tokens=code.quota_tokens,
        allowed_models=list(code.allowed_models),
        max_uses=code.max_uses,
        uses=code.uses,
        expires_at=time_text(code.expires_at_s),
        enabled=code.enabled,
        comment=code.comment,
        created_at=time_text(code.created_at_s),
    )

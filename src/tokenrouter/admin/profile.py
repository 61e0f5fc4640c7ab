"""`/api/v1/settings/active_model_profile`: which targets of the aliases count, switched while the gateway runs.

What is chosen here overrides the file until the choice is undone; it outlives restarts.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Body
from pydantic import BaseModel

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.limit_bodies import Strict
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text
from tokenrouter.domain.aliases import DEFAULT_PROFILE, profiles_of
from tokenrouter.domain.limit_text import suggestion
from tokenrouter.store.aliases import choose_profile, chosen_profile

router: Final = APIRouter(prefix="/api/v1/settings/active_model_profile", tags=["aliases"])

Writing = Annotated[Grant, needs("profile.write")]


class ShownProfile(BaseModel):
    """The profile that counts.

    `declared` is what the file says, at `declared_at`; `overridden` whether another one was chosen instead. `profiles`
    are those that some alias has targets for.
    """

    value: str
    declared: str
    declared_at: str
    overridden: bool
    profiles: list[str]


class ChosenProfile(Strict):
    """The profile that is to count."""

    value: Text


@router.get("")
def read(state: State, _grant: Annotated[Grant, needs("profile.read")]) -> ShownProfile:
    """Return the profile that counts."""
    return _shown(state)


@router.put("")
def choose(state: State, grant: Writing, wanted: Annotated[ChosenProfile, Body()]) -> ShownProfile:
    """Let a profile count from now on; running requests end where they began."""
    known = profiles_of(state.catalog().aliases)
    if wanted.value not in known:
        words = f"value: no alias has a profile of that name; {suggestion(wanted.value, known)}."
        raise Problem(422, "invalid_field", words)
    choose_profile(grant.store, wanted.value)
    state.keys_changed()
    return _shown(state)


@router.delete("")
def undo(state: State, grant: Writing) -> ShownProfile:
    """Let the profile of the file count again."""
    choose_profile(grant.store, "")
    state.keys_changed()
    return _shown(state)


def _shown(state: ControlState) -> ShownProfile:
    settings = state.settings
    chosen = chosen_profile(state.store)
    declared = settings.active_model_profile or DEFAULT_PROFILE
    return ShownProfile(
        value=chosen or declared,
        declared=declared,
        declared_at=settings.origins.get("active_model_profile", ""),
        overridden=bool(chosen),
        profiles=list(profiles_of(state.catalog().aliases)),
    )

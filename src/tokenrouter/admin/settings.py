"""`/api/v1/settings`: every setting that counts, who says so, and those that may be changed while the gateway runs.

A change is kept in the database, over what the file says, until it is undone; it takes effect at once, on every node.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text
from tokenrouter.config.described import DESCRIBED, Group, Kind, Unit
from tokenrouter.config.shown import ShownSetting, shown_settings
from tokenrouter.jobs.setting_changes import setting_check
from tokenrouter.store.settings import change_settings, changed_settings

router: Final = APIRouter(prefix="/api/v1/settings", tags=["settings"])

Reading = Annotated[Grant, needs("settings.read")]
Writing = Annotated[Grant, needs("settings.write")]
Changes = Annotated[dict[Text, Any], Field(max_length=100)]
"""Values by the setting's path in the file; null undoes a change."""


class Setting(BaseModel):
    """One setting, by its path in the file; of what is secret, the value is `set`.

    `origin` says who has set it: `default`, a place in the file, a `$VARIABLE`, a `--flag`, or `database` for what was
    changed at run time, instead of what is `declared` (at `declared_at`). Only what is `changeable` can be changed so.
    `kind` says what it is, `about` what for; `least`, `most` and `choices` what it may be changed to.
    """

    name: str
    value: Any
    origin: str
    declared: Any
    declared_at: str
    overridden: bool
    changeable: bool
    group: Group
    kind: Kind
    unit: Unit
    about: str
    least: float | None
    most: float | None
    choices: list[str]


class SettingList(BaseModel):
    """Every setting, by name."""

    data: list[Setting]


@router.get("")
def list_all(state: State, _grant: Reading) -> SettingList:
    """Return every setting that counts."""
    return SettingList(data=_shown(state))


@router.patch("")
def change(state: State, grant: Writing, changes: Annotated[Changes, Body()]) -> SettingList:
    """Change settings, all of them or none; they count at once."""
    change_settings(grant.store, changes, setting_check(state.declared, state.settings))
    state.keys_changed()
    return SettingList(data=[one for one in _shown(state) if one.name in changes])


@router.delete("/{name}")
def undo(state: State, grant: Writing, name: str) -> Setting:
    """Let what is declared count again for one setting."""
    found = next((one for one in _shown(state) if one.name == name), None)
    if found is None:
        raise Problem(404, "setting_not_found", f"There is no setting {name[:100]!r}; GET /api/v1/settings lists them.")
    if name in state.settings.moved:
        told = f"{name} was moved; DELETE /api/v1/network/override listens again where the configuration says."
        raise Problem(409, "moved_listener", told)
    if found.overridden:
        change_settings(grant.store, {name: None}, setting_check(state.declared, state.settings))
        state.keys_changed()
    return next(one for one in _shown(state) if one.name == name)


def _shown(state: ControlState) -> list[Setting]:
    changed = changed_settings(state.store)
    return [_setting(one) for one in shown_settings(state.settings, state.declared, changed)]


def _setting(one: ShownSetting) -> Setting:
    described = DESCRIBED[one.name]
    return Setting(
        name=one.name,
        value=one.value,
        origin=one.origin,
        declared=one.declared,
        declared_at=one.declared_at,
        overridden=one.origin == "database",
        changeable=one.is_changeable,
        group=described.group,
        kind=described.kind,
        unit=described.unit,
        about=described.about,
        least=described.least,
        most=described.most,
        choices=list(described.choices),
    )

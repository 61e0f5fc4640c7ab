"""`/admin/api/model-aliases`: everybody's aliases by profile, as the fork of TokenRouter-Go shows and changes them.

Its aliases have one target for each profile and nothing else; ours can say more. So what it does not know of an alias
stays as it is when one is changed here, and every answer to a change is the whole list, as there (its
`admin_model_alias_test.go`, read 2026-11).
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from pydantic import Field

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.compat.go_body import Lenient, sent
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text
from tokenrouter.domain.alias_text import alias_fields, read_alias
from tokenrouter.domain.aliases import DEFAULT_PROFILE, GLOBAL, Alias, Target, profiles_of
from tokenrouter.jobs.alias_changes import alias_check
from tokenrouter.store.aliases import choose_profile, chosen_profile, create_alias, remove_alias, update_alias

router: Final = APIRouter(prefix="/admin/api/model-aliases", include_in_schema=False)

Reading = Annotated[Grant, needs("profile.read")]
Writing = Annotated[Grant, needs("profile.write")]


class GoTarget(Lenient):
    """Where an alias leads in one profile."""

    profile: Text
    provider: Text
    model: Text


class GoAlias(Lenient):
    """An alias; its name stands in the path where one is changed."""

    name: Text = ""
    targets: list[GoTarget] = Field(default_factory=list)


class ProfileChoice(Lenient):
    """The profile that is to count."""

    active_model_profile: Text = ""


@router.get("")
def list_aliases(state: State, _grant: Reading) -> dict[str, Any]:
    """Return the aliases, with where each leads now."""
    return _shown(state)


@router.post("", status_code=201)
def create(state: State, grant: Writing, wanted: Annotated[GoAlias, Depends(sent(GoAlias))]) -> dict[str, Any]:
    """Make an alias."""
    _check(wanted.name, wanted.targets)
    if any(alias.name == wanted.name for alias in _global(state)):
        raise Problem(409, "alias_exists", "model alias already exists")
    if not _active_profile(state) and DEFAULT_PROFILE not in [target.profile for target in wanted.targets]:
        raise Problem(400, "invalid_field", "set active_model_profile before creating model aliases")
    alias = read_alias({"name": wanted.name, "targets": _targets(wanted)}, needs_default=False)
    check = alias_check(state.settings, alias)
    create_alias(grant.store, alias, check, made_by=grant.caller.id, now_s=state.clock())
    state.keys_changed()
    return _shown(state)


@router.put("/settings")
def choose(
    state: State, grant: Writing, wanted: Annotated[ProfileChoice, Depends(sent(ProfileChoice))]
) -> dict[str, Any]:
    """Let a profile count from now on. Where there is no alias yet, any may be chosen."""
    profile, aliases = wanted.active_model_profile, _global(state)
    if not profile:
        raise Problem(400, "invalid_field", "active_model_profile is required")
    if aliases and profile not in profiles_of(aliases):
        raise Problem(400, "invalid_field", f"active_model_profile {profile!r} is not a profile of any model alias")
    choose_profile(grant.store, profile)
    state.keys_changed()
    return _shown(state)


@router.put("/{name:path}")
def change(
    state: State, grant: Writing, name: str, wanted: Annotated[GoAlias, Depends(sent(GoAlias))]
) -> dict[str, Any]:
    """Put other targets in the place of an alias's."""
    found = _find_own(state, name)
    if wanted.name not in ("", name):
        raise Problem(400, "invalid_field", "the name of a model alias cannot be changed; make another")
    _check(name, wanted.targets)
    alias = read_alias({**alias_fields(found), "targets": _targets(wanted)}, needs_default=False)
    update_alias(grant.store, alias, alias_check(state.settings, alias))
    state.keys_changed()
    return _shown(state)


@router.delete("/{name:path}")
def remove(state: State, grant: Writing, name: str) -> dict[str, Any]:
    """Remove an alias to which no other leads."""
    remove_alias(grant.store, _find_own(state, name), alias_check(state.settings, None))
    state.keys_changed()
    return _shown(state)


def resolved(state: ControlState, alias: Alias) -> tuple[Target | None, str]:
    """Return where `alias` leads in the profile that counts, and TokenRouter-Go's word for whether it can be used."""
    target = next(iter(alias.targets_in(state.catalog().active_profile)), None)
    if target is None:
        return None, "missing_profile"
    provider, slash, _ = target.name.partition("/")
    entry = state.directory().providers.get(provider) if slash else None
    is_usable = not slash or (entry is not None and entry.provider.enabled)
    return target, "ok" if is_usable else "provider_unavailable"


def shown_target(target: Target) -> dict[str, str]:
    """Return a target as TokenRouter-Go writes it; what leads to another alias has no provider."""
    provider, slash, model = target.name.partition("/")
    return {
        "profile": target.profile,
        "provider": provider if slash else "",
        "model": model if slash else target.name,
    }


def _global(state: ControlState) -> list[Alias]:
    return [alias for alias in state.catalog().aliases if alias.scope == GLOBAL]


def _active_profile(state: ControlState) -> str:
    """Return the profile that was said or chosen, "" for none: then the default one counts."""
    return chosen_profile(state.store) or state.settings.active_model_profile


def _shown(state: ControlState) -> dict[str, Any]:
    aliases = _global(state)
    said = (target.profile for alias in aliases for target in alias.targets)
    return {
        "active_model_profile": _active_profile(state),
        "available_profiles": sorted(set(said)),
        "data": [_shown_alias(state, alias) for alias in aliases],
    }


def _shown_alias(state: ControlState, alias: Alias) -> dict[str, Any]:
    target, status = resolved(state, alias)
    active = {} if target is None else {"active_target": shown_target(target)}
    return {
        "name": alias.name,
        "targets": [shown_target(one) for one in alias.targets],
        **active,
        "status": status,
    }


def _targets(wanted: GoAlias) -> list[dict[str, str]]:
    return [target.model_dump() for target in wanted.targets]


def _check(name: str, targets: list[GoTarget]) -> None:
    """Refuse what TokenRouter-Go refused and we would not.

    Raises:
        Problem: with the reason.
    """
    if not name or "/" in name:
        raise Problem(400, "invalid_field", "model alias name is required and cannot contain '/'")
    profiles = [target.profile for target in targets]
    if not profiles or not all(profiles):
        raise Problem(400, "invalid_field", f"model alias {name!r} needs a target, and each target a profile")
    if len(set(profiles)) < len(profiles):
        raise Problem(400, "invalid_field", f"model alias {name!r} has a profile twice")


def _find_own(state: ControlState, name: str) -> Alias:
    """Return everybody's alias of that name, which the database has.

    Raises:
        Problem: there is none, or the file declares it.
    """
    found = next((alias for alias in _global(state) if alias.name == name), None)
    if found is None:
        raise Problem(404, "alias_not_found", "model alias not found")
    if found.origin != "database":
        words = f"model alias {name!r} is declared at {found.origin}; change it there"
        raise Problem(409, "declared_elsewhere", words)
    return found

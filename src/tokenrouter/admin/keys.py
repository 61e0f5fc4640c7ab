"""`/api/v1/keys`: keys listed, made, changed and revoked.

Keys of the file are listed with the place that declares them, and changed there. Who may not see all of them sees and
manages a part, and to them the rest does not exist: keymasters the keys directly below their own, people those that
are charged to them, team admins those of their teams.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Caller, Grant, needs
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.catalog import CacheUse, Key, Origin, Role, UnboundedInput, Unpriced
from tokenrouter.domain.errors import RoleNotAllowed
from tokenrouter.domain.keys import key_digest
from tokenrouter.gateway.directory import MAX_CHAIN
from tokenrouter.store.keys import (
    MAX_OVERLAP_S,
    KeyChanges,
    KeyRequest,
    create_key,
    list_keys,
    revoke_key,
    rotate_key,
    update_key,
)

router: Final = APIRouter(prefix="/api/v1/keys", tags=["keys"])

MAX_OWN_KEYS: Final = 20
"""Most keys that a member has, and that stand below one of an inferrer."""
USUAL_TTL_S: Final = 8 * 3600.0
MAX_TTL_S: Final = 24 * 3600.0
"""Longest life of a temporary key."""

Reading = Annotated[Grant, needs("keys.read")]


def encodable(text: str) -> str:
    """Return `text`, or refuse what JSON can write but no database can keep.

    Raises:
        ValueError: it holds half of a surrogate pair, or a NUL.
    """
    if "\0" in text:
        raise ValueError("it holds the character NUL")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("it holds half of a character (a lone surrogate)")
    return text


Text = Annotated[str, AfterValidator(encodable)]


class ShownKey(BaseModel):
    """What may be shown of a key for ever. `declared_at` says where a key of the file is to be changed."""

    id: str
    name: str
    hint: str
    role: Role
    origin: Origin
    declared_at: str
    parent_id: str | None
    team: str
    user: str
    allowed_models: list[str]
    created_at: str | None
    expires_at: str | None
    enabled: bool
    comment: str
    passthrough: bool
    unpriced: Unpriced
    allow_unpriced: bool
    clamp: bool
    unbounded_input: UnboundedInput
    cache: CacheUse
    allowed_ips: list[str]
    temporary: bool
    previous_until: str | None


class MadeKey(ShownKey):
    """A key just made; `key` is shown this once."""

    key: str


class KeyList(BaseModel):
    """Every key that the caller may see."""

    data: list[ShownKey]


class NewKey(BaseModel):
    """A key to be made. `parent` (name or id) answers for it, so team and user come from there.

    `key` is one of your own choice; without it a random one is made. `passthrough`: it may ask providers raw.
    `unpriced`: whether it may use models without a price; `allow_unpriced`: even under a limit of costs.
    `clamp`: whether answers are shortened to fit hard limits, or else refused; `unbounded_input`: whether it may send
    what nobody can bound (files by URL or id, tools of the provider) under hard limits. `cache`: whether it gets
    answers kept for its team (`read`), and its own are kept as well (`on`). `allowed_ips`: addresses and networks that
    it may be used from; none is all. `temporary`: it is for one run of a program, and must end within a day.
    """

    model_config = ConfigDict(extra="forbid")

    name: Text
    role: Role = "inferrer"
    key: Text | None = None
    parent: Text | None = None
    team: Text = ""
    user: Text = ""
    allowed_models: list[Text] = []
    expires_at: AwareDatetime | None = None
    comment: Text = ""
    passthrough: bool = False
    unpriced: Unpriced = ""
    allow_unpriced: bool = False
    clamp: bool = True
    unbounded_input: UnboundedInput = ""
    cache: CacheUse = ""
    allowed_ips: list[Text] = []
    temporary: bool = False


class ChangedKey(BaseModel):
    """What is to change; a field that is absent stays. `expires_at: null` takes the expiry away."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = True
    expires_at: AwareDatetime | None = None
    comment: Text = ""
    allowed_models: list[Text] = []
    passthrough: bool = False
    unpriced: Unpriced = ""
    allow_unpriced: bool = False
    clamp: bool = True
    unbounded_input: UnboundedInput = ""
    cache: CacheUse = ""
    allowed_ips: list[Text] = []


class Rotation(BaseModel):
    """How long the old key is good beside the new one, in seconds; 0 ends it at once."""

    model_config = ConfigDict(extra="forbid")

    overlap_s: Annotated[float, Field(ge=0, le=MAX_OVERLAP_S)] = 86_400.0


@router.get("")
def list_all(state: State, grant: Reading) -> KeyList:
    """Return the keys, those of the file first."""
    return KeyList(data=[shown(state, key) for key in visible_keys(state, grant)])


@router.post("", status_code=201)
def create(state: State, grant: Annotated[Grant, needs("keys.create")], wanted: Annotated[NewKey, Body()]) -> MadeKey:
    """Make a key. The answer holds it; nobody can read it again."""
    wanted = _as_allowed(state, grant, wanted)
    _check_temporary(state, wanted)
    parent = _parent(state, grant, wanted)
    _refuse_taken(state, wanted)
    request = KeyRequest(
        name=wanted.name,
        role=wanted.role,
        key=wanted.key,
        parent=parent,
        team=wanted.team,
        user=wanted.user,
        allowed_models=tuple(wanted.allowed_models),
        expires_at_s=wanted.expires_at.timestamp() if wanted.expires_at else None,
        comment=wanted.comment,
        passthrough=wanted.passthrough,
        unpriced=wanted.unpriced,
        allow_unpriced=wanted.allow_unpriced,
        clamp=wanted.clamp,
        unbounded_input=wanted.unbounded_input,
        cache=wanted.cache,
        allowed_ips=tuple(wanted.allowed_ips),
        temporary=wanted.temporary,
    )
    made = create_key(grant.store, request, pepper=state.pepper, now_s=state.clock())
    state.keys_changed()
    return MadeKey(key=made.key, **shown(state, made.stored).model_dump())


@router.get("/{name_or_id}")
def read_one(state: State, grant: Reading, name_or_id: str) -> ShownKey:
    """Return one key, by name or id."""
    return shown(state, _find(state, grant, name_or_id))


@router.patch("/{name_or_id}")
def change(
    state: State,
    grant: Annotated[Grant, needs("keys.change")],
    name_or_id: str,
    wanted: Annotated[ChangedKey, Body()],
) -> ShownKey:
    """Change a key of the database; takes effect at once."""
    key = _find(state, grant, name_or_id)
    _refuse_declared(state, key)
    _refuse_beyond(grant, wanted)
    asked = wanted.model_dump(include=wanted.model_fields_set)
    expires_at = asked.pop("expires_at", None)
    if expires_at is not None and expires_at.timestamp() <= state.clock():
        raise Problem(422, "invalid_field", "expires_at: it is in the past; to stop the key, disable or revoke it.")
    changes = KeyChanges(
        **_tuples(asked),
        expires_at_s=expires_at.timestamp() if expires_at else None,
        never_expires="expires_at" in wanted.model_fields_set and expires_at is None,
    )
    changed = update_key(grant.store, key.id, changes)
    state.keys_changed()
    return shown(state, changed)


@router.delete("/{name_or_id}")
def revoke(state: State, grant: Annotated[Grant, needs("keys.revoke")], name_or_id: str) -> KeyList:
    """Revoke a key and every key below it; return what was revoked."""
    key = _find(state, grant, name_or_id)
    _refuse_declared(state, key)
    revoked = revoke_key(grant.store, key.id)
    state.keys_changed()
    return KeyList(data=[shown(state, gone) for gone in revoked])


@router.post("/{name_or_id}/rotate")
def rotate(
    state: State,
    grant: Annotated[Grant, needs("keys.rotate")],
    name_or_id: str,
    wanted: Annotated[Rotation, Body()],
) -> MadeKey:
    """Put a new key in the place of one; the answer holds it, and the old one is good for a while longer."""
    key = _find(state, grant, name_or_id)
    _refuse_declared(state, key)
    made = rotate_key(grant.store, key.id, overlap_s=wanted.overlap_s, pepper=state.pepper, now_s=state.clock())
    state.keys_changed()
    return MadeKey(key=made.key, **shown(state, made.stored).model_dump())


def shown(state: ControlState, key: Key) -> ShownKey:
    """Return what may be shown of `key`."""
    return ShownKey(
        id=key.id,
        name=key.name,
        hint=key.hint,
        role=key.role,
        origin=key.origin,
        declared_at=state.declared_at(f"incoming_tokens.{key.name}"),
        parent_id=key.parent_id,
        team=key.team,
        user=key.user,
        allowed_models=list(key.allowed_models),
        created_at=time_text(key.created_at_s or None),
        expires_at=time_text(key.expires_at_s),
        enabled=key.enabled,
        comment=key.comment,
        passthrough=key.passthrough,
        unpriced=key.unpriced,
        allow_unpriced=key.allow_unpriced,
        clamp=key.clamp,
        unbounded_input=key.unbounded_input,
        cache=key.cache,
        allowed_ips=list(key.allowed_ips),
        temporary=key.temporary,
        previous_until=time_text(key.previous_until_s),
    )


def all_keys(state: ControlState) -> tuple[Key, ...]:
    """Return the keys of the file, then those of the database as they are now (the Catalog lags a moment)."""
    return state.declared_keys() + list_keys(state.store)


def visible_keys(state: ControlState, grant: Grant) -> tuple[Key, ...]:
    """Return the keys that the caller may see."""
    keys, caller = all_keys(state), grant.caller
    if grant.reach == "all":
        return keys
    if caller.key is not None:
        own = (caller.key.id,) if grant.reach == "own" else ()
        return tuple(key for key in keys if key.parent_id == caller.key.id or key.id in own)
    by_id = {key.id: key for key in keys}
    teams = caller.teams if grant.reach == "team" else frozenset()
    return tuple(key for key in keys if _is_of(_chain(key, by_id), caller.user, teams))


def _is_of(chain: list[Key], user: str, teams: frozenset[str]) -> bool:
    """Whether a key is charged to this person, or to one of these teams."""
    return (bool(user) and _first(link.user for link in chain) == user) or _first(link.team for link in chain) in teams


def ids_of(state: ControlState, name_or_id: str) -> frozenset[str]:
    """Return the ids that a name or id stands for; an id that is gone stands for itself, as in the ledger."""
    return frozenset({name_or_id, *(key.id for key in all_keys(state) if key.name == name_or_id)})


def _find(state: ControlState, grant: Grant, name_or_id: str) -> Key:
    keys = visible_keys(state, grant)
    for key in (*(key for key in keys if key.id == name_or_id), *(key for key in keys if key.name == name_or_id)):
        return key
    raise Problem(404, "key_not_found", "There is no such key; GET /api/v1/keys lists them.")


def _parent(state: ControlState, grant: Grant, wanted: NewKey) -> Key | None:
    """Return the key that is to answer for the new one."""
    caller = grant.caller
    if caller.key is not None and grant.reach != "all":
        _refuse_to_key(caller.key, wanted)
        parent: Key | None = caller.key
    else:
        parent = _find(state, grant, wanted.parent) if wanted.parent else None
    if parent is None:
        return None
    if wanted.team or wanted.user:
        raise Problem(422, "invalid_field", "team, user: a key below another has its parent's; leave them out.")
    links = _chain(parent, {key.id: key for key in all_keys(state)})
    if len(links) >= MAX_CHAIN:
        raise Problem(
            422, "invalid_field", f"parent: keys may stand {MAX_CHAIN} deep, and {parent.name!r} is the last."
        )
    return replace(parent, team=_first(link.team for link in links), user=_first(link.user for link in links))


def _refuse_to_key(own: Key, wanted: NewKey) -> None:
    if wanted.parent is not None and wanted.parent not in (own.id, own.name):
        raise RoleNotAllowed(f"A key of the role {own.role} makes keys below its own only; leave `parent` out.")


_PRIVILEGES: Final = ("passthrough", "allow_unpriced")
_LEAVES: Final = ("unpriced", "unbounded_input")


def _as_allowed(state: ControlState, grant: Grant, wanted: NewKey) -> NewKey:
    """Return what is to be made, with what follows from who makes it.

    Raises:
        RoleNotAllowed: it is more than the caller can give.
    """
    if grant.is_for_all:
        return wanted
    caller = grant.caller
    if caller.role == "inferrer":
        wanted = _as_temporary(state, caller, wanted)
    if wanted.role != "inferrer":
        raise RoleNotAllowed(f"The role {caller.role} makes keys of the role inferrer, not {wanted.role}.")
    if wanted.key is not None:
        raise RoleNotAllowed("Only an admin chooses a key; leave `key` out and a random one is made.")
    if caller.key is None:
        _refuse_privileges(wanted)
        return wanted if wanted.parent else _as_of_person(state, grant, wanted)
    return wanted


def _refuse_privileges(wanted: BaseModel) -> None:
    """Refuse what lets a key do more than the installation's policy."""
    given = [name for name in _PRIVILEGES if getattr(wanted, name, False)]
    given += [name for name in _LEAVES if getattr(wanted, name, "") == "allow"]
    if given:
        raise RoleNotAllowed(f"Only an admin gives a key {', '.join(given)}.")


def _as_temporary(state: ControlState, caller: Caller, wanted: NewKey) -> NewKey:
    """Return `wanted` as an inferrer may make it: for a while, and one of a few.

    Raises:
        RoleNotAllowed: it has as many already.
    """
    below = sum(1 for key in list_keys(state.store) if caller.key is not None and key.parent_id == caller.key.id)
    if below >= MAX_OWN_KEYS:
        raise RoleNotAllowed(f"An inferrer has at most {MAX_OWN_KEYS} keys below its own; revoke one first.")
    ends = wanted.expires_at or datetime.fromtimestamp(state.clock() + USUAL_TTL_S, UTC)
    return wanted.model_copy(update={"temporary": True, "expires_at": ends})


def _check_temporary(state: ControlState, wanted: NewKey) -> None:
    """Refuse a temporary key that does not end, or not soon."""
    if not wanted.temporary:
        return
    if wanted.expires_at is None or wanted.expires_at.timestamp() > state.clock() + MAX_TTL_S:
        raise Problem(422, "invalid_field", "expires_at: a temporary key ends within 24 hours.")


def _as_of_person(state: ControlState, grant: Grant, wanted: NewKey) -> NewKey:
    """Return `wanted` as it is charged: to a team that the caller administers, or to the caller and their team."""
    caller = grant.caller
    if grant.reach == "team" and wanted.user != caller.user:
        team = wanted.team or _only(caller.teams, "team")
        if team not in caller.teams:
            raise RoleNotAllowed(f"{caller.user!r} does not administer the team {team!r}.")
        return wanted.model_copy(update={"team": team})
    if wanted.user not in ("", caller.user):
        raise RoleNotAllowed("A member makes keys of their own only; leave `user` out.")
    team = wanted.team or (_only(caller.member_of, "team") if caller.member_of else "")
    if team and team not in caller.member_of:
        raise RoleNotAllowed(f"{caller.user!r} is not in the team {team!r}.")
    _refuse_new_allowance(state, grant)
    return wanted.model_copy(update={"team": team, "user": caller.user})


def _refuse_new_allowance(state: ControlState, grant: Grant) -> None:
    """Refuse a member another key where limits are on keys: each new one would be allowed as much again.

    Raises:
        RoleNotAllowed
    """
    own = visible_keys(state, grant)
    if len(own) >= MAX_OWN_KEYS:
        raise RoleNotAllowed(f"A member has at most {MAX_OWN_KEYS} keys; revoke one first.")
    limits = [limit for limit in state.catalog().limits if limit.mode == "hard"]
    scopes = {"key:*", *(f"key:{key.name}" for key in own)}
    held = {limit.metric for limit in limits if limit.scope in (f"user:{grant.caller.user}", "user:*")}
    if any(limit.scope in scopes and limit.metric not in held for limit in limits):
        raise RoleNotAllowed("Keys have limits of their own here, so only an admin makes you another one.")


def _only(names: frozenset[str], field: str) -> str:
    if len(names) != 1:
        raise Problem(422, "invalid_field", f"{field}: is missing; it is one of {', '.join(sorted(names))}.")
    return next(iter(names))


_CHANGED_BY: Final = {
    "team": frozenset({"enabled", "expires_at", "comment", "allowed_models"}),
    "own": frozenset({"enabled", "comment"}),
}


def _refuse_beyond(grant: Grant, wanted: ChangedKey) -> None:
    """Refuse a change of what is not the caller's to decide."""
    if grant.is_for_all:
        return
    beyond = sorted(wanted.model_fields_set - _CHANGED_BY.get(grant.reach, frozenset()))
    if beyond:
        raise RoleNotAllowed(f"{', '.join(beyond)}: only an admin changes that of a key.")


def _chain(key: Key, by_id: Mapping[str, Key]) -> list[Key]:
    links = [key]
    while (parent := by_id.get(links[-1].parent_id or "")) is not None and len(links) < MAX_CHAIN:
        links.append(parent)
    return links


def _first(texts: Any) -> str:
    return next((text for text in texts if text), "")


def _refuse_taken(state: ControlState, wanted: NewKey) -> None:
    """Refuse a name or a key that the file owns: the database's would be shadowed, or shadow it."""
    for key in state.declared_keys():
        if wanted.name in (key.name, key.id):
            raise Problem(409, "key_exists", f"A key of this name is declared at {_place(state, key)}.")
        if wanted.key is not None and key_digest(wanted.key, state.pepper) == key.digest:
            raise Problem(409, "key_exists", "This very key exists already, under another name.")


def _refuse_declared(state: ControlState, key: Key) -> None:
    if key.origin != "database":
        raise Problem(409, "declared_elsewhere", f"{key.name!r} is declared at {_place(state, key)}; change it there.")


def _place(state: ControlState, key: Key) -> str:
    return state.declared_at(f"incoming_tokens.{key.name}") or f"the {key.origin}"


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}

"""`/api/v1/keys`: keys listed, made, changed and revoked.

Keys of the file are listed with the place that declares them, and changed there. A keymaster sees,
makes and revokes the keys directly below its own, and no others: to it the rest does not exist.
"""

from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict
from starlette.responses import StreamingResponse

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.auth import Admin, KeyMaker
from tokenrouter.admin.etags import IfMatch, tagged
from tokenrouter.admin.paging import CSV, Page, Place, Reader, WantedPage, checked, declared_first, listing
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text, Words
from tokenrouter.domain.catalog import CacheUse, Key, Origin, Role, UnboundedInput, Unpriced
from tokenrouter.domain.errors import RoleNotAllowed
from tokenrouter.domain.keys import key_digest
from tokenrouter.gateway.directory import MAX_CHAIN, Principal
from tokenrouter.store.key_pages import KeyFilter, KeyState, key_page
from tokenrouter.store.keys import KeyChanges, KeyRequest, create_key, list_keys, revoke_key, update_key

router: Final = APIRouter(prefix="/api/v1/keys", tags=["keys"])


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


class MadeKey(ShownKey):
    """A key just made; `key` is shown this once."""

    key: str


class RevokedKeys(BaseModel):
    """What was revoked, the key itself first."""

    data: list[ShownKey]


class NewKey(BaseModel):
    """A key to be made. `parent` (name or id) answers for it, so team and user come from there.

    `key` is one of your own choice; without it a random one is made. `passthrough`: it may ask providers raw.
    `unpriced`: whether it may use models without a price; `allow_unpriced`: even under a limit of costs.
    `clamp`: whether answers are shortened to fit hard limits, or else refused; `unbounded_input`: whether it may send
    what nobody can bound (files by URL or id, tools of the provider) under hard limits. `cache`: whether it gets
    answers kept for its team (`read`), and its own are kept as well (`on`).
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


@router.get("", response_model=Page[ShownKey], responses=CSV)
def list_all(
    state: State,
    caller: KeyMaker,
    page: WantedPage,
    q: Words = "",
    role: Role | None = None,
    team: Words = "",
    user: Words = "",
    parent: Annotated[Words, Query(description="Name or id of the key above them.")] = "",
    is_now: Annotated[KeyState | None, Query(alias="state")] = None,
    origin: Origin | None = None,
) -> Page[ShownKey] | StreamingResponse:
    """Return the keys, those of the file first; `q` stands in the name, the hint, the comment, the user or the team."""
    wanted = KeyFilter(
        words=q,
        role=role,
        team=team,
        user=user,
        parent_id=_parent_id(state, caller, parent),
        state=is_now,
        now_s=state.clock(),
    )
    return listing("keys", page, ShownKey, _reader(state, wanted, origin), lambda key: shown(state, key))


@router.post("", status_code=201)
def create(state: State, caller: KeyMaker, wanted: Annotated[NewKey, Body()]) -> MadeKey:
    """Make a key. The answer holds it; nobody can read it again."""
    parent = _parent(state, caller, wanted)
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
    )
    made = create_key(state.store, request, pepper=state.pepper, now_s=state.clock())
    state.keys_changed()
    return MadeKey(key=made.key, **shown(state, made.stored).model_dump())


@router.get("/{name_or_id}")
def read_one(state: State, caller: KeyMaker, name_or_id: str, response: Response) -> ShownKey:
    """Return one key, by name or id."""
    return tagged(response, shown(state, _find(state, caller, name_or_id)))


@router.patch("/{name_or_id}")
def change(
    state: State,
    caller: Admin,
    name_or_id: str,
    wanted: Annotated[ChangedKey, Body()],
    if_match: IfMatch,
    response: Response,
) -> ShownKey:
    """Change a key of the database; takes effect at once."""
    key = _find(state, caller, name_or_id)
    _refuse_declared(state, key)
    asked = wanted.model_dump(include=wanted.model_fields_set)
    expires_at = asked.pop("expires_at", None)
    if expires_at is not None and expires_at.timestamp() <= state.clock():
        raise Problem(422, "invalid_field", "expires_at: it is in the past; to stop the key, disable or revoke it.")
    changes = KeyChanges(
        **_tuples(asked),
        expires_at_s=expires_at.timestamp() if expires_at else None,
        never_expires="expires_at" in wanted.model_fields_set and expires_at is None,
    )
    changed = update_key(state.store, key.id, changes, check=if_match.check(partial(shown, state)))
    state.keys_changed()
    return tagged(response, shown(state, changed))


@router.delete("/{name_or_id}")
def revoke(state: State, caller: KeyMaker, name_or_id: str, if_match: IfMatch) -> RevokedKeys:
    """Revoke a key and every key below it; return what was revoked."""
    key = _find(state, caller, name_or_id)
    _refuse_declared(state, key)
    revoked = revoke_key(state.store, key.id, check=if_match.check(partial(shown, state)))
    state.keys_changed()
    return RevokedKeys(data=[shown(state, gone) for gone in revoked])


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
    )


def all_keys(state: ControlState) -> tuple[Key, ...]:
    """Return the keys of the file, then those of the database as they are now (the Catalog lags a moment)."""
    return state.declared_keys() + list_keys(state.store)


def visible_keys(state: ControlState, caller: Principal) -> tuple[Key, ...]:
    """Return the keys that `caller` may see."""
    keys = all_keys(state)
    if caller.role == "admin":
        return keys
    return tuple(key for key in keys if key.parent_id == caller.key.id)


def ids_of(state: ControlState, name_or_id: str) -> frozenset[str]:
    """Return the ids that a name or id stands for; an id that is gone stands for itself, as in the ledger."""
    return frozenset({name_or_id, *(key.id for key in all_keys(state) if key.name == name_or_id)})


def _reader(state: ControlState, wanted: KeyFilter, origin: Origin | None) -> Reader[Key]:
    """Return the list of the keys that are `wanted`; `origin` says who owns them."""
    declared = [key for key in state.declared_keys() if origin in (None, key.origin) and wanted.fits(key)]

    def stored(after: Place, rows: int) -> list[tuple[tuple[float, str], Key]]:
        if origin not in (None, "database"):
            return []
        return key_page(state.store, wanted, checked(after, float, str) if after else None, rows)

    return declared_first(declared, stored)


def _parent_id(state: ControlState, caller: Principal, parent: str) -> str:
    """Return the id of the key above those that `caller` may see and has asked for; "" for all."""
    if caller.role != "admin":
        return caller.key.id
    return _find(state, caller, parent).id if parent else ""


def _find(state: ControlState, caller: Principal, name_or_id: str) -> Key:
    keys = visible_keys(state, caller)
    for key in (*(key for key in keys if key.id == name_or_id), *(key for key in keys if key.name == name_or_id)):
        return key
    raise Problem(404, "key_not_found", "There is no such key; GET /api/v1/keys lists them.")


def _parent(state: ControlState, caller: Principal, wanted: NewKey) -> Key | None:
    """Return the key that is to answer for the new one."""
    if caller.role == "keymaster":
        _refuse_to_keymaster(caller, wanted)
        parent: Key | None = caller.key
    else:
        parent = _find(state, caller, wanted.parent) if wanted.parent else None
    if parent is None:
        return None
    if wanted.team or wanted.user:
        raise Problem(422, "invalid_field", "team, user: a key below another has its parent's; leave them out.")
    links = _chain(parent, all_keys(state))
    if len(links) >= MAX_CHAIN:
        raise Problem(
            422, "invalid_field", f"parent: keys may stand {MAX_CHAIN} deep, and {parent.name!r} is the last."
        )
    return replace(parent, team=_first(link.team for link in links), user=_first(link.user for link in links))


def _refuse_to_keymaster(caller: Principal, wanted: NewKey) -> None:
    if wanted.role != "inferrer":
        raise RoleNotAllowed(f"A keymaster makes keys of the role inferrer, not {wanted.role}.")
    if wanted.parent is not None and wanted.parent not in (caller.key.id, caller.key.name):
        raise RoleNotAllowed("A keymaster makes keys below its own only; leave `parent` out.")
    if wanted.key is not None:
        raise RoleNotAllowed("Only an admin chooses a key; leave `key` out and a random one is made.")


def _chain(key: Key, keys: tuple[Key, ...]) -> list[Key]:
    by_id = {one.id: one for one in keys}
    links = [key]
    while links[-1].parent_id in by_id and len(links) < MAX_CHAIN:
        links.append(by_id[links[-1].parent_id])
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

"""`/api/v1/keys`: keys listed, made, changed, rotated and revoked.

Keys of the file are listed with the place that declares them, and changed there. Who may not see all keys manages a
part (`admin/key_rules.py`), and to them the rest does not exist.
"""

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Query, Response
from starlette.responses import StreamingResponse

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.etags import IfMatch, tagged
from tokenrouter.admin.figure_bodies import KeyFigures, WithFigures
from tokenrouter.admin.key_bodies import (
    ChangedKey,
    HeardKey,
    ListedKey,
    MadeKey,
    NewKey,
    RevokedKeys,
    Rotation,
    ShownKey,
    shown,
)
from tokenrouter.admin.key_rules import (
    as_allowed,
    find_key_for,
    key_reader,
    keys_named,
    most_of_user,
    parent_of,
    refuse_beyond,
    refuse_release,
    sight,
)
from tokenrouter.admin.paging import CSV, Page, WantedPage, beside, listing, nothing_beside
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.subject_figures import figures_of_keys
from tokenrouter.admin.temporary_keys import as_parent_may, bounded, check_temporary, with_end
from tokenrouter.admin.texts import Words
from tokenrouter.domain.catalog import Key, Origin, Role
from tokenrouter.domain.errors import RoleNotAllowed
from tokenrouter.domain.keys import key_digest
from tokenrouter.store.heartbeats import note_heartbeat
from tokenrouter.store.key_pages import KeyFilter, KeyState
from tokenrouter.store.keys import KeyChanges, KeyRequest, create_key, revoke_key, rotate_key, update_key

router: Final = APIRouter(prefix="/api/v1/keys", tags=["keys"])


@router.get("", response_model=Page[ListedKey], responses=CSV)
def list_all(
    state: State,
    grant: Annotated[Grant, needs("keys.read")],
    page: WantedPage,
    q: Words = "",
    role: Role | None = None,
    team: Words = "",
    user: Words = "",
    parent: Annotated[Words, Query(description="Name or id of the key above them.")] = "",
    top: Annotated[bool, Query(description="Only keys that stand below none.")] = False,
    is_now: Annotated[KeyState | None, Query(alias="state")] = None,
    origin: Origin | None = None,
    figures: WithFigures = False,
) -> Page[ListedKey] | StreamingResponse:
    """Return the keys, those of the file first; `q` stands in the name, the hint, the comment, the user or the team."""
    wanted = KeyFilter(
        words=q,
        role=role,
        team=team,
        user=user,
        parent_id=_parent_id(state, grant, parent),
        top=top,
        state=is_now,
        now_s=state.clock(),
        sight=sight(grant),
    )
    look = partial(figures_of_keys, state) if figures else nothing_beside
    return listing("keys", page, ListedKey, beside(key_reader(state, wanted, origin), look), partial(_listed, state))


@router.post("", status_code=201)
def create(state: State, grant: Annotated[Grant, needs("keys.create")], wanted: Annotated[NewKey, Body()]) -> MadeKey:
    """Make a key. The answer holds it; nobody can read it again."""
    made = create_key(grant.store, key_request(state, grant, wanted), pepper=state.pepper, now_s=state.clock())
    state.keys_changed()
    return MadeKey(key=made.key, **shown(state, made.stored).model_dump())


@router.get("/{name_or_id:path}")
def read_one(
    state: State, grant: Annotated[Grant, needs("keys.read")], name_or_id: str, response: Response
) -> ShownKey:
    """Return one key, by name or id."""
    return tagged(response, shown(state, find_key_for(state, grant, name_or_id)))


@router.patch("/{name_or_id:path}")
def change(
    state: State,
    grant: Annotated[Grant, needs("keys.change")],
    name_or_id: str,
    wanted: Annotated[ChangedKey, Body()],
    if_match: IfMatch,
    response: Response,
) -> ShownKey:
    """Change a key of the database; takes effect at once."""
    key = _find_stored(state, grant, name_or_id)
    refuse_beyond(grant, wanted)
    asked = wanted.model_dump(include=wanted.model_fields_set)
    expires_at = asked.pop("expires_at", None)
    if expires_at is not None and expires_at.timestamp() <= state.clock():
        raise Problem(422, "invalid_field", "expires_at: it is in the past; to stop the key, disable or revoke it.")
    changes = KeyChanges(
        **_tuples(asked),
        expires_at_s=expires_at.timestamp() if expires_at else None,
        never_expires="expires_at" in wanted.model_fields_set and expires_at is None,
    )
    changed = update_key(grant.store, key.id, changes, check=if_match.check(partial(shown, state)))
    state.keys_changed()
    return tagged(response, shown(state, changed))


@router.post("/{name_or_id:path}/rotate")
def rotate(
    state: State,
    grant: Annotated[Grant, needs("keys.rotate")],
    name_or_id: str,
    wanted: Annotated[Rotation, Body()],
    if_match: IfMatch,
) -> MadeKey:
    """Put a new key in the place of one; the answer holds it, and the old one is good for a while longer."""
    key = _find_stored(state, grant, name_or_id)
    made = rotate_key(
        grant.store,
        key.id,
        overlap_s=wanted.overlap_s,
        pepper=state.pepper,
        now_s=state.clock(),
        check=if_match.check(partial(shown, state)),
    )
    state.keys_changed()
    return MadeKey(key=made.key, **shown(state, made.stored).model_dump())


@router.delete("/{name_or_id:path}")
def revoke(
    state: State, grant: Annotated[Grant, needs("keys.revoke")], name_or_id: str, if_match: IfMatch
) -> RevokedKeys:
    """Revoke a key and every key below it; return what was revoked."""
    key = _find_stored(state, grant, name_or_id)
    refuse_release(state, grant, key)
    revoked = revoke_key(grant.store, key.id, check=if_match.check(partial(shown, state)))
    state.keys_changed()
    return RevokedKeys(data=[shown(state, gone) for gone in revoked])


@router.post("/{name_or_id:path}/heartbeat")
def heartbeat(state: State, grant: Annotated[Grant, needs("keys.heartbeat")], name_or_id: str) -> HeardKey:
    """Say of a temporary key with a heartbeat that it is still wanted; one that was suspended is good again."""
    key = find_key_for(state, grant, name_or_id)
    if grant.caller.key is not None and grant.caller.key.id == key.id:
        raise RoleNotAllowed("A key does not speak for itself; who made it does.")
    if not key.heartbeat:
        raise Problem(409, "no_heartbeat", f"{key.name!r} was made without a heartbeat, and is good without one.")
    if key.expires_at_s is not None and key.expires_at_s <= state.clock():
        raise Problem(404, "key_not_found", f"The time of {key.name!r} is over; make another key.")
    heard = note_heartbeat(grant.store, key.id, now_s=state.clock())
    if heard.revived:
        state.keys_changed()
    return HeardKey(id=key.id, name=key.name, expires_at=time_text(key.expires_at_s), revived=heard.revived)


def key_request(state: ControlState, grant: Grant, wanted: NewKey, *, may_choose: bool = False) -> KeyRequest:
    """Return what is to be made of `wanted`, with what follows from who makes it.

    `may_choose`: whether somebody who is no admin may say what the key is.

    Raises:
        RoleNotAllowed, TooManyKeys: it is more than the caller can give.
        Problem: it cannot be made so.
    """
    wanted = as_allowed(state, grant, with_end(state, wanted), may_choose=may_choose)
    check_temporary(state, wanted)
    parent = parent_of(state, grant, wanted)
    _refuse_taken(state, wanted)
    said = as_parent_may(wanted, parent).model_dump(exclude={"parent", "expires_at", "ttl_s"})
    expires_at_s = wanted.expires_at.timestamp() if wanted.expires_at else None
    request = KeyRequest(parent=parent, expires_at_s=expires_at_s, most_of_user=most_of_user(grant), **_tuples(said))
    return bounded(grant, request)


def ids_of(state: ControlState, name_or_id: str) -> frozenset[str]:
    """Return the ids that a name or id stands for; an id that is gone stands for itself, as in the ledger."""
    return frozenset({name_or_id, *(key.id for key in keys_named(state, name_or_id) if key.name == name_or_id)})


def _listed(state: ControlState, row: tuple[Key, KeyFigures | None]) -> ListedKey:
    key, figures = row
    return ListedKey.model_construct(figures=figures, **dict(shown(state, key)))


def _parent_id(state: ControlState, grant: Grant, parent: str) -> str:
    """Return the id of a key above others; what the caller may not see has nothing below it either."""
    own, seen = grant.caller.key, sight(grant)
    if own is not None and parent in (own.id, own.name):
        return own.id
    found = (key.id for key in keys_named(state, parent) if seen is None or seen.covers(key)) if parent else ()
    return next(iter(found), parent)


def _find_stored(state: ControlState, grant: Grant, name_or_id: str) -> Key:
    """Return a key of the database that the caller may see.

    Raises:
        Problem: 404, or 409 for one of the file.
    """
    key = find_key_for(state, grant, name_or_id)
    refuse_declared(state, key)
    return key


def refuse_declared(state: ControlState, key: Key) -> None:
    """Refuse to change a key of the file.

    Raises:
        Problem: 409, it is one.
    """
    if key.origin != "database":
        raise Problem(409, "declared_elsewhere", f"{key.name!r} is declared at {_place(state, key)}; change it there.")


def _refuse_taken(state: ControlState, wanted: NewKey) -> None:
    """Refuse a name or a key that the file owns: the database's would be shadowed, or shadow it."""
    for key in state.declared_keys():
        if wanted.name in (key.name, key.id):
            raise Problem(409, "key_exists", f"A key of this name is declared at {_place(state, key)}.")
        if wanted.key is not None and key_digest(wanted.key, state.pepper) == key.digest:
            raise Problem(409, "key_exists", "This very key exists already, under another name.")


def _place(state: ControlState, key: Key) -> str:
    return state.declared_at(f"incoming_tokens.{key.name}") or f"the {key.origin}"


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}

"""What of keys is whose: which ones a caller sees, and what they may make and change of them.

Owners and admins decide about all. A key makes keys below its own, which are charged to it: a keymaster as it likes,
an inferrer a few that end soon. People make keys that are charged to them and their team, and none that would be
allowed more than they are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from pydantic import BaseModel

from tokenrouter.admin.callers import Caller, Grant
from tokenrouter.admin.key_bodies import ChangedKey, NewKey
from tokenrouter.admin.paging import Place, Reader, all_pages, checked, declared_first
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState
from tokenrouter.admin.temporary_keys import as_temporary, stands_below_caller
from tokenrouter.domain.catalog import Key, Origin
from tokenrouter.domain.errors import RoleNotAllowed
from tokenrouter.gateway.directory import MAX_CHAIN
from tokenrouter.store.audit import has_done
from tokenrouter.store.key_pages import KeyFilter, KeySight, key_page
from tokenrouter.store.keys import keys_called, list_keys
from tokenrouter.store.teams import members_of

MAX_OWN_KEYS: Final = 20
"""Most keys that a member has."""


def all_keys(state: ControlState) -> tuple[Key, ...]:
    """Return the keys of the file, then those of the database as they are now (the Catalog lags a moment).

    Takes seconds where there are a hundred thousand.
    """
    return state.declared_keys() + list_keys(state.store)


def sight(grant: Grant) -> KeySight | None:
    """Return which keys the caller may see; None is all of them."""
    caller = grant.caller
    if grant.reach == "all":
        return None
    if caller.key is not None:
        own = frozenset({caller.key.id} if grant.reach == "own" else ())
        return KeySight(parent_id=caller.key.id, ids=own)
    return KeySight(teams=caller.teams if grant.reach == "team" else frozenset(), users=frozenset({caller.user} - {""}))


def visible_keys(state: ControlState, grant: Grant) -> tuple[Key, ...]:
    """Return the keys that the caller may see: seconds, where they are a hundred thousand."""
    return tuple(key for page in all_pages(key_reader(state, KeyFilter(sight=sight(grant)))) for key in page)


def key_reader(state: ControlState, wanted: KeyFilter, origin: Origin | None = None) -> Reader[Key]:
    """Return the list of the keys that are `wanted`, those of the file first; `origin` says who owns them."""
    declared = [key for key in state.declared_keys() if origin in (None, key.origin) and wanted.fits(key)]

    def stored(after: Place, rows: int) -> Sequence[tuple[Place, Key]]:
        if origin not in (None, "database"):
            return []
        return key_page(state.store, wanted, checked(after, float, str) if after else None, rows)

    return declared_first(declared, stored)


def keys_named(state: ControlState, name_or_id: str) -> Iterator[Key]:
    """Yield the keys of this id, then those of this name; of each the file's first."""
    keys = (*state.declared_keys(), *keys_called(state.store, name_or_id))
    yield from (key for key in keys if key.id == name_or_id)
    yield from (key for key in keys if key.name == name_or_id and key.id != name_or_id)


def find_key_for(state: ControlState, grant: Grant, name_or_id: str) -> Key:
    """Return the key of this id, or else of this name, if the caller may see it.

    Raises:
        Problem: 404.
    """
    seen = sight(grant)
    for key in keys_named(state, name_or_id):
        if seen is None or seen.covers(key):
            return key
    raise Problem(404, "key_not_found", "There is no such key; GET /api/v1/keys lists them.")


def parent_of(state: ControlState, grant: Grant, wanted: NewKey) -> Key | None:
    """Return the key that is to answer for the new one, with what follows from those above it: whose it is, its end."""
    caller = grant.caller
    parent: Key | None
    if caller.key is not None and grant.reach != "all":
        _refuse_to_key(caller.key, wanted)
        parent = caller.key
    elif caller.key is not None and stands_below_caller(wanted):
        parent = caller.key
    else:
        parent = find_key_for(state, grant, wanted.parent) if wanted.parent else None
    if parent is None:
        return None
    if wanted.team or wanted.user:
        raise Problem(422, "invalid_field", "team, user: a key below another has its parent's; leave them out.")
    links = _chain(state, parent)
    if len(links) >= MAX_CHAIN:
        raise Problem(
            422, "invalid_field", f"parent: keys may stand {MAX_CHAIN} deep, and {parent.name!r} is the last."
        )
    return replace(
        parent,
        team=_first(link.team for link in links),
        user=_first(link.user for link in links),
        expires_at_s=min((link.expires_at_s for link in links if link.expires_at_s is not None), default=None),
    )


def _refuse_to_key(own: Key, wanted: NewKey) -> None:
    if wanted.parent is not None and wanted.parent not in (own.id, own.name):
        raise RoleNotAllowed(f"A key of the role {own.role} makes keys below its own only; leave `parent` out.")


_PRIVILEGES: Final = ("passthrough", "allow_unpriced")
_LEAVES: Final = ("unpriced", "unbounded_input")


def as_allowed(state: ControlState, grant: Grant, wanted: NewKey, *, may_choose: bool = False) -> NewKey:
    """Return what is to be made, with what follows from who makes it; `may_choose`: also what the key is.

    Raises:
        RoleNotAllowed: it is more than the caller can give.
        TooManyKeys: there are as many temporary ones already.
    """
    if grant.is_for_all:
        return wanted
    caller = grant.caller
    if caller.role == "inferrer":
        wanted = as_temporary(state, caller, wanted)
    if wanted.role != "inferrer":
        raise RoleNotAllowed(f"The role {caller.role} makes keys of the role inferrer, not {wanted.role}.")
    if wanted.key is not None and not may_choose:
        raise RoleNotAllowed("Only an admin chooses a key; leave `key` out and a random one is made.")
    if caller.key is None:
        _refuse_privileges(wanted)
        if grant.reach == "own":
            _refuse_too_many(state, grant)
        return wanted if wanted.parent else _as_of_person(state, grant, wanted)
    return wanted


def _refuse_privileges(wanted: BaseModel) -> None:
    """Refuse what lets a key do more than the installation's policy."""
    given = [name for name in _PRIVILEGES if getattr(wanted, name, False)]
    given += [name for name in _LEAVES if getattr(wanted, name, "") == "allow"]
    if given:
        raise RoleNotAllowed(f"Only an admin gives a key {', '.join(given)}.")


def _as_of_person(state: ControlState, grant: Grant, wanted: NewKey) -> NewKey:
    """Return `wanted` as it is charged: to a team that the caller administers, or to the caller and their team."""
    caller = grant.caller
    if grant.reach == "team" and wanted.user != caller.user:
        team = wanted.team or _only(caller.teams, "team")
        if team not in caller.teams:
            raise RoleNotAllowed(f"{caller.user!r} does not administer the team {team!r}.")
        if wanted.user and wanted.user not in {member.user for member in members_of(state.store, team)}:
            raise RoleNotAllowed(f"{wanted.user!r} is not in the team {team!r}, so nothing is charged to them there.")
        return wanted.model_copy(update={"team": team})
    if wanted.user not in ("", caller.user):
        raise RoleNotAllowed("A member makes keys of their own only; leave `user` out.")
    team = wanted.team or (_only(caller.member_of, "team") if caller.member_of else "")
    if team and team not in caller.member_of:
        raise RoleNotAllowed(f"{caller.user!r} is not in the team {team!r}.")
    tops = [key for key in _own_keys(state, grant) if key.parent_id is None]
    given = [key for key in tops if not _is_own_and_temporary(state, caller, key)]
    if given and all(_is_bound(state, key) for key in given):
        parent = _only(frozenset(key.id for key in given), "parent")
        return wanted.model_copy(update={"parent": parent, "team": "", "user": ""})
    _refuse_new_allowance(state, grant)
    return wanted.model_copy(update={"team": team, "user": caller.user})


def _is_bound(state: ControlState, key: Key) -> bool:
    """Whether a key may less than one that a person would make; what they make then stands below it."""
    says_no = key.unpriced == "deny" or key.unbounded_input == "deny" or key.cache == "off" or not key.clamp
    if says_no or key.allowed_models or key.allowed_ips or key.expires_at_s is not None:
        return True
    return any(limit.scope == f"key:{key.name}" and limit.mode == "hard" for limit in state.catalog().limits)


def _is_own_and_temporary(state: ControlState, caller: Caller, key: Key) -> bool:
    """Whether a key is one that the caller has made for a while: its end is theirs, and binds nothing of theirs."""
    return key.temporary and has_done(state.store, caller.id, "key.create", "key", key.id)


def refuse_release(state: ControlState, grant: Grant, key: Key) -> None:
    """Refuse a member to revoke a key that was given with limits or the like: the next one would have none.

    Raises:
        RoleNotAllowed
    """
    if grant.reach != "own" or grant.caller.key is not None:
        return
    if _is_own_and_temporary(state, grant.caller, key):
        return
    if key.parent_id is None and _is_bound(state, key):
        raise RoleNotAllowed(f"{key.name!r} is bound by what an admin said, who alone revokes it; you may disable it.")


def _own_keys(state: ControlState, grant: Grant) -> list[Key]:
    """Return the keys of a person, at most as many as they may have."""
    own = KeyFilter(sight=KeySight(users=frozenset({grant.caller.user})))
    return [key for _, key in key_reader(state, own)((), MAX_OWN_KEYS)]


def most_of_user(grant: Grant) -> int | None:
    """Return how many keys the person who asks may have; None is as many as they like."""
    return MAX_OWN_KEYS if grant.reach == "own" and grant.caller.key is None else None


def _refuse_too_many(state: ControlState, grant: Grant) -> None:
    if len(_own_keys(state, grant)) >= MAX_OWN_KEYS:
        raise RoleNotAllowed(f"A member has at most {MAX_OWN_KEYS} keys; revoke one first.")


def _refuse_new_allowance(state: ControlState, grant: Grant) -> None:
    """Refuse a member another key where limits are on keys: each new one would be allowed as much again.

    Raises:
        RoleNotAllowed
    """
    own = _own_keys(state, grant)
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


def refuse_beyond(grant: Grant, wanted: ChangedKey) -> None:
    """Refuse a change of what is not the caller's to decide."""
    if grant.is_for_all:
        return
    beyond = sorted(wanted.model_fields_set - _CHANGED_BY.get(grant.reach, frozenset()))
    if beyond:
        raise RoleNotAllowed(f"{', '.join(beyond)}: only an admin changes that of a key.")


def _chain(state: ControlState, key: Key) -> list[Key]:
    """Return a key with its parents, as far as they are there."""
    links = [key]
    while (parent_id := links[-1].parent_id) is not None and len(links) < MAX_CHAIN:
        parent = next((one for one in keys_named(state, parent_id) if one.id == parent_id), None)
        if parent is None:
            break
        links.append(parent)
    return links


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")

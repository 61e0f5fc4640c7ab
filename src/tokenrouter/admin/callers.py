"""Who calls the admin API, and how far what they ask for reaches.

A caller shows a key as bearer, or the cookie of a session; the rules for a key (digest, parents, expiry) are the data
plane's own, so both planes always agree. What a caller may is said by one table (`admin/permissions.py`); a route names
its action and gets a `Grant`, through which it also writes, so that the audit log names the caller.
"""

import hmac
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from tokenrouter.admin.csrf import check_unsafe
from tokenrouter.admin.permissions import PERMISSIONS, Reach, Role, reach_of
from tokenrouter.admin.sessions import SignedIn, find_signed_in, visitor_of
from tokenrouter.admin.state import ControlState, State
from tokenrouter.domain.actors import Actor
from tokenrouter.domain.catalog import Key
from tokenrouter.domain.errors import MissingKey, RoleNotAllowed
from tokenrouter.gateway.directory import Principal
from tokenrouter.store.engine import Store
from tokenrouter.store.keys import child_ids
from tokenrouter.store.within import Within

bearer = HTTPBearer(auto_error=False, scheme_name="key", description="An API key of this gateway.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Attributes:
        key: that was shown, or with which the session was begun; None for people and passwords.
        user: the name of the person who is signed in, "" for others.
        teams: those that the person administers.
        member_of: those that the person is in.
    """

    role: Role
    actor: Actor
    key: Key | None = None
    user: str = ""
    teams: frozenset[str] = frozenset()
    member_of: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """What is noted as the maker of something: the id of a person or key, "" for a password."""
        return self.actor.id


@dataclass(frozen=True, slots=True)
class Grant:
    """That a caller may do an action, within a reach. `store` writes in the caller's name."""

    caller: Caller
    reach: Reach
    store: Store = field(repr=False)

    @property
    def is_for_all(self) -> bool:
        return self.reach == "all"

    def covers_scope(self, scope: str) -> bool:
        """Whether what belongs to `scope` (`team:physics`, `user:ann`, `global`) is the caller's to decide."""
        if self.reach == "all":
            return True
        kind, _, name = scope.partition(":")
        if kind == "team":
            return self.reach == "team" and name in self.caller.teams
        return kind == "user" and bool(name) and name == self.caller.user


class Needs:
    """A dependency that lets callers pass who may do `action`, and says how far it reaches for them."""

    def __init__(self, action: str) -> None:
        self.action = action
        PERMISSIONS[action]

    def __call__(self, request: Request, state: State, credentials: Credentials) -> Grant:
        """Return what the caller was granted.

        Raises:
            InvalidKey: no key and no session, or one that is not good.
            RoleNotAllowed: the caller's role does not have this.
            Problem: 403, a session's cookie without its token.
        """
        return self.grant(state, caller_of(state, request, credentials))

    def grant(self, state: ControlState, caller: Caller) -> Grant:
        """Return what `caller` is granted.

        Raises:
            RoleNotAllowed: nothing is.
        """
        reach = reach_of(self.action, caller.role)
        if reach == "-":
            able = [role for role, cell in PERMISSIONS[self.action].items() if cell != "-"]
            raise RoleNotAllowed(
                f"This ({self.action}) needs the role {' or '.join(able)}; {_called(caller)} is {caller.role}."
            )
        return Grant(caller, reach, state.store.acting(caller.actor))


def needs(action: str) -> Any:
    """Return what a route is annotated with for its caller to be granted `action`, such as `keys.read`.

    Raises:
        KeyError: the table has no such action.
    """
    return Depends(Needs(action))


def caller_of(state: ControlState, request: Request, credentials: HTTPAuthorizationCredentials | None) -> Caller:
    """Return who calls.

    Raises:
        InvalidKey: no key and no session, or one that is not good.
        Problem: 403, a session's cookie without its token.
    """
    address = request.headers.get("x-forwarded-for", "")
    if credentials is not None and credentials.credentials:
        principal = state.directory().authenticate(
            (credentials.credentials.encode("utf-8", "replace"),), state.clock(), address
        )
        return caller_with_key(principal, address)
    found = find_signed_in(state, visitor_of(request))
    if found is None:
        raise MissingKey("No API key was sent; send it as 'Authorization: Bearer <key>', or sign in.")
    check_unsafe(request, found.session)
    return caller_signed_in(found, address)


def caller_with_key(principal: Principal, address: str) -> Caller:
    """Return the caller who has shown a key."""
    key = principal.key
    return Caller(key.role, Actor("key", key.id, key.name, address), key)


def caller_signed_in(found: SignedIn, address: str) -> Caller:
    """Return the caller whose session it is; a member who administers a team is a `team_admin`."""
    if found.principal is not None:
        return caller_with_key(found.principal, address)
    user, actor = found.user, found.actor(address)
    if user is None:
        return Caller("admin", actor)
    teams = frozenset(one.team for one in found.memberships if one.admin)
    role: Role = "team_admin" if teams and user.role == "member" else user.role
    member_of = frozenset(one.team for one in found.memberships)
    return Caller(role, actor, None, user.name, teams, member_of)


def within(state: ControlState, grant: Grant) -> Within | None:
    """Return whose ledger rows are meant; None is everybody's."""
    caller = grant.caller
    if grant.reach == "all":
        return None
    if caller.key is not None:
        return Within(key_ids=frozenset({caller.key.id, *_family_ids(state, caller.key.id)}))
    users = frozenset({caller.user} - {""})
    return Within(teams=caller.teams if grant.reach == "team" else frozenset(), users=users)


def _family_ids(state: ControlState, root: str) -> frozenset[str]:
    """Return the ids of all keys below `root`, of the file and of the database."""
    declared = {key.id: key.parent_id for key in state.declared_keys()}
    found: set[str] = set()
    parents = {root}
    while parents:
        own = {key_id for key_id, parent in declared.items() if parent in parents}
        parents = (own | child_ids(state.store, parents)) - found - {root}
        found |= parents
    return frozenset(found)


def _called(caller: Caller) -> str:
    return repr(caller.actor.name)


def metrics_reader(request: Request, state: State, credentials: Credentials) -> None:
    """Let whoever may read metrics pass, and whoever has the metrics token.

    Raises:
        InvalidKey, RoleNotAllowed
    """
    token = state.settings.metrics_token
    sent = credentials.credentials.encode("utf-8", "replace") if credentials else b""
    if token and hmac.compare_digest(token.encode(), sent):
        return
    Needs("metrics.read")(request, state, credentials)

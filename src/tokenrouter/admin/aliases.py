"""`/api/v1/aliases`: model names of the operator's own listed, made, changed and removed.

Aliases of the file are listed with the place that declares them, and changed there.
"""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Body, Response
from starlette.responses import StreamingResponse

from tokenrouter.admin.alias_bodies import AliasList, ChangedAlias, NewAlias, ShownAlias
from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.etags import IfMatch, tagged
from tokenrouter.admin.paging import CSV, Reader, WantedPage, declared_first, listing, whole_list
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Words
from tokenrouter.domain.alias_text import alias_fields, read_alias
from tokenrouter.domain.aliases import GLOBAL, Alias, profiles_of
from tokenrouter.domain.errors import RoleNotAllowed
from tokenrouter.gateway.alias_routes import alias_ends
from tokenrouter.jobs.alias_changes import alias_check
from tokenrouter.store.aliases import StoredAlias, create_alias, list_aliases, remove_alias, update_alias

router: Final = APIRouter(prefix="/api/v1/aliases", tags=["aliases"])

Reading = Annotated[Grant, needs("aliases.read")]
Writing = Annotated[Grant, needs("aliases.write")]


@router.get("", response_model=AliasList, responses=CSV)
def list_all(
    state: State, grant: Reading, page: WantedPage, q: Words = "", scope: Words = ""
) -> AliasList | StreamingResponse:
    """Return the aliases, those of the file first; `q` stands in the name, the scope or the comment."""
    reader, catalog = _reader(state, grant, q, scope), state.catalog()
    found = listing("aliases", page, ShownAlias, reader, partial(_shown, state))
    if isinstance(found, StreamingResponse):
        return found
    profiles = list(profiles_of(catalog.aliases))
    return AliasList(active_model_profile=catalog.active_profile, profiles=profiles, data=found.data, next=found.next)


@router.post("", status_code=201)
def create(state: State, grant: Writing, wanted: Annotated[NewAlias, Body()]) -> ShownAlias:
    """Make an alias; it can be asked for at once."""
    alias = read_alias(wanted.model_dump(exclude_none=True))
    _require_own(grant, alias.scope)
    _refuse_declared(state, alias.scope, alias.name)
    check = alias_check(state.settings, alias)
    made = create_alias(
        grant.store, alias, check, comment=wanted.comment or "", made_by=grant.caller.id, now_s=state.clock()
    )
    state.keys_changed()
    return _shown(state, made)


@router.get("/{name:path}")
def read_one(state: State, grant: Reading, name: str, response: Response, scope: str = GLOBAL) -> ShownAlias:
    """Return one alias; `scope` says whose it is."""
    return tagged(response, _shown(state, _find(state, grant, scope, name)))


@router.patch("/{name:path}")
def change(
    state: State,
    grant: Writing,
    name: str,
    wanted: Annotated[ChangedAlias, Body()],
    if_match: IfMatch,
    response: Response,
    scope: str = GLOBAL,
) -> ShownAlias:
    """Change an alias of the database; the next request follows it."""
    found = _find_own(state, grant, scope, name).alias
    alias = read_alias(alias_fields(found) | wanted.model_dump(exclude_none=True), found.origin)
    seen = if_match.check(partial(_shown, state))
    changed = update_alias(grant.store, alias, alias_check(state.settings, alias), comment=wanted.comment, seen=seen)
    state.keys_changed()
    return tagged(response, _shown(state, changed))


@router.delete("/{name:path}")
def remove(state: State, grant: Writing, name: str, if_match: IfMatch, scope: str = GLOBAL) -> ShownAlias:
    """Remove an alias of the database to which no other leads, and return it."""
    found = _find_own(state, grant, scope, name)
    gone = _shown(state, found)
    seen = if_match.check(partial(_shown, state))
    remove_alias(grant.store, found.alias, alias_check(state.settings, None), seen=seen)
    state.keys_changed()
    return gone


def readable_aliases(state: ControlState, grant: Grant) -> list[Alias]:
    """Return the aliases that the caller may see, those of the file first."""
    return [one.alias for one in _all(state) if may_read(grant, one.alias)]


def _all(state: ControlState) -> list[StoredAlias]:
    return [*map(StoredAlias, state.settings.aliases), *list_aliases(state.store)]


def _reader(state: ControlState, grant: Grant, words: str, scope: str) -> Reader[StoredAlias]:
    """Return the list of the aliases that the caller may see and that are wanted.

    All are read: every process holds them in memory anyway, so they are never very many.
    """
    found = [
        one
        for one in _all(state)
        if may_read(grant, one.alias)
        and scope in ("", one.alias.scope)
        and words.casefold() in f"{one.alias.name}\n{one.alias.scope}\n{one.comment}".casefold()
    ]
    declared = [one for one in found if one.alias.origin != "database"]
    stored = sorted((one for one in found if one.alias.origin == "database"), key=_place)
    return declared_first(declared, whole_list(stored, _place))


def _place(one: StoredAlias) -> tuple[float, str, str]:
    return one.created_at_s, one.alias.scope, one.alias.name


def may_read(grant: Grant, alias: Alias) -> bool:
    """Whether the caller may see an alias: its own, those of its teams, and those that everybody may ask for."""
    kind, _, name = alias.scope.partition(":")
    return (
        alias.scope == GLOBAL or grant.covers_scope(alias.scope) or (kind == "team" and name in grant.caller.member_of)
    )


def _require_own(grant: Grant, scope: str) -> None:
    if not grant.covers_scope(scope):
        raise RoleNotAllowed(f"Aliases of {scope} are not {grant.caller.actor.name!r}'s to change.")


def _find(state: ControlState, grant: Grant, scope: str, name: str) -> StoredAlias:
    for one in _all(state):
        if (one.alias.scope, one.alias.name) == (scope, name) and may_read(grant, one.alias):
            return one
    raise Problem(404, "alias_not_found", "There is no such alias of that scope; GET /api/v1/aliases lists them.")


def _find_own(state: ControlState, grant: Grant, scope: str, name: str) -> StoredAlias:
    found = _find(state, grant, scope, name)
    _require_own(grant, scope)
    _refuse_declared(state, scope, name)
    return found


def _refuse_declared(state: ControlState, scope: str, name: str) -> None:
    declared = _declared(state, scope, name)
    if declared is not None:
        words = f"The alias {name!r} of {scope} is declared at {declared.origin}"
        raise Problem(409, "declared_elsewhere", f"{words}; change it there.")


def _shown(state: ControlState, stored: StoredAlias) -> ShownAlias:
    alias = stored.alias
    is_stored = alias.origin == "database"
    leads_to, problem = alias_ends(state.directory(), alias)
    return ShownAlias.model_validate(
        {
            **alias_fields(alias),
            "comment": stored.comment,
            "leads_to": leads_to,
            "problem": problem,
            "origin": "database" if is_stored else "file",
            "declared_at": "" if is_stored else alias.origin,
            "shadowed": is_stored and _declared(state, alias.scope, alias.name) is not None,
            "created_at": time_text(stored.created_at_s or None),
        }
    )


def _declared(state: ControlState, scope: str, name: str) -> Alias | None:
    return next((one for one in state.settings.aliases if (one.scope, one.name) == (scope, name)), None)

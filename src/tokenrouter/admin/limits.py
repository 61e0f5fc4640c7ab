"""`/api/v1/limits`: limits listed, made, changed, removed, reset and boosted, and what is used of them.

Limits of the file and the environment are listed with the place that declares them, and changed there; they may be
reset here, since what was used is not declared. A keymaster sees the limits on the keys directly below its own. It
makes such limits, changes those that it made, and none of them allows more than the template whose place it takes.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Body, Query, Response
from starlette.responses import StreamingResponse

from tokenrouter.admin.amounts import amount_of, time_text
from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.etags import IfMatch, tagged
from tokenrouter.admin.key_rules import keys_named, sight
from tokenrouter.admin.limit_bodies import (
    ChangedLimit,
    GivenBack,
    LimitUse,
    ListedLimit,
    MadeLimit,
    NewBoost,
    NewLimit,
    NewReset,
    Origin,
    Reset,
    ScopeUse,
    ShownLimit,
    UseNow,
)
from tokenrouter.admin.limit_use import with_use
from tokenrouter.admin.paging import CSV, Page, Place, Reader, WantedPage, checked, declared_first, listing
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Words
from tokenrouter.config.environment import RATE_ORIGIN
from tokenrouter.domain.catalog import Key
from tokenrouter.domain.errors import RoleNotAllowed
from tokenrouter.domain.limit_checks import Names, contradiction, limit_warnings, subject_mistake
from tokenrouter.domain.limit_text import (
    DAYS,
    InvalidLimit,
    limit_fields,
    limit_handle,
    read_limit,
    window_text,
)
from tokenrouter.domain.limits import Limit, Metric, ScopeKind, kind_of
from tokenrouter.jobs.catalog_builder import subject_names
from tokenrouter.jobs.limit_adjustments import reset_limit
from tokenrouter.jobs.limit_states import limit_states
from tokenrouter.store.adjustments import Adjustment
from tokenrouter.store.key_pages import KeyFilter, KeySight, key_page
from tokenrouter.store.keys import keys_called
from tokenrouter.store.limit_pages import LimitFilter, LimitSight, limit_page
from tokenrouter.store.limits import StoredLimit, create_limit, limits_of, remove_limit, update_limit
from tokenrouter.store.teams import memberships_of

router: Final = APIRouter(prefix="/api/v1/limits", tags=["limits"])

Reading = Annotated[Grant, needs("limits.read")]
Writing = Annotated[Grant, needs("limits.write")]
Resetting = Annotated[Grant, needs("limits.reset")]

MAX_COMPARED_KEYS: Final = 1000
"""Most keys among which a name like a mistaken one is looked for: some milliseconds; a hundred thousand take many
seconds."""
PAGE_SCOPES: Final = 1000
"""Most scopes of a template in one answer."""


@router.get("", response_model=Page[ListedLimit], responses=CSV)
def list_all(
    state: State,
    grant: Reading,
    page: WantedPage,
    q: Words = "",
    scope: Words = "",
    kind: Annotated[ScopeKind | None, Query(description="A kind of scope.")] = None,
    team: Annotated[Words, Query(description="On a team, on who is in it, on its keys.")] = "",
    metric: Metric | None = None,
    use: Annotated[bool, Query(description="Whether to say how it stands with each.")] = False,
    is_now: Annotated[
        Literal["near", "stopped"] | None,
        Query(alias="state", description="`near`: nothing is left, or little; `stopped`: nothing is."),
    ] = None,
) -> Page[ListedLimit] | StreamingResponse:
    """Return the limits, those of the file and the environment first; `q` stands in the scope or the comment."""
    wanted = LimitFilter(q, scope, metric, kind=kind or "", team=team, sight=_sight(state, grant))
    reader = with_use(state, _reader(state, wanted), is_asked=use or is_now is not None, is_now=is_now)
    return listing("limits", page, ListedLimit, reader, partial(_listed, state))


@router.post("", status_code=201)
def create(state: State, grant: Writing, wanted: Annotated[NewLimit, Body()]) -> MadeLimit:
    """Make a limit; it counts what was used since its window began, and holds at once."""
    limit = read_limit(wanted.model_dump())
    _require_below(state, grant, limit)
    _refuse_wrong_subject(state, limit)
    declared = contradiction(limit, state.settings.limits)
    if declared is not None:
        raise Problem(409, "limit_exists", f"There is one already: {declared.message}; change it there.")
    _refuse_more_than_template(state, grant, limit)
    made = create_limit(grant.store, limit, comment=wanted.comment, made_by=grant.caller.id, now_s=state.clock())
    state.keys_changed()
    return _made(state, made)


@router.get("/{limit_id}")
def read_one(state: State, grant: Reading, limit_id: str, response: Response) -> ShownLimit:
    """Return one limit."""
    return tagged(response, shown(state, _find(state, grant, limit_id)))


@router.patch("/{limit_id}")
def change(
    state: State, grant: Writing, limit_id: str, wanted: Annotated[ChangedLimit, Body()], if_match: IfMatch
) -> MadeLimit:
    """Change a limit of the database; takes effect at once, on what is used as well."""
    found = _find_own(state, grant, limit_id)
    changed = _with(found.limit, amount=wanted.amount, carry_over=wanted.carry_over)
    _refuse_more_than_template(state, grant, changed)
    check = if_match.check(partial(shown, state))
    updated = update_limit(grant.store, changed, comment=wanted.comment, check=check)
    state.keys_changed()
    return _made(state, updated)


@router.delete("/{limit_id}")
def remove(state: State, grant: Writing, limit_id: str, if_match: IfMatch) -> ShownLimit:
    """Remove a limit of the database and return it; what was used stays in the books."""
    found = _find_own(state, grant, limit_id)
    gone = shown(state, found)
    remove_limit(grant.store, found.limit.id, check=if_match.check(partial(shown, state)))
    state.keys_changed()
    return gone


@router.post("/{limit_id}/boost")
def boost(
    state: State, grant: Writing, limit_id: str, wanted: Annotated[NewBoost, Body()], if_match: IfMatch
) -> MadeLimit:
    """Allow more until a time."""
    found = _find_own(state, grant, limit_id)
    now_s = state.clock()
    if wanted.until is None and wanted.amount != 0:
        raise Problem(422, "invalid_field", "until: is missing; a boost ends.")
    if wanted.until is not None and wanted.until.timestamp() <= now_s:
        raise Problem(422, "invalid_field", "until: it is in the past; an amount of 0 ends a boost.")
    changed = _with(found.limit, boost=wanted.amount, boost_until=wanted.until or now_s)
    _refuse_more_than_template(state, grant, changed)
    now_us = int(now_s * 1e6)
    written = Adjustment(
        "boost", changed.id, changed.scope, changed.boost, now_us, now_us, grant.caller.actor.name, wanted.reason
    )
    check = if_match.check(partial(shown, state))
    updated = update_limit(grant.store, changed, boosted=written, check=check)
    state.keys_changed()
    return _made(state, updated)


@router.post("/{limit_id}/reset")
def reset(state: State, grant: Resetting, limit_id: str, wanted: Annotated[NewReset, Body()]) -> Reset:
    """Give back what was used in the window of now; what running requests hold stays held."""
    found = _find(state, grant, limit_id)
    _refuse_others(grant, found)
    state.drain_now()
    given_back = reset_limit(
        grant.store,
        found.limit,
        wanted.scope,
        made_by=grant.caller.actor.name,
        reason=wanted.reason,
        now_s=state.clock(),
    )
    state.keys_changed()
    metric = found.limit.metric
    return Reset(data=[GivenBack(scope=one, amount=amount_of(metric, used)) for one, used in given_back.items()])


@router.get("/{limit_id}/use")
def use(state: State, grant: Reading, limit_id: str, after: str = "") -> LimitUse:
    """Return what is used of a limit now, by each scope that it counts apart; those after `after`, a page of them."""
    found = _find(state, grant, limit_id)
    now_s, metric = state.clock(), found.limit.metric
    states = [one for one in limit_states(found.limit, state.limit_figures(), now_s) if one.scope > after]
    return LimitUse(
        limit=shown(state, found),
        data=[
            ScopeUse(
                scope=one.scope,
                amount=amount_of(metric, one.amount),
                used=amount_of(metric, one.used),
                held=amount_of(metric, one.held),
                left=amount_of(metric, one.left),
                resets_at=None if one.resets_in_s is None else time_text(now_s + one.resets_in_s),
            )
            for one in states[:PAGE_SCOPES]
        ],
        next=states[PAGE_SCOPES - 1].scope if len(states) > PAGE_SCOPES else None,
    )


def shown(state: ControlState, stored: StoredLimit) -> ShownLimit:
    """Return what is shown of a limit."""
    limit = stored.limit
    metric, window = limit.metric, limit.window
    origin = _origin(limit)
    return ShownLimit(
        id=limit_handle(limit.id),
        scope=limit.scope,
        metric=metric,
        window=window_text(window),
        tz=window.tz,
        week_start=DAYS[window.week_start],
        amount=amount_of(metric, limit.amount),
        mode=limit.mode,
        boost=amount_of(metric, limit.boost),
        boost_until=time_text(limit.boost_until_s or None),
        allowed=amount_of(metric, limit.amount_at(state.clock())),
        carry_over=amount_of(metric, limit.carry_over),
        comment=stored.comment,
        origin=origin,
        declared_at="" if origin == "database" else limit.origin,
        shadowed=origin == "database" and contradiction(limit, state.settings.limits) is not None,
        created_at=time_text(stored.created_at_s or None),
    )


def _listed(state: ControlState, row: tuple[StoredLimit, UseNow | None]) -> ListedLimit:
    stored, use = row
    return ListedLimit(use=use, **shown(state, stored).model_dump())


def _origin(limit: Limit) -> Origin:
    if limit.origin == "database":
        return "database"
    return "environment" if limit.origin.startswith(RATE_ORIGIN) else "file"


def _made(state: ControlState, stored: StoredLimit) -> MadeLimit:
    limit = stored.limit
    others = [one.limit for one in _of_scope(state, limit.scope)]
    warnings = limit_warnings(limit, others, _names(state, limit), state.catalog().prices, state.clock())
    return MadeLimit(warnings=warnings, **shown(state, stored).model_dump())


def _reader(state: ControlState, wanted: LimitFilter) -> Reader[StoredLimit]:
    """Return the list of the limits that are `wanted`, those of the file and the environment first."""
    declared = [one for one in map(StoredLimit, state.settings.limits) if _fits(state, one.limit, wanted)]

    def stored(after: Place, rows: int) -> Sequence[tuple[Place, StoredLimit]]:
        return limit_page(state.store, wanted, checked(after, float, str) if after else None, rows)

    return declared_first(declared, stored)


def _fits(state: ControlState, limit: Limit, wanted: LimitFilter) -> bool:
    """Whether a limit that is not of the database is among them; it has no comment."""
    return (
        wanted.words.casefold() in limit.scope.casefold()
        and wanted.scope in ("", limit.scope)
        and wanted.metric in (None, limit.metric)
        and wanted.kind in ("", limit.scope.partition(":")[0])
        and (not wanted.team or _is_of_team(state, limit.scope, wanted.team))
        and wanted.handle in ("", limit.id, limit_handle(limit.id))
        and (wanted.sight is None or _sees(state, wanted.sight, limit.scope))
    )


def _is_of_team(state: ControlState, scope: str, team: str) -> bool:
    """Whether a scope is a team, somebody who is in it or a key that is charged to it."""
    kind, _, name = scope.partition(":")
    if kind == "key":
        return any(key.name == name and key.team == team for key in keys_named(state, name))
    if kind == "user":
        return any(one.team == team for one in memberships_of(state.store, name))
    return scope == f"team:{team}"


def _sees(state: ControlState, sight: LimitSight, scope: str) -> bool:
    kind, _, name = scope.partition(":")
    keys = keys_named(state, name) if kind == "key" else ()
    return scope in sight.scopes or any(key.name == name and sight.keys.covers(key) for key in keys)


def _of_scope(state: ControlState, scope: str) -> list[StoredLimit]:
    with state.store.read() as connection:
        stored = limits_of(connection, scope)
    return [*(StoredLimit(limit) for limit in state.settings.limits if limit.scope == scope), *stored]


def _sight(state: ControlState, grant: Grant) -> LimitSight | None:
    """Return which limits concern the caller: of its keys, and of people also their own and their teams'."""
    keys, caller = sight(grant), grant.caller
    if grant.is_for_all or keys is None:
        return None
    scopes = {f"key:{key.name}" for key in state.declared_keys() if keys.covers(key)}
    if caller.key is None:
        scopes |= {f"team:{team}" for team in caller.teams | caller.member_of}
        scopes |= {f"user:{caller.user}"} if caller.user else set()
    return LimitSight(frozenset(scopes), keys)


def _find(state: ControlState, grant: Grant, limit_id: str) -> StoredLimit:
    for _, one in _reader(state, LimitFilter(handle=limit_id, sight=_sight(state, grant)))((), 1):
        return one
    raise Problem(404, "limit_not_found", "There is no such limit; GET /api/v1/limits lists them.")


def _find_own(state: ControlState, grant: Grant, limit_id: str) -> StoredLimit:
    """Return a limit of the database that the caller may change."""
    found = _find(state, grant, limit_id)
    if found.limit.origin != "database":
        words = f"The {found.limit.metric} limit of {found.limit.scope} is declared at {found.limit.origin}"
        raise Problem(409, "declared_elsewhere", f"{words}; change it there.")
    _refuse_others(grant, found)
    return found


def _refuse_others(grant: Grant, found: StoredLimit) -> None:
    """Refuse to touch a limit that somebody else has made: it may be there to hold the caller as well."""
    if not grant.is_for_all and found.made_by != grant.caller.id:
        raise RoleNotAllowed(f"The role {grant.caller.role} changes the limits that it made itself; ask an admin.")


def _require_below(state: ControlState, grant: Grant, limit: Limit) -> None:
    if grant.is_for_all:
        return
    below = sight(grant)
    if not _sees(state, LimitSight(keys=below or KeySight()), limit.scope):
        raise RoleNotAllowed(
            f"The role {grant.caller.role} limits keys that are its own: scope key:NAME of one of them."
        )


def _refuse_more_than_template(state: ControlState, grant: Grant, limit: Limit) -> None:
    """A named limit takes the place of its template, so a keymaster could give what it was not given."""
    if grant.is_for_all:
        return
    for one in _of_scope(state, "key:*"):
        template = one.limit
        if kind_of(template) != kind_of(limit):
            continue
        if limit.amount + limit.boost + limit.carry_over > template.amount:
            most = amount_of(template.metric, template.amount)
            raise RoleNotAllowed(f"The limit of every key is {most} here; only an admin gives a key more than that.")


def _refuse_wrong_subject(state: ControlState, limit: Limit) -> None:
    mistake = subject_mistake(limit, _names(state, limit))
    if mistake is not None:
        raise InvalidLimit(mistake)


def _names(state: ControlState, limit: Limit) -> Names:
    """Return what limits may name. Of very many keys only those that `limit` names: nobody looks for a likeness there.

    The Catalog lags a moment, so the database is asked for them, too.
    """
    catalog = state.catalog()
    keys = catalog.keys if len(catalog.keys) <= MAX_COMPARED_KEYS else state.declared_keys()
    return subject_names(state.settings, (*keys, *_named_by(state, limit.scope)), catalog.providers, catalog.aliases)


def _named_by(state: ControlState, scope: str) -> Sequence[Key]:
    """Return the keys of the database that `scope` names, or one that is charged to whom it names."""
    kind, _, name = scope.partition(":")
    if kind == "key":
        return keys_called(state.store, name)
    if kind not in ("team", "user"):
        return ()
    charged = KeyFilter(team=name) if kind == "team" else KeyFilter(user=name)
    return [key for _, key in key_page(state.store, charged, None, 1)]


def _with(limit: Limit, **changes: object) -> Limit:
    """Return `limit` with what is not None of `changes`, read as a new one would be.

    Raises:
        InvalidLimit: it cannot be so.
    """
    values = limit_fields(limit) | {name: value for name, value in changes.items() if value is not None}
    return replace(read_limit(values), origin=limit.origin)

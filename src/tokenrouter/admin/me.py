"""`/api/v1/me`: what somebody's own page shows, in one answer: who they are, what is theirs, and what is left of it."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel

from tokenrouter.admin.amounts import Sums, sums_of
from tokenrouter.admin.callers import Caller, Grant, Needs, needs
from tokenrouter.admin.key_bodies import ListedKey, NewKey, shown
from tokenrouter.admin.key_rules import as_allowed, key_reader, parent_of
from tokenrouter.admin.limit_bodies import HoldingLimit
from tokenrouter.admin.limit_use import holding_limits
from tokenrouter.admin.permissions import Role
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.subject_figures import figures_of_keys
from tokenrouter.admin.temporary_keys import check_temporary
from tokenrouter.domain.catalog import Key
from tokenrouter.domain.errors import RoleNotAllowed
from tokenrouter.jobs.shown_address import url_for_others
from tokenrouter.store.errors import TooManyKeys
from tokenrouter.store.key_pages import KeyFilter, KeySight
from tokenrouter.store.usage import UsageFilter, usage_sums
from tokenrouter.store.within import Within

router: Final = APIRouter(prefix="/api/v1/me", tags=["overview"])

MOST_KEYS: Final = 100
"""Own keys that are counted, and whose limits are looked at; a person has twenty at most unless an admin made them."""
SHOWN_KEYS: Final = 10
_CREATE_KEYS: Final = Needs("keys.create")


class OwnUse(BaseModel):
    """What one has used oneself since the UTC day and month began."""

    today: Sums
    month: Sums


class OwnKeys(BaseModel):
    """One's own keys, the first ten of `count`; a hundred stands for a hundred and more."""

    count: int
    data: list[ListedKey]


class Me(BaseModel):
    """Who asks, and what is theirs.

    `limits` are those that hold them, the nearest to its end first. `may_make_keys`, or else `why_not`. Clients are to
    be pointed at `base_url`; it is said by the operator when `is_public`, and is the gateway's own address otherwise.
    """

    kind: str
    id: str
    name: str
    user: str
    role: Role
    teams: list[str]
    administers: list[str]
    keys: OwnKeys
    limits: list[HoldingLimit]
    used: OwnUse
    may_make_keys: bool
    why_not: str
    base_url: str
    is_public: bool


@router.get("")
def read(state: State, grant: Annotated[Grant, needs("me.read")]) -> Me:
    """Return what one's own page shows."""
    caller = grant.caller
    keys = _own_keys(state, caller)
    refusal = _refusal(state, caller)
    public = state.settings.public_url
    return Me(
        kind=caller.actor.kind,
        id=caller.id,
        name=caller.actor.name,
        user=caller.user,
        role=caller.role,
        teams=sorted(caller.member_of),
        administers=sorted(caller.teams),
        keys=_shown_keys(state, keys),
        limits=holding_limits(state, caller, keys),
        used=_used(state, caller),
        may_make_keys=not refusal,
        why_not=refusal,
        base_url=public or f"{url_for_others(state.address)}/v1",
        is_public=bool(public),
    )


def _own_keys(state: ControlState, caller: Caller) -> list[Key]:
    """Return the keys that are charged to a person, or the key that asks."""
    if caller.key is not None:
        return [caller.key]
    if not caller.user:
        return []
    own = KeyFilter(sight=KeySight(users=frozenset({caller.user})))
    return [key for _, key in key_reader(state, own)((), MOST_KEYS)]


def _shown_keys(state: ControlState, keys: list[Key]) -> OwnKeys:
    first = keys[:SHOWN_KEYS]
    data = [
        ListedKey.model_construct(figures=figures, **dict(shown(state, key)))
        for key, figures in zip(first, figures_of_keys(state, first), strict=True)
    ]
    return OwnKeys(count=len(keys), data=data)


def _used(state: ControlState, caller: Caller) -> OwnUse:
    today = datetime.fromtimestamp(state.clock(), UTC).date()
    own = Within(
        users=frozenset({caller.user} - {""}), key_ids=frozenset({caller.key.id} if caller.key is not None else ())
    )
    day, month = (
        sums_of(usage_sums(state.store, UsageFilter(since_day=since.isoformat(), within=own)))
        for since in (today, today.replace(day=1))
    )
    return OwnUse(today=day, month=month)


def _refusal(state: ControlState, caller: Caller) -> str:
    """Return why the caller may not make a key, "" where they may; that they must say more of it is no refusal."""
    try:
        grant = _CREATE_KEYS.grant(state, caller)
        wanted = as_allowed(state, grant, NewKey(name="a key"))
        check_temporary(state, wanted)
        parent_of(state, grant, wanted)
    except RoleNotAllowed as refused:
        return str(refused)
    except TooManyKeys as refused:
        return f"{str(refused).capitalize()}."
    except Problem:
        return ""
    return ""

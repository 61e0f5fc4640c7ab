"""`/api/v1/search`: whatever has a name, found by a part of it: for the field that finds everything.

Each kind is searched as its list is, within the caller's reach, for the first few; a request is found by its whole id.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from tokenrouter.admin.aliases import readable_aliases
from tokenrouter.admin.callers import Caller, Grant, Needs, needs, within
from tokenrouter.admin.key_rules import key_reader, sight
from tokenrouter.admin.people_rules import teams_of, users_of
from tokenrouter.admin.permissions import reach_of
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Words
from tokenrouter.store.decisions import attempts_of
from tokenrouter.store.key_pages import KeyFilter
from tokenrouter.store.people_pages import PeopleFilter, team_page, user_page

router: Final = APIRouter(prefix="/api/v1/search", tags=["overview"])

MOST: Final = 5
"""Of each kind."""
Kind = Literal["key", "user", "team", "provider", "model", "alias", "request"]
_MIN_REQUEST_CHARS: Final = 8


class FoundSubject(BaseModel):
    """One thing that was found: `id` leads to it, `name` is what it is called, `note` tells it from others."""

    kind: Kind
    id: str
    name: str
    note: str


class FoundSubjects(BaseModel):
    """What was found, kind by kind, at most five of each."""

    data: list[FoundSubject]


@router.get("")
def search(
    state: State,
    grant: Annotated[Grant, needs("me.read")],
    q: Annotated[Words, Query(max_length=200, description="A part of a name, or the whole id of a request.")] = "",
) -> FoundSubjects:
    """Return what has `q` in its name, as far as the caller may see it."""
    words = q.strip()
    if not words:
        return FoundSubjects(data=[])
    found: list[FoundSubject] = []
    for action, look in _LOOKS:
        if reach_of(action, grant.caller.role) != "-":
            found += islice(look(state, _granted(state, grant.caller, action), words), MOST)
    return FoundSubjects(data=found)


def _granted(state: ControlState, caller: Caller, action: str) -> Grant:
    return Needs(action).grant(state, caller)


def _keys(state: ControlState, grant: Grant, words: str) -> Iterator[FoundSubject]:
    for _, key in key_reader(state, KeyFilter(words=words, sight=sight(grant)))((), MOST):
        note = " · ".join(part for part in (key.hint, key.team, key.user) if part)
        yield FoundSubject(kind="key", id=key.id, name=key.name, note=note)


def _users(state: ControlState, grant: Grant, words: str) -> Iterator[FoundSubject]:
    wanted = PeopleFilter(words=words, names=users_of(state, grant))
    for _, user in user_page(state.store, wanted, None, MOST):
        yield FoundSubject(kind="user", id=user.id, name=user.name, note=user.email or "")


def _teams(state: ControlState, grant: Grant, words: str) -> Iterator[FoundSubject]:
    names = teams_of(grant)
    for name in state.settings.teams:
        if words.casefold() in name.casefold() and (names is None or name in names):
            yield FoundSubject(kind="team", id=name, name=name, note="")
    for _, team in team_page(state.store, PeopleFilter(words=words, names=names), None, MOST):
        yield FoundSubject(kind="team", id=team.id, name=team.name, note=team.comment)


def _providers(state: ControlState, _grant: Grant, words: str) -> Iterator[FoundSubject]:
    for provider in state.catalog().providers:
        if words.casefold() in provider.name.casefold():
            yield FoundSubject(kind="provider", id=provider.name, name=provider.name, note=provider.kind)


def _models(state: ControlState, _grant: Grant, words: str) -> Iterator[FoundSubject]:
    for name in _best((f"{one.name}/{model}" for one in state.catalog().providers for model in one.models), words):
        yield FoundSubject(kind="model", id=name, name=name, note="")


def _aliases(state: ControlState, grant: Grant, words: str) -> Iterator[FoundSubject]:
    for alias in readable_aliases(state, grant):
        if words.casefold() in alias.name.casefold():
            yield FoundSubject(kind="alias", id=alias.name, name=alias.name, note=alias.scope)


def _requests(state: ControlState, grant: Grant, words: str) -> Iterator[FoundSubject]:
    """Yield the request of this id: ours, since those of others need not be of one request."""
    if len(words) < _MIN_REQUEST_CHARS or " " in words:
        return
    attempts, whose = attempts_of(state.store, words), within(state, grant)
    if attempts:
        last = attempts[-1]
        if whose is None or whose.covers(team=last.team, user=last.user, key_id=last.key_id):
            note = f"{last.key_name} · {last.provider}/{last.model} · {last.end_reason}"
            yield FoundSubject(kind="request", id=attempts[0].id, name=attempts[0].id, note=note)


def _best(names: Iterable[str], words: str) -> list[str]:
    """Return the names that have `words`, those that begin with them first."""
    low = words.casefold()
    found = [name for name in names if low in name.casefold()]
    return sorted(found, key=lambda name: (not name.partition("/")[2].casefold().startswith(low), name))


_LOOKS: Final = (
    ("keys.read", _keys),
    ("users.read", _users),
    ("teams.read", _teams),
    ("providers.read", _providers),
    ("providers.read", _models),
    ("aliases.read", _aliases),
    ("ledger.read", _requests),
)
"""What one must be granted to find things of a kind, and how they are found."""

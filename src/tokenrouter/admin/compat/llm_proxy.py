"""The LLM API Proxy's admin API: a key for each person, and what each has used.

Its scripts work as they did, but for two things: they show an administrator's key, and a list shows keys masked (see
docs/compat-small.md). A person there is a key here; keys that were made elsewhere are people, too.
"""

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel

from tokenrouter.admin.callers import Grant
from tokenrouter.admin.compat.password import needs_or_password
from tokenrouter.admin.key_rules import all_keys, keys_named
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text
from tokenrouter.domain.catalog import Key
from tokenrouter.domain.keys import key_digest
from tokenrouter.store.key_costs import KeyCost, key_costs
from tokenrouter.store.keys import KeyChanges, KeyRequest, create_key, key_with_digest, update_key
from tokenrouter.store.numbers import numbers_of

router: Final = APIRouter(prefix="/admin", include_in_schema=False)

PREFIX: Final = "llmp-"
"""How its keys begin; 64 hexadecimal digits follow, 256 random bits."""
NUMBERED: Final = "key"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MAX_HOURS: Final = 24 * 366 * 100
Managing = Annotated[Grant, needs_or_password("users.write")]
"""Who makes people sees what all of them used."""


class Username(BaseModel):
    """Whom a key is for."""

    username: Text


class MadeUser(BaseModel):
    """A person with a key; it is shown this once."""

    username: str
    api_key: str


class User(BaseModel):
    """A person; of the key only what tells keys apart."""

    id: int
    username: str
    api_key: str
    created_at: str | None
    is_active: bool


class UserList(BaseModel):
    """Everybody, the newest first."""

    users: list[User]


class Named(BaseModel):
    """Whose key is meant: by name, or by the key itself."""

    username: Text | None = None
    api_key: Text | None = None


class Done(BaseModel):
    """What was done."""

    success: bool = True
    message: str


class Totals(BaseModel):
    """What was used. `total_requests` are those that were answered."""

    total_input_tokens: int = 0
    total_output_tokens: int = 0
    total_cached_tokens: int = 0
    total_requests: int = 0


class ModelTotals(Totals):
    """What was used of one model, as it was sent upstream."""

    model: str


class UserCosts(Totals):
    """What one person used; `model_costs` only where they were asked for."""

    username: str
    model_costs: list[ModelTotals] | None = None


class CostList(BaseModel):
    """What everybody used, in the order of names."""

    costs: list[UserCosts]


@router.post("/gen_key")
def gen_key(state: State, grant: Managing, wanted: Annotated[Username, Body()]) -> MadeUser:
    """Make a key for a person."""
    if any(keys_named(state, wanted.username)):
        raise Problem(400, "key_exists", f"User '{wanted.username}' already exists")
    request = KeyRequest(wanted.username, user=wanted.username, key=PREFIX + secrets.token_hex(32))
    made = create_key(grant.store, request, pepper=state.pepper, now_s=state.clock())
    state.keys_changed()
    return MadeUser(username=made.stored.name, api_key=made.key)


@router.get("/list_users")
def list_users(state: State, grant: Managing) -> UserList:
    """Return everybody."""
    keys = sorted(all_keys(state), key=lambda key: key.created_at_s)
    numbers = numbers_of(grant.store, NUMBERED, [key.id for key in keys])
    return UserList(users=[_shown(key, numbers[key.id]) for key in reversed(keys)])


@router.get("/list_costs")
def list_costs(
    state: State,
    grant: Managing,
    last_hours: Annotated[int | None, Query(ge=1, le=MAX_HOURS)] = None,
    start_time: datetime | None = None,
    end_time: datetime | None = None,
    *,
    by_model: bool = False,
) -> CostList:
    """Return what everybody used; times without a zone are UTC, both are included."""
    since_us, until_us = _bounds(state, last_hours, start_time, end_time)
    state.drain_now()
    costs = _costs(all_keys(state), key_costs(state.store, since_us=since_us, until_us=until_us), by_model=by_model)
    return CostList(costs=costs)


@router.post("/forbid_key")
def forbid_key(state: State, grant: Managing, named: Annotated[Named, Body()]) -> Done:
    """Switch a person's key off, at once."""
    return _switch(state, grant, named, enabled=False)


@router.post("/allow_key")
def allow_key(state: State, grant: Managing, named: Annotated[Named, Body()]) -> Done:
    """Switch a person's key on again; the LLM API Proxy had no way back."""
    return _switch(state, grant, named, enabled=True)


def _shown(key: Key, number: int) -> User:
    created_at = datetime.fromtimestamp(key.created_at_s, UTC).replace(tzinfo=None) if key.created_at_s else None
    return User(
        id=number,
        username=key.name,
        api_key=key.hint,
        created_at=created_at.isoformat() if created_at else None,
        is_active=key.enabled,
    )


def _bounds(
    state: ControlState, last_hours: int | None, start: datetime | None, end: datetime | None
) -> tuple[int | None, int | None]:
    """Return both bounds in microseconds since the epoch.

    Raises:
        Problem: they contradict each other.
    """
    if last_hours is not None:
        if start is not None or end is not None:
            raise Problem(400, "invalid_request", "last_hours cannot be combined with start_time or end_time")
        return int((state.clock() - timedelta(hours=last_hours).total_seconds()) * 1e6), None
    since_us, until_us = _microseconds(start), _microseconds(end)
    if since_us is not None and until_us is not None and since_us > until_us:
        raise Problem(400, "invalid_request", "start_time must not be after end_time")
    return since_us, until_us


def _microseconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def _costs(keys: Iterable[Key], used: Iterable[KeyCost], *, by_model: bool) -> list[UserCosts]:
    """Return what everybody used, by name; a key that is gone is in the books by the name that it had."""
    names = {key.id: key.name for key in keys}
    totals: dict[str, dict[str, Totals]] = {name: {} for name in names.values()}
    for one in used:
        models = totals.setdefault(names.get(one.key_id, one.key_name), {})
        models[one.model] = _with(models.get(one.model, Totals()), one)
    return [_user_costs(name, totals[name], by_model=by_model) for name in sorted(totals)]


def _with(totals: Totals, one: KeyCost) -> Totals:
    return Totals(
        total_input_tokens=totals.total_input_tokens + one.input_tokens,
        total_output_tokens=totals.total_output_tokens + one.output_tokens,
        total_cached_tokens=totals.total_cached_tokens + one.cached_input_tokens,
        total_requests=totals.total_requests + one.requests,
    )


def _user_costs(name: str, models: Mapping[str, Totals], *, by_model: bool) -> UserCosts:
    parts = [totals.model_dump() for totals in models.values()]
    together = {field: sum(part[field] for part in parts) for field in Totals.model_fields}
    by_name = [ModelTotals(model=model, **models[model].model_dump()) for model in sorted(models)]
    return UserCosts(username=name, model_costs=by_name if by_model else None, **together)


def _switch(state: ControlState, grant: Grant, named: Named, *, enabled: bool) -> Done:
    key = _meant(state, named)
    word = "allowed" if enabled else "forbidden"
    if key.origin != "database":
        place = state.declared_at(f"incoming_tokens.{key.name}") or f"the {key.origin}"
        raise Problem(409, "declared_elsewhere", f"'{key.name}' is declared at {place}; change it there")
    if key.enabled == enabled:
        return Done(message=f"API key for user '{key.name}' is already {word}")
    update_key(grant.store, key.id, KeyChanges(enabled=enabled))
    state.keys_changed()
    return Done(message=f"API key for user '{key.name}' has been {word}")


def _meant(state: ControlState, named: Named) -> Key:
    """Return whose key is meant; where both are said, either will do.

    Raises:
        Problem: neither is said, or nobody is meant.
    """
    if not named.username and not named.api_key:
        raise Problem(400, "invalid_request", "Either username or api_key must be provided")
    digest = key_digest(named.api_key, state.pepper) if named.api_key else b""
    stored = key_with_digest(state.store, digest)
    shown = (key for key in (*state.declared_keys(), *filter(None, (stored,))) if key.digest == digest)
    called = (key for key in keys_named(state, named.username or "") if key.name == named.username)
    for key in (*called, *shown):
        return key
    raise Problem(404, "key_not_found", "User or API key not found")

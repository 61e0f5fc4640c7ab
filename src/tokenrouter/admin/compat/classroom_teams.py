"""What a "team" of the Classroom system is here: a team, one key of it, and limits on what it may use.

The three are made, changed and removed together, in one transaction. A team that was made elsewhere is one of these,
too, as far as it has them: with several keys it is shown by its first, and without a limit its quota is null.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tokenrouter.domain.catalog import Key
from tokenrouter.domain.limit_text import limit_id
from tokenrouter.domain.limits import Limit, Metric, Window
from tokenrouter.domain.people import Membership, Team
from tokenrouter.store.engine import Store
from tokenrouter.store.joined import JoinedStore
from tokenrouter.store.keys import KeyRequest, NewKey, create_key, keys_of_team, revoke_key
from tokenrouter.store.limits import create_limit, limits_of, remove_limit, update_limit
from tokenrouter.store.teams import TeamChanges, create_team, put_member, remove_team, update_team
from tokenrouter.store.users import NewUser, create_user

LIFETIME: Final = Window("lifetime")
MINUTE: Final = Window("sliding", 60)
_LIMITS: Final[tuple[tuple[Metric, Window], ...]] = (("tokens", LIFETIME), ("requests", MINUTE))


@dataclass(frozen=True, slots=True)
class Terms:
    """What a team may use: tokens for all time, requests a minute; None says nothing, and 0 requests is no rate."""

    quota_tokens: int | None = None
    max_requests_per_minute: int | None = None


def make_team(
    store: Store,
    name: str,
    terms: Terms,
    *,
    token: str | None = None,
    email: str = "",
    allowed_models: tuple[str, ...] = (),
    pepper: bytes,
    now_s: float,
) -> tuple[Team, NewKey]:
    """Make a team with its key, which may use `allowed_models`, and its limits; `token` is a key of somebody's choice.

    Whose address is `email` is a person of the team's name, to whom the key belongs.

    Raises:
        TeamTaken, UserTaken, NameTaken, KeyTaken, LimitTaken, InvalidField
    """
    with store.write() as connection:
        joined = JoinedStore(store, connection)
        team = create_team(joined, name, now_s=now_s)
        if email:
            create_user(joined, NewUser(name, email), now_s=now_s)
            put_member(joined, Membership(name, name))
        key, user = token or make_token(), name if email else ""
        request = KeyRequest(name, key=key, team=name, user=user, allowed_models=allowed_models)
        made = create_key(joined, request, pepper=pepper, now_s=now_s)
        _set_terms(joined, f"team:{name}", terms, now_s=now_s)
    return team, made


def join_team(
    store: Store,
    name: str,
    team: str,
    terms: Terms,
    *,
    email: str,
    allowed_models: tuple[str, ...] = (),
    pepper: bytes,
    now_s: float,
) -> NewKey:
    """Make a person in a team that others are in as well; key and limits are the person's.

    Raises:
        UserTaken, NameTaken, InvalidField
    """
    with store.write() as connection:
        joined = JoinedStore(store, connection)
        create_user(joined, NewUser(name, email), now_s=now_s)
        put_member(joined, Membership(team, name))
        request = KeyRequest(name, key=make_token(), team=team, user=name, allowed_models=allowed_models)
        made = create_key(joined, request, pepper=pepper, now_s=now_s)
        _set_terms(joined, f"user:{name}", terms, now_s=now_s)
    return made


def make_token() -> str:
    """Return a token as its clients know them: 43 URL-safe characters, 256 random bits, and nothing before them."""
    return secrets.token_urlsafe(32)


def change_team(store: Store, name: str, terms: Terms, *, enabled: bool | None, now_s: float) -> None:
    """Change what a team may use, and whether its keys are good.

    Raises:
        TeamUnknown
    """
    with store.write() as connection:
        joined = JoinedStore(store, connection)
        update_team(joined, name, TeamChanges(enabled=enabled))
        _set_terms(joined, f"team:{name}", terms, now_s=now_s)


def drop_team(store: Store, name: str) -> None:
    """Remove a team with its keys and its limits; what it used stays in the books.

    Raises:
        TeamUnknown
    """
    with store.write() as connection:
        joined = JoinedStore(store, connection)
        remove_team(joined, name)
        gone: set[str] = set()
        for key in keys_of_team(connection, name):
            if key.id not in gone:
                gone.update(one.id for one in revoke_key(joined, key.id))
        for stored in limits_of(connection, f"team:{name}"):
            remove_limit(joined, stored.limit.id)


def keys_by_team(keys: Sequence[Key]) -> dict[str, Key]:
    """Return the key by which each team is shown: the first one that was made for it."""
    found: dict[str, Key] = {}
    for key in sorted(keys, key=lambda key: (key.parent_id is not None, key.created_at_s)):
        if key.team:
            found.setdefault(key.team, key)
    return found


def limit_of(limits: Mapping[str, Limit], scope: str, metric: Metric, window: Window) -> Limit | None:
    """Return the limit of a scope that is its quota (`LIFETIME`) or its rate (`MINUTE`)."""
    return limits.get(limit_id(scope, metric, window))


def _set_terms(joined: JoinedStore, scope: str, terms: Terms, *, now_s: float) -> None:
    with joined.read() as connection:
        limits = {stored.limit.id: stored.limit for stored in limits_of(connection, scope)}
    amounts = (terms.quota_tokens, terms.max_requests_per_minute)
    for (metric, window), amount in zip(_LIMITS, amounts, strict=True):
        if amount is None:
            continue
        known = limit_of(limits, scope, metric, window)
        is_none = metric == "requests" and amount == 0
        if known is None and not is_none:
            limit = Limit(limit_id(scope, metric, window), scope, metric, window, amount)
            create_limit(joined, limit, now_s=now_s)
        elif known is not None and is_none:
            remove_limit(joined, known.id)
        elif known is not None:
            update_limit(joined, replace(known, amount=amount))

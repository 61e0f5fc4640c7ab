"""What lists of keys, teams and people show beside each: counts, this month's use, the last request.

They are asked for (`figures=true`), and found for all rows of a page together.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from tokenrouter.admin.amounts import amount_of, time_text, usd
from tokenrouter.admin.callers import Grant, within
from tokenrouter.admin.figure_bodies import (
    BriefLimit,
    KeyFigures,
    ShownMonth,
    ShownTeamOfUser,
    TeamFigures,
    UserFigures,
)
from tokenrouter.admin.key_rules import sight
from tokenrouter.admin.people_rules import teams_of
from tokenrouter.admin.state import ControlState
from tokenrouter.domain.catalog import Key
from tokenrouter.domain.limit_text import window_text
from tokenrouter.domain.limits import Limit
from tokenrouter.domain.people import Team, User
from tokenrouter.store.subject_figures import (
    NOTHING_USED,
    MonthSums,
    key_counts,
    key_names,
    last_uses,
    limits_on,
    member_counts,
    memberships_of_all,
    month_sums,
)

FIRST_LIMITS: Final = 3
"""What fits into a cell; the rest is told where one looks closer."""
_US_PER_S: Final = 1_000_000


def figures_of_keys(state: ControlState, keys: Sequence[Key]) -> list[KeyFigures]:
    """Return the figures of each of `keys`."""
    ids = {key.id for key in keys}
    declared = state.declared_keys()
    above = {key.parent_id for key in keys if key.parent_id}
    names = key_names(state.store, above) | {key.id: key.name for key in (*declared, *keys) if key.id in above}
    children = Counter(key_counts(state.store, "parent_id", ids))
    children.update(key.parent_id for key in declared if key.parent_id in ids)
    limits = _Limits(state, [f"key:{key.name}" for key in keys])
    used, months = last_uses(state.store, ids), month_sums(state.store, "key_id", ids, _month(state))
    return [
        KeyFigures(
            parent=names.get(key.parent_id or ""),
            children=children[key.id],
            limits=limits.count(f"key:{key.name}"),
            first_limits=limits.first(f"key:{key.name}"),
            last_used_at=time_text(used[key.id] // _US_PER_S) if key.id in used else None,
            month=_shown_month(months.get(key.id, NOTHING_USED)),
        )
        for key in keys
    ]


def figures_of_teams(state: ControlState, grant: Grant, teams: Sequence[Team]) -> list[TeamFigures | None]:
    """Return the figures of each of `teams`; None of one that the caller is only in."""
    names = {team.name for team in teams if grant.is_for_all or team.name in grant.caller.teams}
    members, keys = member_counts(state.store, names), Counter(key_counts(state.store, "team", names))
    keys.update(key.team for key in state.declared_keys() if key.team in names)
    limits = _Limits(state, [f"team:{name}" for name in names])
    months = month_sums(state.store, "team", names, _month(state))
    return [
        TeamFigures(
            members=members.get(team.name, 0),
            keys=keys[team.name],
            limits=limits.count(f"team:{team.name}"),
            first_limits=limits.first(f"team:{team.name}"),
            month=_shown_month(months.get(team.name, NOTHING_USED)),
        )
        if team.name in names
        else None
        for team in teams
    ]


def figures_of_users(state: ControlState, grant: Grant, users: Sequence[User]) -> list[UserFigures]:
    """Return the figures of each of `users`, of the teams, keys, limits and requests that the caller may see."""
    names, seen, seen_teams = {user.name for user in users}, sight(grant), teams_of(grant)
    teams = memberships_of_all(state.store, names)
    keys = Counter(key_counts(state.store, "user", names, seen=seen))
    keys.update(key.user for key in state.declared_keys() if key.user in names and (seen is None or seen.covers(key)))
    limits = _Limits(state, [f"user:{name}" for name in names if grant.is_for_all or name == grant.caller.user])
    months = month_sums(state.store, "user", names, _month(state), whose=within(state, grant))
    return [
        UserFigures(
            teams=[
                ShownTeamOfUser(team=one.team, admin=one.admin)
                for one in teams.get(user.name, ())
                if seen_teams is None or one.team in seen_teams
            ],
            keys=keys[user.name],
            limits=limits.count(f"user:{user.name}"),
            first_limits=limits.first(f"user:{user.name}"),
            month=_shown_month(months.get(user.name, NOTHING_USED)),
        )
        for user in users
    ]


class _Limits:
    """The limits of the scopes of a page, those of the file first."""

    def __init__(self, state: ControlState, scopes: Iterable[str]) -> None:
        wanted = set(scopes)
        self._found: dict[str, list[Limit]] = {}
        for limit in state.settings.limits:
            if limit.scope in wanted:
                self._found.setdefault(limit.scope, []).append(limit)
        for scope, limits in limits_on(state.store, wanted).items():
            self._found.setdefault(scope, []).extend(limits)

    def count(self, scope: str) -> int:
        return len(self._found.get(scope, ()))

    def first(self, scope: str) -> list[BriefLimit]:
        return [
            BriefLimit(
                metric=limit.metric,
                window=window_text(limit.window),
                amount=amount_of(limit.metric, limit.amount),
                mode=limit.mode,
            )
            for limit in self._found.get(scope, ())[:FIRST_LIMITS]
        ]


def _month(state: ControlState) -> str:
    return datetime.fromtimestamp(state.clock(), UTC).strftime("%Y-%m")


def _shown_month(sums: MonthSums) -> ShownMonth:
    return ShownMonth(
        requests=sums.requests,
        tokens=sums.tokens,
        cost_usd=usd(sums.cost_nano_usd),
        cost_nano_usd=sums.cost_nano_usd,
    )

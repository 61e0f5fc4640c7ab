"""The Classroom system's admin API: teams with a token and a quota, what they used, and what they asked for.

Its scripts work as they did with `X-Admin-Password` where `ADMIN_PASSWORD` is set, or with an administrator's key. A
token is shown when it is made and masked ever after; what else differs is in docs/compat-small.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import BaseModel, Field

from tokenrouter.admin.callers import Grant
from tokenrouter.admin.compat.classroom_teams import (
    LIFETIME,
    MINUTE,
    Terms,
    change_team,
    drop_team,
    keys_by_team,
    make_team,
)
from tokenrouter.admin.compat.password import needs_or_password
from tokenrouter.admin.key_rules import key_reader
from tokenrouter.admin.paging import all_pages
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.admin.texts import Text
from tokenrouter.domain.catalog import Key
from tokenrouter.domain.ledger import DELIVERED, LedgerEntry
from tokenrouter.domain.limits import Limit, LimitTable, Metric, Window
from tokenrouter.domain.people import Team
from tokenrouter.jobs.limit_adjustments import reset_limit
from tokenrouter.jobs.limit_use import LimitFigures
from tokenrouter.store.errors import KeyTaken, NameTaken, TeamTaken, UserTaken
from tokenrouter.store.key_pages import KeyFilter, KeySight
from tokenrouter.store.ledger import LedgerFilter, ledger_page
from tokenrouter.store.numbers import numbers_of, subject_of
from tokenrouter.store.teams import list_teams
from tokenrouter.store.usage import UsageFilter, usage_groups
from tokenrouter.store.users import list_users

router: Final = APIRouter(include_in_schema=False)

NUMBERED: Final = "team"
USUAL_RATE: Final = 30
"""Requests a minute of a team that is made by this API and says nothing of them: what its API gave."""
MAX_ROWS: Final = 1000
MAX_SKIPPED: Final = 20_000
"""How far logs may be skipped: further back, /api/v1/ledger pages without counting."""
MAX_AMOUNT: Final = 2**53
Managing = Annotated[Grant, needs_or_password("teams.write")]
Number = Annotated[int, Path(ge=1, le=MAX_AMOUNT)]
Skip = Annotated[int, Query(ge=0, le=MAX_SKIPPED)]
Rows = Annotated[int, Query(ge=1, le=MAX_ROWS)]
Quota = Annotated[int, Field(gt=0, le=MAX_AMOUNT)]
Rate = Annotated[int, Field(ge=0, le=10**9)]


class NewTeam(BaseModel):
    """A team to be made."""

    name: Text
    quota_tokens: Quota
    token: Text | None = None
    email: Text | None = None
    max_requests_per_minute: Rate = USUAL_RATE


class ChangedTeam(BaseModel):
    """What of a team is to change; what is absent or null stays."""

    name: Text | None = None
    quota_tokens: Quota | None = None
    max_requests_per_minute: Rate | None = None
    is_active: bool | None = None


class Standing(BaseModel):
    """What a team may use and has used; quota and rest are null where there is no limit."""

    quota_tokens: int | None
    used_tokens: int
    remaining_tokens: int | None
    usage_percentage: float
    total_requests: int
    max_requests_per_minute: int
    is_active: bool


class ShownTeam(Standing):
    """A team. `token` is the whole one in the answer that makes it, and masked ever after."""

    id: int
    name: str
    email: str | None
    token: str
    created_at: str


class TeamUsage(Standing):
    """What a team is told of itself."""

    team_name: str


class Stats(BaseModel):
    """All teams together."""

    total_teams: int
    active_teams: int
    total_requests: int
    total_tokens_used: int
    total_quota_tokens: int


class LoggedRequest(BaseModel):
    """One request. Nobody keeps its texts here, so both payloads are null."""

    id: int
    team_id: int
    timestamp: str
    model: str
    input_tokens: int
    output_tokens: int
    total_tokens: int
    status: str
    error_message: str | None
    request_payload: None = None
    response_payload: None = None


@router.get("/admin/stats")
def stats(state: State, _grant: Managing) -> Stats:
    """Return what all teams used together."""
    books, teams = _Books(state), list_teams(state.store)
    standings = [books.standing(team) for team in teams]
    return Stats(
        total_teams=len(teams),
        active_teams=sum(team.enabled for team in teams),
        total_requests=sum(one.total_requests for one in standings),
        total_tokens_used=sum(one.used_tokens for one in standings),
        total_quota_tokens=sum(one.quota_tokens or 0 for one in standings),
    )


@router.get("/admin/teams")
def list_all(state: State, grant: Managing, skip: Skip = 0, limit: Rows = 100) -> list[ShownTeam]:
    """Return the teams, the first one made first."""
    teams = sorted(list_teams(state.store), key=lambda team: team.created_at_s)
    numbers = numbers_of(grant.store, NUMBERED, [team.id for team in teams])
    ordered = sorted(teams, key=lambda team: numbers[team.id])
    return _shown(state, {numbers[team.id]: team for team in ordered[skip : skip + limit]})


@router.post("/admin/teams", status_code=201)
def create(state: State, grant: Managing, wanted: Annotated[NewTeam, Body()]) -> ShownTeam:
    """Make a team; the answer holds its token, and nobody can read it again."""
    _refuse_declared(state, wanted.name)
    terms = Terms(wanted.quota_tokens, wanted.max_requests_per_minute)
    try:
        team, made = make_team(
            grant.store,
            wanted.name,
            terms,
            token=wanted.token,
            email=wanted.email or "",
            pepper=state.pepper,
            now_s=state.clock(),
        )
    except (TeamTaken, NameTaken) as error:
        raise Problem(400, "team_exists", "Team name already exists") from error
    except KeyTaken as error:
        raise Problem(400, "team_exists", "Token already exists") from error
    except UserTaken as error:
        raise Problem(400, "team_exists", "Email already exists") from error
    state.keys_changed()
    number = numbers_of(grant.store, NUMBERED, [team.id])[team.id]
    return _shown(state, {number: team})[0].model_copy(update={"token": made.key})


@router.get("/admin/teams/{number}")
def read_one(state: State, _grant: Managing, number: Number) -> ShownTeam:
    """Return one team."""
    return _shown(state, {number: _team(state, number)})[0]


@router.put("/admin/teams/{number}")
def change(state: State, grant: Managing, number: Number, wanted: Annotated[ChangedTeam, Body()]) -> ShownTeam:
    """Change a team; its name stays, since the books know it by that."""
    team = _team(state, number)
    if wanted.name not in (None, team.name):
        raise Problem(400, "name_stays", "A team keeps its name here: the books know it by that. Make another one.")
    terms = Terms(wanted.quota_tokens, wanted.max_requests_per_minute)
    change_team(grant.store, team.name, terms, enabled=wanted.is_active, now_s=state.clock())
    state.keys_changed()
    return read_one(state, grant, number)


@router.delete("/admin/teams/{number}", status_code=204)
def remove(state: State, grant: Managing, number: Number) -> Response:
    """Remove a team with its keys and limits; what it used stays in the books."""
    drop_team(grant.store, _team(state, number).name)
    state.keys_changed()
    return Response(status_code=204)


@router.post("/admin/teams/{number}/reset")
def reset(state: State, grant: Managing, number: Number) -> ShownTeam:
    """Let the team begin at nothing used; what running requests hold stays held."""
    team = _team(state, number)
    scope = f"team:{team.name}"
    limit = _limit(LimitTable(state.catalog().limits), scope, "tokens", LIFETIME)
    if limit is not None:
        state.drain_now()
        reset_limit(grant.store, limit, scope, made_by=grant.caller.actor.name, now_s=state.clock())
        state.keys_changed()
    return read_one(state, grant, number)


@router.get("/admin/teams/{number}/logs")
def logs(state: State, _grant: Managing, number: Number, skip: Skip = 0, limit: Rows = 100) -> list[LoggedRequest]:
    """Return the team's requests, newest first."""
    team = _team(state, number)
    state.drain_now()
    wanted, rows = LedgerFilter(team=team.name), list[LedgerEntry]()
    while len(rows) < skip + limit:
        page = ledger_page(state.store, wanted, limit=MAX_ROWS)
        rows += page
        if len(page) < MAX_ROWS:
            break
        wanted = LedgerFilter(team=team.name, before=(page[-1].started_us, page[-1].id))
    return [_logged(row, number) for row in rows[skip : skip + limit]]


@router.get("/v1/usage/{team_name}", include_in_schema=False)
def team_usage(
    state: State,
    grant: Annotated[Grant, needs_or_password("usage.read")],
    team_name: Annotated[str, Path(max_length=100)],
) -> dict[str, object]:
    """Return what a team has used, to itself and to administrators; {} where there is no such team."""
    if not _is_of_team(state, grant, team_name):
        raise Problem(403, "role_not_allowed", "A team's usage is told to its own keys and members, and to admins.")
    team = next((one for one in list_teams(state.store) if one.name == team_name), None)
    if team is None:
        return {}
    return TeamUsage(team_name=team.name, **_Books(state).standing(team).model_dump()).model_dump()


@dataclass(frozen=True, slots=True)
class _Used:
    requests: int = 0
    tokens: int = 0


class _Books:
    """What the books say of all teams, read once."""

    def __init__(self, state: ControlState) -> None:
        self._limits = LimitTable(state.catalog().limits)
        self._figures: LimitFigures = state.limit_figures()  # drains the journals first
        self._used: Mapping[str, _Used] = {
            group.name: _Used(group.sums.requests, group.sums.usage.input_tokens + group.sums.usage.output_tokens)
            for group in usage_groups(state.store, UsageFilter(), "team")
        }

    def standing(self, team: Team) -> Standing:
        """Return how a team stands; what a reset has given back is not used."""
        scope, all_time = f"team:{team.name}", self._used.get(team.name, _Used())
        quota = _limit(self._limits, scope, "tokens", LIFETIME)
        rate = _limit(self._limits, scope, "requests", MINUTE)
        used = all_time.tokens if quota is None else self._figures.used.get((quota.id, quota.counted_for(scope)), 0)
        return Standing(
            quota_tokens=quota.amount if quota else None,
            used_tokens=used,
            remaining_tokens=max(0, quota.amount - used) if quota else None,
            usage_percentage=_percentage(used, quota),
            total_requests=all_time.requests,
            max_requests_per_minute=rate.amount if rate else 0,
            is_active=team.enabled,
        )


def _limit(table: LimitTable, scope: str, metric: Metric, window: Window) -> Limit | None:
    """Return the limit that holds for a team: its own, or that of every team."""
    found = (limit for limit in table.of(scope) if limit.mode == "hard")
    return next((limit for limit in found if (limit.metric, limit.window) == (metric, window)), None)


def _percentage(used: int, quota: Limit | None) -> float:
    if quota is None:
        return 0.0
    return round(used / quota.amount * 100, 2) if quota.amount else 100.0


def _shown(state: ControlState, teams: Mapping[int, Team]) -> list[ShownTeam]:
    keys: Mapping[str, Key] = keys_by_team(_keys_of(state, frozenset(team.name for team in teams.values())))
    emails = {user.name: user.email for user in list_users(state.store)}
    books = _Books(state)
    return [
        ShownTeam(
            id=number,
            name=team.name,
            email=emails.get(team.name),
            token=keys[team.name].hint if team.name in keys else "",
            created_at=_time(team.created_at_s),
            **books.standing(team).model_dump(),
        )
        for number, team in teams.items()
    ]


def _keys_of(state: ControlState, teams: frozenset[str]) -> list[Key]:
    reader = key_reader(state, KeyFilter(sight=KeySight(teams=teams)))
    return [key for page in all_pages(reader) for key in page]


def _team(state: ControlState, number: int) -> Team:
    """Return the team of a number.

    Raises:
        Problem: 404.
    """
    team_id = subject_of(state.store, NUMBERED, number)
    found = next((team for team in list_teams(state.store) if team.id == team_id), None)
    if found is None:
        raise Problem(404, "team_not_found", "Team not found")
    return found


def _refuse_declared(state: ControlState, name: str) -> None:
    if name in state.settings.teams or any(name in (key.name, key.team) for key in state.declared_keys()):
        raise Problem(400, "team_exists", "Team name already exists: the file has a key of this name or team")


def _is_of_team(state: ControlState, grant: Grant, team: str) -> bool:
    caller = grant.caller
    if grant.is_for_all:
        return True
    if caller.key is not None:
        principal = state.directory().principal(caller.key.digest, state.clock(), caller.actor.address)
        return f"team:{team}" in principal.scopes
    return team in caller.teams | caller.member_of


def _logged(row: LedgerEntry, number: int) -> LoggedRequest:
    is_success = row.end_reason in DELIVERED
    return LoggedRequest(
        id=row.started_us,
        team_id=number,
        timestamp=_time(row.started_us / 1e6),
        model=row.requested_model or row.model,
        input_tokens=row.usage.input_tokens,
        output_tokens=row.usage.output_tokens,
        total_tokens=row.usage.input_tokens + row.usage.output_tokens,
        status="success" if is_success else "error",
        error_message=None if is_success else row.error_code or row.end_reason,
    )


def _time(seconds: float) -> str:
    """Return a time as its clients read it: ISO 8601 without a zone, here always UTC."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()

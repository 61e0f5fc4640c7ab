"""Which teams and users a caller sees: all, those of the teams that they administer, or their own."""

from tokenrouter.admin.callers import Grant
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState
from tokenrouter.domain.people import Team, User
from tokenrouter.store.errors import TeamUnknown, UserUnknown
from tokenrouter.store.teams import find_team, members_of
from tokenrouter.store.users import find_user


def teams_of(grant: Grant) -> frozenset[str] | None:
    """Return the names of the teams that the caller may see; None is all of them."""
    return None if grant.is_for_all else grant.caller.teams | grant.caller.member_of


def users_of(state: ControlState, grant: Grant) -> frozenset[str] | None:
    """Return the names of the people whom the caller may see; None is all of them."""
    if grant.is_for_all:
        return None
    teams = grant.caller.teams if grant.reach == "team" else frozenset()
    members = (member.user for team in teams for member in members_of(state.store, team))
    return frozenset({grant.caller.user, *members} - {""})


def find_team_for(state: ControlState, grant: Grant, name_or_id: str) -> Team:
    """Return the team of this id or name, if the caller may see it.

    Raises:
        TeamUnknown
    """
    team, seen = find_team(state.store, name_or_id), teams_of(grant)
    if seen is not None and team.name not in seen:
        raise TeamUnknown(f"there is no team {name_or_id!r} in the database")
    return team


def find_user_for(state: ControlState, grant: Grant, name_or_id: str) -> User:
    """Return the user of this id, name or e-mail address, if the caller may see them.

    Raises:
        UserUnknown
    """
    user, seen = find_user(state.store, name_or_id), users_of(state, grant)
    if seen is not None and user.name not in seen:
        raise UserUnknown(f"there is no user {name_or_id!r} in the database")
    return user


def require_administration(grant: Grant, team: str) -> None:
    """Refuse a team that the caller is only in.

    Raises:
        Problem: 403.
    """
    if not grant.is_for_all and team not in grant.caller.teams:
        raise Problem(403, "role_not_allowed", f"{grant.caller.user!r} does not administer the team {team!r}.")

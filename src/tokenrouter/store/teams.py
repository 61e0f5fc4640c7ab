"""Teams of the database: made, listed, changed, removed; and who is in them.

A team's name is its identity in keys, limits and the ledger, so it does not change. Removing a team removes the
memberships; keys that name it go on, charged to the name, unless the caller has revoked them.
"""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tokenrouter.domain.people import Membership, Team
from tokenrouter.store.audit import note
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import TeamTaken, TeamUnknown
from tokenrouter.store.names import check_comment, check_models, check_name
from tokenrouter.store.schema import tr_members, tr_teams

ID_PREFIX: Final = "team_"


@dataclass(frozen=True, slots=True)
class TeamChanges:
    """What of a team is to change; None leaves a field as it is."""

    enabled: bool | None = None
    comment: str | None = None
    allowed_models: tuple[str, ...] | None = None


def create_team(
    store: Store, name: str, *, comment: str = "", allowed_models: Sequence[str] = (), now_s: float
) -> Team:
    """Make a team.

    Raises:
        InvalidField: a field cannot be used as it is.
        TeamTaken: there is one of this name.
    """
    with store.write() as connection:
        return add_team(store, connection, name, comment=comment, allowed_models=allowed_models, now_s=now_s)


def add_team(
    store: Store,
    connection: Connection,
    name: str,
    *,
    comment: str = "",
    allowed_models: Sequence[str] = (),
    now_s: float,
) -> Team:
    """Make a team in a transaction of `store.write()` that makes more than it; raises as `create_team`."""
    check_name(name, "team")
    check_comment(comment)
    check_models(allowed_models)
    team = Team(ID_PREFIX + secrets.token_hex(8), name, True, comment, tuple(allowed_models), now_s)
    try:
        with connection.begin_nested():
            connection.execute(insert(tr_teams).values(_row(team)))
    except IntegrityError as error:
        raise TeamTaken(f"there is a team named {name!r} already") from error
    raise_catalog_version(connection, keys=())
    note(store, connection, "team.create", ("team", team.id, name), None, _row(team))
    return team


def list_teams(store: Store) -> tuple[Team, ...]:
    """Return every team of the database, by name."""
    with store.read() as connection:
        return teams_in(connection)


def teams_in(connection: Connection) -> tuple[Team, ...]:
    """Return every team, by name."""
    return tuple(read_team(row) for row in connection.execute(select(tr_teams).order_by(tr_teams.c.name)).mappings())


def find_team(store: Store, name_or_id: str) -> Team:
    """Return the team of this id, or else of this name.

    Raises:
        TeamUnknown
    """
    with store.read() as connection:
        return team_in(connection, name_or_id)


def team_in(connection: Connection, name_or_id: str) -> Team:
    """Return the team of this id, or else of this name.

    Raises:
        TeamUnknown
    """
    for column in (tr_teams.c.id, tr_teams.c.name):
        row = connection.execute(select(tr_teams).where(column == name_or_id)).mappings().first()
        if row is not None:
            return read_team(row)
    raise TeamUnknown(f"there is no team {name_or_id!r} in the database")


def update_team(
    store: Store, name_or_id: str, changes: TeamChanges, *, check: Callable[[Team], None] | None = None
) -> Team:
    """Change a team and return it as it is now; `check` is asked about it as it was, before anything is written.

    Raises:
        TeamUnknown
        InvalidField: a field cannot be used as it is.
        Exception: what `check` raises.
    """
    check_comment(changes.comment or "")
    check_models(changes.allowed_models or ())
    with store.write() as connection:
        before = team_in(connection, name_or_id)
        if check is not None:
            check(before)
        after = replace(before, **{name: value for name, value in asdict(changes).items() if value is not None})
        connection.execute(update(tr_teams).where(tr_teams.c.id == before.id).values(_row(after)))
        raise_catalog_version(connection, keys=())
        note(store, connection, "team.change", ("team", before.id, before.name), _row(before), _row(after))
    return after


def remove_team(store: Store, name_or_id: str, *, check: Callable[[Team], None] | None = None) -> Team:
    """Remove a team with its memberships, and return it.

    Raises:
        TeamUnknown
        Exception: what `check` raises.
    """
    with store.write() as connection:
        gone = team_in(connection, name_or_id)
        if check is not None:
            check(gone)
        connection.execute(delete(tr_members).where(tr_members.c.team == gone.name))
        connection.execute(delete(tr_teams).where(tr_teams.c.id == gone.id))
        raise_catalog_version(connection, keys=())
        note(store, connection, "team.remove", ("team", gone.id, gone.name), _row(gone), None)
    return gone


def put_member(store: Store, member: Membership) -> None:
    """Let a user be in a team, as its admin or not."""
    with store.write() as connection:
        set_member(store, connection, member)


def set_member(store: Store, connection: Connection, member: Membership) -> None:
    """Let a user be in a team, in a transaction of `store.write()` that does more than that."""
    before = _member(connection, member.team, member.user)
    if before == member:
        return
    _take_out(connection, member.team, member.user)
    connection.execute(insert(tr_members).values(asdict(member)))
    subject = ("member", f"{member.team}/{member.user}", member.user)
    note(store, connection, "member.put", subject, asdict(before) if before else None, asdict(member))


def remove_member(store: Store, team: str, user: str) -> bool:
    """Take a user out of a team; False when they were not in it."""
    with store.write() as connection:
        return unset_member(store, connection, team, user)


def unset_member(store: Store, connection: Connection, team: str, user: str) -> bool:
    """Take a user out of a team, in a transaction of `store.write()` that does more than that."""
    before = _member(connection, team, user)
    if before is None:
        return False
    _take_out(connection, team, user)
    note(store, connection, "member.remove", ("member", f"{team}/{user}", user), asdict(before), None)
    return True


def members_of(store: Store, team: str) -> tuple[Membership, ...]:
    """Return who is in a team, by name."""
    return _members(store, tr_members.c.team == team)


def memberships_of(store: Store, user: str) -> tuple[Membership, ...]:
    """Return the teams that a user is in, by name."""
    return _members(store, tr_members.c.user == user)


def _members(store: Store, which: Any) -> tuple[Membership, ...]:
    query = select(tr_members).where(which).order_by(tr_members.c.team, tr_members.c.user)
    with store.read() as connection:
        return tuple(Membership(**row) for row in connection.execute(query).mappings())


def _member(connection: Connection, team: str, user: str) -> Membership | None:
    query = select(tr_members).where(tr_members.c.team == team, tr_members.c.user == user)
    row = connection.execute(query).mappings().first()
    return Membership(**row) if row is not None else None


def _take_out(connection: Connection, team: str, user: str) -> None:
    connection.execute(delete(tr_members).where(tr_members.c.team == team, tr_members.c.user == user))


def _row(team: Team) -> dict[str, Any]:
    return {**asdict(team), "allowed_models": json.dumps(team.allowed_models)}


def read_team(row: RowMapping) -> Team:
    """Return the team of a whole row of `tr_teams`."""
    return Team(**{**row, "allowed_models": tuple(json.loads(row["allowed_models"] or "[]"))})

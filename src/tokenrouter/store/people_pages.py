"""Teams and users of the database in pages, by name, filtered and searched."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, func, or_, select

from tokenrouter.domain.people import PersonRole, Team, User
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_members, tr_teams, tr_users
from tokenrouter.store.teams import read_team


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Which; empty fields do not restrict.

    Attributes:
        words: stand in the name, the comment or the e-mail address, in any case.
        role, team: of users: what they are, and where they are in.
        names: those that may be seen at most; None is all.
    """

    words: str = ""
    enabled: bool | None = None
    role: PersonRole | None = None
    team: str = ""
    names: frozenset[str] | None = None


def team_page(store: Store, wanted: PeopleFilter, after: str | None, limit: int) -> list[tuple[tuple[str], Team]]:
    """Return at most `limit` teams by name, each with its place; those behind the place `after`."""
    query = select(tr_teams).where(*_conditions(tr_teams, wanted, after)).order_by(tr_teams.c.name).limit(limit)
    with store.read() as connection:
        return [((row["name"],), read_team(row)) for row in connection.execute(query).mappings()]


def user_page(store: Store, wanted: PeopleFilter, after: str | None, limit: int) -> list[tuple[tuple[str], User]]:
    """Return at most `limit` users by name, each with their place; those behind the place `after`."""
    conditions = _conditions(tr_users, wanted, after)
    if wanted.role:
        conditions.append(tr_users.c.role == wanted.role)
    if wanted.team:
        conditions.append(tr_users.c.name.in_(select(tr_members.c.user).where(tr_members.c.team == wanted.team)))
    query = select(tr_users).where(*conditions).order_by(tr_users.c.name).limit(limit)
    with store.read() as connection:
        return [((row["name"],), User(**row)) for row in connection.execute(query).mappings()]


def _conditions(table: Table, wanted: PeopleFilter, after: str | None) -> list[ColumnElement[bool]]:
    columns = table.c
    found: list[ColumnElement[bool]] = []
    if after is not None:
        found.append(columns.name > after)
    if wanted.names is not None:
        found.append(columns.name.in_(sorted(wanted.names)))
    if wanted.enabled is not None:
        found.append(columns.enabled == wanted.enabled)
    if wanted.words:
        searched = [columns.name, columns.comment] + ([columns.email] if "email" in columns else [])
        words = wanted.words.lower()
        found.append(or_(*(func.lower(column).contains(words, autoescape=True) for column in searched)))
    return found

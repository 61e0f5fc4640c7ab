"""Whose rows a caller may see: a part of the ledger, of its sums, of whatever names a key, a user and a team.

It is a condition of the query and never a filter of its answer, so pages, sums, exports and searches agree, and nothing
of another's is even read.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, false, or_


@dataclass(frozen=True, slots=True)
class Within:
    """Rows of any of these teams, users or keys. All empty is nothing at all; everything is None in its place."""

    teams: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    key_ids: frozenset[str] = frozenset()

    def condition(self, columns: Any) -> ColumnElement[bool]:
        """Return what rows of a table with the columns `team`, `user` and `key_id` must be like."""
        parts = [
            column.in_(sorted(names))
            for column, names in (
                (columns.team, self.teams),
                (columns.user, self.users),
                (columns.key_id, self.key_ids),
            )
            if names
        ]
        return or_(*parts) if parts else false()

    def covers(self, *, team: str, user: str, key_id: str) -> bool:
        """Whether a row of these is within."""
        return team in self.teams or user in self.users or key_id in self.key_ids

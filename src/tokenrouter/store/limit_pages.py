"""Limits of the database in pages, filtered and searched: a roster makes one for each of its thousands."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, literal, or_, select, tuple_

from tokenrouter.domain.limits import Metric
from tokenrouter.store.engine import Store
from tokenrouter.store.key_pages import KeySight
from tokenrouter.store.limits import StoredLimit, read_stored_limit
from tokenrouter.store.schema import tr_keys, tr_limits, tr_members


@dataclass(frozen=True, slots=True)
class LimitSight:
    """Which limits somebody may see: those of these scopes, and those on the keys that are seen."""

    scopes: frozenset[str] = frozenset()
    keys: KeySight = KeySight()

    def condition(self) -> ColumnElement[bool]:
        """Return what rows of `tr_limits` must be like to be seen."""
        scope, names = tr_limits.c.scope, select(literal("key:") + tr_keys.c.name).where(self.keys.condition())
        return or_(scope.in_(sorted(self.scopes)), scope.in_(names))


@dataclass(frozen=True, slots=True)
class LimitFilter:
    """Which limits; empty fields do not restrict.

    Attributes:
        words: stand in the scope or the comment, in any case.
        kind: of scope: `global`, `team`, …
        team: those on a team, on who is in it and on the keys that are charged to it.
        handle: the one of this id, or of this name in paths (`domain.limit_text.limit_handle`).
        sight: what may be seen at most, whatever is wanted; None is everything.
    """

    words: str = ""
    scope: str = ""
    metric: Metric | None = None
    kind: str = ""
    team: str = ""
    handle: str = ""
    sight: LimitSight | None = None


def limit_page(
    store: Store, wanted: LimitFilter, after: tuple[float, str] | None, limit: int
) -> list[tuple[tuple[float, str], StoredLimit]]:
    """Return at most `limit` limits, oldest first, with their places; those behind the place `after`."""
    columns = tr_limits.c
    query = select(tr_limits).where(*_conditions(wanted)).order_by(columns.created_at_s, columns.id).limit(limit)
    if after is not None:
        query = query.where(tuple_(columns.created_at_s, columns.id) > tuple_(*after))
    with store.read() as connection:
        found = [read_stored_limit(row) for row in connection.execute(query).mappings()]
    return [((one.created_at_s, one.limit.id), one) for one in found]


def _conditions(wanted: LimitFilter) -> list[ColumnElement[bool]]:
    columns = tr_limits.c
    found: list[ColumnElement[bool]] = []
    if wanted.scope:
        found.append(columns.scope == wanted.scope)
    if wanted.metric is not None:
        found.append(columns.metric == wanted.metric)
    if wanted.kind:
        found.append(or_(columns.scope == wanted.kind, columns.scope.startswith(f"{wanted.kind}:", autoescape=True)))
    if wanted.team:
        keys = select(literal("key:") + tr_keys.c.name).where(tr_keys.c.team == wanted.team)
        people = select(literal("user:") + tr_members.c.user).where(tr_members.c.team == wanted.team)
        found.append(or_(*(columns.scope.in_(part) for part in ([f"team:{wanted.team}"], keys, people))))
    if wanted.handle:
        found.append(or_(columns.handle == wanted.handle, columns.id == wanted.handle))
    if wanted.words:
        found.append(columns.words.contains(wanted.words.casefold(), autoescape=True))
    if wanted.sight is not None:
        found.append(wanted.sight.condition())
    return found

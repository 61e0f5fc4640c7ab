"""Keys of the database in pages, filtered and searched: what a list shows of a hundred thousand.

Pages are cut by the moment at which a key was made and its id, which is the order of every list of keys. Each filter
that may leave few keys of many has an index that is in this order too.

A search finds words anywhere in a key, which no ordinary index serves. It walks the index of the order, in which the
words stand as well: ten megabytes for a hundred thousand keys instead of forty, some hundredths of a second, on both
databases alike. Full-text indexes were left aside: SQLite's follow a table by its row numbers, which migrations that
make the table anew do not keep, and PostgreSQL's trigrams are an extension that not every server lets in.
"""

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true, tuple_

from tokenrouter.domain.catalog import Key, Role
from tokenrouter.store.engine import Store
from tokenrouter.store.keys import read_key, search_words, select_keys
from tokenrouter.store.schema import tr_keys

KeyState = Literal["enabled", "disabled", "expired", "suspended"]
MAX_PAGE_KEYS: Final = 1001
"""A thousand, and one more to see whether there is another page."""


@dataclass(frozen=True, slots=True)
class KeySight:
    """Which keys somebody may see: those of any of these teams or users, those below a key, and single ones."""

    teams: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    parent_id: str = ""
    ids: frozenset[str] = frozenset()

    def covers(self, key: Key) -> bool:
        """Whether `key` may be seen."""
        is_below = bool(self.parent_id) and key.parent_id == self.parent_id
        return is_below or key.team in self.teams or key.user in self.users or key.id in self.ids

    def condition(self) -> ColumnElement[bool]:
        """Return what rows of `tr_keys` must be like to be seen."""
        columns = tr_keys.c
        named = ((columns.team, self.teams), (columns.user, self.users), (columns.id, self.ids))
        parts: list[ColumnElement[bool]] = [column.in_(sorted(names)) for column, names in named if names]
        parts += [columns.parent_id == self.parent_id] if self.parent_id else []
        return or_(*parts) if parts else false()


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """Which keys; empty fields do not restrict. A key that is disabled and whose time has passed is both.

    Attributes:
        words: stand in the name, the hint, the user, the team or the comment, in any case.
        parent_id: the key that answers for them.
        top: only those that stand below none.
        state: as it is at `now_s`; an enabled one has not expired, and is not suspended.
        sight: what may be seen at most, whatever is wanted; None is everything.
    """

    words: str = ""
    role: Role | None = None
    team: str = ""
    user: str = ""
    parent_id: str = ""
    top: bool = False
    state: KeyState | None = None
    now_s: float = 0.0
    sight: KeySight | None = None

    def fits(self, key: Key) -> bool:
        """Whether `key`, which need not be of the database, is among them."""
        return (
            self.words.casefold() in search_words(key)
            and self.role in (None, key.role)
            and self.team in ("", key.team)
            and self.user in ("", key.user)
            and self.parent_id in ("", key.parent_id)
            and not (self.top and key.parent_id)
            and (self.sight is None or self.sight.covers(key))
            and (self.state is None or self._is(key, self.state))
        )

    def _is(self, key: Key, state: KeyState) -> bool:
        is_expired = key.expires_at_s is not None and key.expires_at_s <= self.now_s
        return {
            "enabled": key.enabled and not is_expired and not key.suspended,
            "disabled": not key.enabled,
            "expired": is_expired,
            "suspended": key.suspended,
        }[state]


def key_page(
    store: Store, wanted: KeyFilter, after: tuple[float, str] | None, limit: int
) -> list[tuple[tuple[float, str], Key]]:
    """Return at most `limit` keys, oldest first, with their places; those behind the place `after`."""
    columns = tr_keys.c
    places = _ordered(wanted, after).limit(min(limit, MAX_PAGE_KEYS))
    query = select_keys().where(columns.id.in_(places)).order_by(columns.created_at_s, columns.id)
    with store.read() as connection:
        keys = map(read_key, connection.execute(query).all())
    return [((key.created_at_s, key.id), key) for key in keys]


def _ordered(wanted: KeyFilter, after: tuple[float, str] | None) -> Select[tuple[str]]:
    """Return the ids of keys in order: all of it may stand in an index, and only the keys of a page are read."""
    columns = tr_keys.c
    query = select(columns.id).where(and_(true(), *_conditions(wanted))).order_by(columns.created_at_s, columns.id)
    return query if after is None else query.where(tuple_(columns.created_at_s, columns.id) > tuple_(*after))


def _conditions(wanted: KeyFilter) -> list[ColumnElement[bool]]:
    columns = tr_keys.c
    conditions: list[ColumnElement[bool]] = [
        columns[name] == getattr(wanted, name)
        for name in ("role", "team", "user", "parent_id")
        if getattr(wanted, name)
    ]
    if wanted.top:
        conditions.append(columns.parent_id.is_(None))
    if wanted.sight is not None:
        conditions.append(wanted.sight.condition())
    if wanted.words:
        conditions.append(columns.words.contains(wanted.words.casefold(), autoescape=True))
    match wanted.state:
        case "enabled":
            lasts = or_(columns.expires_at_s.is_(None), columns.expires_at_s > wanted.now_s)
            conditions += [columns.enabled, lasts, ~columns.suspended]
        case "disabled":
            conditions.append(~columns.enabled)
        case "expired":
            conditions.append(columns.expires_at_s <= wanted.now_s)
        case "suspended":
            conditions.append(columns.suspended)
    return conditions

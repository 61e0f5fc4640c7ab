"""Keys, users and teams of any number, made by the database itself beside `bench.ledger_rows`.

Row after row follows from its number alone. A few keys are rare on purpose (an administrator's in ten thousand, a name
that no other contains): to find those is what a wrong index fails at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from bench.ledger_rows import NUMBERS
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.key_pages import KeyFilter, KeySight, key_page
from tokenrouter.store.keys import keys_called

PAGE: Final = 100
TEAMS: Final = 1_000
USERS: Final = 10_000
BEGIN_S: Final = 1_700_000_000
_DIGEST: Final = {"sqlite": "randomblob(32)", "postgresql": "sha256(convert_to(CAST(i AS text), 'UTF8'))"}
_KEYS: Final = """
    INSERT INTO tr_keys (id, name, digest, role, parent_id, team, "user", allowed_models, created_at_s, expires_at_s,
                         enabled, hint, comment, words)
    SELECT 'key_many_' || i, 'pupil ' || i, {digest}, CASE WHEN i % 10007 = 0 THEN 'admin' ELSE 'inferrer' END,
           CASE WHEN i % 50 = 7 THEN 'key_many_1' END, 'team ' || (i % {teams}), 'user ' || (i % {users}),
           '["bench/*"]', {begin_s} + i, CASE WHEN i % 5003 = 0 THEN {begin_s} ELSE NULL END, i % 4001 <> 0,
           'tr_abc…wxyz', 'term 2026',
           'pupil ' || i || ' tr_abc…wxyz user ' || (i % {users}) || ' team ' || (i % {teams}) || ' term 2026'
    FROM ({numbers}) AS n
"""
_TEAMS: Final = """
    INSERT INTO tr_teams (id, name, enabled, created_at_s) SELECT 'team_' || i, 'team ' || i, true, {begin_s} + i
    FROM ({numbers}) AS n
"""
_USERS: Final = """
    INSERT INTO tr_users (id, name, email, role, enabled, created_at_s)
    SELECT 'user_' || i, 'user ' || i, 'user' || i || '@example.org', 'member', true, {begin_s} + i
    FROM ({numbers}) AS n
"""


@dataclass(frozen=True, slots=True)
class KeyQuestion:
    """A page of keys that somebody asks for, of so many."""

    wanted: KeyFilter = KeyFilter()
    is_deep: bool = False

    def ask(self, store: Store, keys: int) -> object:
        """Return the page; a deep one begins in the middle."""
        after = (float(BEGIN_S + keys // 2), f"key_many_{keys // 2}") if self.is_deep else None
        return key_page(store, self.wanted, after, PAGE)


KEY_READS: Final[Mapping[str, KeyQuestion]] = {
    "keys: the first page": KeyQuestion(),
    "keys: a page in the middle": KeyQuestion(is_deep=True),
    "keys: one team": KeyQuestion(KeyFilter(team="team 7")),
    "keys: one user": KeyQuestion(KeyFilter(user="user 7")),
    "keys: administrators": KeyQuestion(KeyFilter(role="admin")),
    "keys: below another": KeyQuestion(KeyFilter(parent_id="key_many_1")),
    "keys: disabled": KeyQuestion(KeyFilter(state="disabled")),
    "keys: expired": KeyQuestion(KeyFilter(state="expired", now_s=float(BEGIN_S))),
    "keys: a team admin's": KeyQuestion(
        KeyFilter(sight=KeySight(teams=frozenset({"team 7"}), users=frozenset({"user 3"})))
    ),
    "keys: a search that finds one": KeyQuestion(KeyFilter(words="PUPIL 4711")),
    "keys: a search that finds none": KeyQuestion(KeyFilter(words="nobody has this")),
}


def one_key(store: Store) -> object:
    """Ask for a key as every path with a name does."""
    return keys_called(store, "pupil 4711")


def fill_keys(store: Store, keys: int, *, teams: int = TEAMS, users: int = USERS) -> None:
    """Put `keys` keys in, with users and teams."""
    kind = "sqlite" if store.is_sqlite else "postgresql"
    said = {"teams": teams, "users": users, "begin_s": BEGIN_S, "digest": _DIGEST[kind], "numbers": NUMBERS[kind]}
    with store.write() as connection:
        for statement, last in ((_KEYS, keys), (_TEAMS, teams), (_USERS, users)):
            connection.execute(text(statement.format(**said)), {"first": 1, "last": last})
        raise_catalog_version(connection)
    with store.write() as connection:
        connection.execute(text("ANALYZE"))

"""Searching the ledger for a word: rows in which any of the columns that people remember is exactly that.

One question with many `OR` would be answered by sorting every row that fits, or by reading the ledger from its end
until enough have been found: a million rows for a word that is nowhere. So each column is asked by itself, through its
own index and in the order of time, for one page, and the pages are put together. Parts of words are not looked for: no
index finds them, in a ledger without end.
"""

from dataclasses import replace
from typing import Final

from sqlalchemy import ColumnElement

from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.store.decisions import attempt_ids
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import MAX_PAGE_ROWS, LedgerFilter, newest_first, read_entry, said
from tokenrouter.store.schema import tr_ledger
from tokenrouter.store.within import Within

_ALWAYS_SAID: Final = ("user", "team", "provider", "model")
_OFTEN_EMPTY: Final = ("client_ip", "client_tool", "alias", "error_code", "client_request_id", "provider_request_id")


def search_ledger(
    store: Store, wanted: LedgerFilter, word: str, key_ids: frozenset[str], *, limit: int
) -> list[LedgerEntry]:
    """Return up to `limit` (at most `MAX_PAGE_ROWS`) rows that are `wanted` and have `word`, newest first.

    It is the id of a request (ours, the client's or the provider's), or whose it was, where it came from and went to,
    or how it failed. `key_ids` are those of keys with that name.
    """
    columns, most = tr_ledger.c, min(limit, MAX_PAGE_ROWS)
    places: list[ColumnElement[bool]] = [
        columns.id.in_(attempt_ids(word)),
        columns.key_id.in_(key_ids),
        *(columns[name] == word for name in _ALWAYS_SAID),
        *(said(columns[name], word) for name in _OFTEN_EMPTY),
    ]
    with store.read() as connection:
        found = {
            row["id"]: row
            for part in each_reach(wanted)
            for place in places
            for row in connection.execute(newest_first(part).where(place).limit(most)).mappings()
        }
    rows = sorted(found.values(), key=lambda row: (row["started_us"], row["id"]), reverse=True)
    return [read_entry(row) for row in rows[:most]]


def each_reach(wanted: LedgerFilter) -> list[LedgerFilter]:
    """Return `wanted` for teams, users and keys apart, where a caller may see rows of more than one kind."""
    within = wanted.within
    if within is None:
        return [wanted]
    parts = [Within(teams=within.teams), Within(users=within.users), Within(key_ids=within.key_ids)]
    return [replace(wanted, within=part) for part in parts if part != Within()] or [wanted]

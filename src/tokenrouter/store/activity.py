"""What went on in some time: sums by slot, by group and by name, and how fast it was.

Three sources answer, each where it is quick, and all of them alike:

- the ledger's *rows* (`activity_rows.py`), in any slots and for any filters, while they are few;
- the *sums* by hour, day and month (`activity_rollups.py`), for everybody, however many rows there were;
- the *daily sums* (`activity_days.py`), for some people or one model where rows are too many.

How many rows there are is known from the sums before any is read. For an address or a program among many rows there is
no sum beside others, so its newest rows are read, and the answer says from when on it is whole.
"""

from collections.abc import Collection, Iterator
from typing import Final

from sqlalchemy import Connection, select

from tokenrouter.store.activity_books import fine_hours_since
from tokenrouter.store.activity_days import figures_of_days
from tokenrouter.store.activity_figures import Figures, Question
from tokenrouter.store.activity_rollups import figures_of_rollups, total_of
from tokenrouter.store.activity_rows import figures_of_rows
from tokenrouter.store.activity_sums import DAY_S, HOUR_S, Dimension, model_name
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter, said
from tokenrouter.store.schema import tr_ledger
from tokenrouter.store.within import Within

MAX_ROWS: Final = 6_000
"""Rows that are read for one answer, which take some 100 ms of one core."""
MAX_FAR_ROWS: Final = 2_000
"""The same where slots are days: rows of a year lie far apart, so each of them is read slowly."""


def activity(store: Store, question: Question, *, max_rows: int = MAX_ROWS) -> Figures:
    """Return what is asked for. Slots may come out wider than they were asked for, where rows are many."""
    wanted = question.wanted
    if question.slot_s >= DAY_S:
        max_rows = min(max_rows, MAX_FAR_ROWS)
    with store.read() as connection:
        are_few = _about_rows(connection, question) <= max_rows
    if are_few:
        return figures_of_rows(store, question)
    if wanted.client_ip or wanted.client_tool:
        return figures_of_rows(store, question, whole_since_s=_newest_since(store, question, max_rows))
    if wanted == LedgerFilter():
        return figures_of_rollups(store, question)
    return figures_of_days(store, question)


def _about_rows(connection: Connection, question: Question) -> int:
    """Return about how many rows there are in the time and in the one before: of the filter that leaves the fewest."""
    since_s, until_s = question.before_s // HOUR_S * HOUR_S, -(-question.until_s // HOUR_S) * HOUR_S
    if since_s < fine_hours_since(connection):
        since_s, until_s = since_s // DAY_S * DAY_S, -(-until_s // DAY_S) * DAY_S
    wanted = question.wanted
    found = [
        sum(total_of(connection, *part, since_s, until_s)[0] for part in parts)
        for parts in (*([part] for part in _restrictions(wanted)), _reach(wanted.within))
        if parts
    ]
    return min(found)


def _restrictions(wanted: LedgerFilter) -> Iterator[tuple[Dimension, Collection[str]]]:
    """Yield each dimension that a filter restricts, with the names that it leaves; always everything as well."""
    yield "all", ("",)
    if wanted.key_ids is not None:
        yield "key", wanted.key_ids
    if wanted.provider and wanted.model:
        yield "model", (model_name(wanted.provider, wanted.model),)
    texts: tuple[tuple[Dimension, str], ...] = (
        ("provider", wanted.provider),
        ("user", wanted.user),
        ("team", wanted.team),
        ("ip", wanted.client_ip),
        ("tool", wanted.client_tool),
    )
    for dimension, text in texts:
        if text:
            yield dimension, (text,)


def _reach(within: Within | None) -> list[tuple[Dimension, Collection[str]]]:
    """Return the dimensions that make up what a caller may see; some rows may be in several."""
    if within is None:
        return []
    return [("team", within.teams), ("user", within.users), ("key", within.key_ids)]


def _newest_since(store: Store, question: Question, max_rows: int) -> int:
    """Return the second from which on an address or a program has no more rows than may be read."""
    columns, wanted = tr_ledger.c, question.wanted
    texts = ((columns.client_ip, wanted.client_ip), (columns.client_tool, wanted.client_tool))
    query = select(columns.started_us).where(
        *(said(column, text) for column, text in texts if text),
        columns.started_us >= question.since_s * 1_000_000,
        columns.started_us < question.until_s * 1_000_000,
    )
    with store.read() as connection:
        oldest_us: int | None = connection.execute(
            query.order_by(columns.started_us.desc()).offset(max_rows).limit(1)
        ).scalar()
    if oldest_us is None:
        return question.since_s
    return min(oldest_us // 1_000_000 + 1, question.until_s - 1)

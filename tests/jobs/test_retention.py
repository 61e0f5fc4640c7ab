"""Rows by age, and limits that are made later."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.domain.limit_text import limit_id, parse_window
from tokenrouter.domain.limits import Limit, LimitTable, Metric
from tokenrouter.jobs.limit_use import ChargeReader, follow_limits, was_admitted
from tokenrouter.jobs.retention import delete_old_rows
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.ledger import LedgerFilter, Row, ledger_page, record
from tokenrouter.store.limit_use import UseByWindow, cover_limits, limit_use
from tokenrouter.store.migrate import migrate
from tokenrouter.store.retention import MAX_ROWS, delete_oldest_rows

DAY_US = 86_400_000_000
NOON_S = NOON_US / 1e6
METRICS: tuple[Metric, ...] = ("requests", "tokens", "output_tokens", "cost_usd")
SCOPES = ("key:*", "user:ann", "team:*", "global", "provider:acme", "model:acme/small", "alias:fast")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path_factory.mktemp('retention') / 'tokenrouter.db'}"
    migrate(url)
    store = open_store(url)
    yield store
    store.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'tokenrouter.db'}"
    migrate(url)
    store = open_store(url)
    yield store
    store.close()


def ids(store: Store) -> list[str]:
    return [row.id for row in ledger_page(store, LedgerFilter(), limit=10)]


def test_whole_days_go_when_they_are_old_enough(fresh: Store) -> None:
    midnight_us = NOON_US - DAY_US // 2
    times_us = (midnight_us - 40 * DAY_US - 1, midnight_us - 40 * DAY_US, midnight_us, NOON_US)
    record(fresh, [Row(entry(f"{n}", started_us=time_us)) for n, time_us in enumerate(times_us)], {})

    assert delete_old_rows(fresh, days=0, now_s=NOON_S) == 0
    assert delete_old_rows(fresh, days=40, now_s=NOON_S) == 1
    assert ids(fresh) == ["3", "2", "1"]


def test_others_get_their_turn_and_a_stop_is_obeyed(fresh: Store) -> None:
    record(fresh, [Row(entry(f"{n:05}", started_us=NOON_US - 50 * DAY_US)) for n in range(3 * MAX_ROWS)], {})
    pauses: list[float] = []

    deleted = delete_old_rows(fresh, days=40, now_s=NOON_S, goes_on=lambda: len(pauses) < 2, pause=pauses.append)

    assert deleted == 2 * MAX_ROWS
    assert min(pauses) > 0


rows = st.builds(
    lambda day, key, user, alias, tokens, cost, reason: entry(
        "",
        started_us=NOON_US - day * DAY_US,
        chain=(key, "class"),
        user=user,
        alias=alias,
        usage=Usage(*tokens),
        cost_nano_usd=cost,
        end_reason=reason,
    ),
    st.integers(0, 90),
    st.sampled_from(("alice", "bob")),
    st.sampled_from(("ann", "ben", "")),
    st.sampled_from(("fast", "")),
    st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
    st.none() | st.integers(0, 10**12),
    st.sampled_from(("completed", "client_error", "interrupted")),
)


@settings(deadline=None, max_examples=50)
@given(st.lists(rows, max_size=30), st.integers(0, 30), st.integers(1, 7))
def test_a_lifetime_limit_that_is_made_later_knows_what_deleted_rows_had_used(
    store: Store, entries: list[LedgerEntry], deleted: int, at_once: int
) -> None:
    empty(store)
    record(store, [Row(_named(one, n)) for n, one in enumerate(entries)], {})
    before = use_of_new_limits(store)

    while deleted > 0:
        delete_oldest_rows(store, NOON_US + 1, was_admitted, limit=at_once)
        deleted -= at_once

    assert use_of_new_limits(store) == before


def _named(row: LedgerEntry, number: int) -> LedgerEntry:
    row.id = f"{number:03}"
    return row


def empty(store: Store) -> None:
    with store.write() as connection:
        for table in ("tr_ledger", "tr_usage_daily", "tr_balances", "tr_limit_use", "tr_settings"):
            connection.exec_driver_sql(f"DELETE FROM {table}")


def use_of_new_limits(store: Store) -> UseByWindow:
    window = parse_window("lifetime")
    limits = LimitTable(
        [Limit(limit_id(scope, metric, window), scope, metric, window, 1) for scope in SCOPES for metric in METRICS]
    )
    with store.write() as connection:
        cover_limits(connection, frozenset(), [])
    follow_limits(store, limits, ChargeReader(limits, str), NOON_S)
    with store.read() as connection:
        return limit_use(connection)

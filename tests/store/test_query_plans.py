"""No question that pages and APIs ask reads the whole ledger, on either database."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from bench.key_rows import KEY_READS, fill_keys, one_key
from bench.ledger_rows import fill
from bench.store import READS
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.limit_pages import LimitFilter, limit_page
from tokenrouter.store.migrate import migrate
from tokenrouter.store.usage import Grouping, UsageFilter, usage_groups
from tokenrouter.store.usage_names import groups_of, sums_of_all
from tokenrouter.store.within import Within
from tokenrouter.testing.postgres import PostgresServer

ROWS = 60_000
"""Enough that PostgreSQL would rather use an index than read everything, as it does with millions."""


KEYS = 30_000


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def long_ledger(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> Iterator[Store]:
    name = ""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('long') / 'tokenrouter.db'}"
    else:
        name = postgres.create_database()
        url = postgres.url(name)
    migrate(url)
    store = open_store(url)
    assert fill(store, ROWS) == ROWS
    fill_keys(store, KEYS)
    yield store
    store.close()
    if name:
        postgres.drop_database(name)


@contextmanager
def plans_of(store: Store) -> Iterator[list[str]]:
    """Collect the plan of every query meanwhile."""
    plans: list[str] = []
    explain = "EXPLAIN QUERY PLAN " if store.is_sqlite else "EXPLAIN "

    def note(connection: Connection, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            cursor.execute(explain + statement, parameters)
            plans.append("\n".join(str(row[-1]) for row in cursor.fetchall()))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield plans
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("name", READS)
def test_no_question_reads_the_whole_ledger(long_ledger: Store, name: str) -> None:
    with plans_of(long_ledger) as plans:
        READS[name](long_ledger, ROWS)

    assert plans
    whole = r"SCAN tr_ledger(?! USING)" if long_ledger.is_sqlite else r"Seq Scan on tr_ledger\b"
    assert not [plan for plan in plans if re.search(whole, plan)]


@pytest.mark.parametrize("name", KEY_READS)
def test_no_list_of_keys_reads_the_whole_table(long_ledger: Store, name: str) -> None:
    with plans_of(long_ledger) as plans:
        KEY_READS[name].ask(long_ledger, KEYS)

    assert plans
    searches = "search" in name  # where PostgreSQL may read the table instead of the index with the same words
    whole = r"SCAN tr_keys(?! USING)" if long_ledger.is_sqlite else r"$^" if searches else r"Seq Scan on tr_keys\b"
    assert not [plan for plan in plans if re.search(whole, plan)]
    if searches and long_ledger.is_sqlite:
        assert any("USING COVERING INDEX tr_keys_order" in plan for plan in plans)


@pytest.mark.parametrize(
    "wanted",
    [
        UsageFilter(team="team 7"),
        UsageFilter(user="user 7"),
        UsageFilter(provider="provider 1", model="model 7"),
        UsageFilter(within=Within(teams=frozenset({"team 7"}), users=frozenset({"user 3"}))),
    ],
)
def test_sums_of_few_read_the_days_of_few(long_ledger: Store, wanted: UsageFilter) -> None:
    with plans_of(long_ledger) as plans:
        usage_groups(long_ledger, wanted, "day")

    assert plans
    assert not [plan for plan in plans if re.search(r"SCAN tr_usage|Seq Scan on tr_usage", plan)]


@pytest.mark.parametrize("by", ["team", "user", "key", "provider", "model"])
def test_what_everybody_used_is_read_by_name_and_not_by_pairs_of_key_and_model(
    long_ledger: Store, by: Grouping
) -> None:
    wanted = UsageFilter(since_day="2025-01-10", until_day="2026-01-20")
    with plans_of(long_ledger) as plans:
        groups_of(long_ledger, wanted, by)
        sums_of_all(long_ledger, wanted)

    assert plans
    assert not [plan for plan in plans if "tr_usage" in plan or re.search(r"SCAN tr_activity|Seq Scan", plan)]


def test_limits_are_found_without_reading_all(long_ledger: Store) -> None:
    asked = [LimitFilter(scope="key:pupil 7"), LimitFilter(handle="lim_0123456789abcdef"), LimitFilter()]
    with plans_of(long_ledger) as plans:
        for wanted in asked:
            limit_page(long_ledger, wanted, None, 100)

    whole = r"SCAN tr_limits(?! USING)" if long_ledger.is_sqlite else r"$^"  # PostgreSQL reads a table of one page
    assert not [plan for plan in plans if re.search(whole, plan)]


def test_one_key_is_found_by_its_id_or_name(long_ledger: Store) -> None:
    with plans_of(long_ledger) as plans:
        one_key(long_ledger)

    assert not [plan for plan in plans if re.search(r"SCAN tr_keys|Seq Scan", plan)]


@pytest.mark.parametrize(
    "name",
    [
        "ledger: the newest rows",
        "ledger: a page in the middle",
        "ledger: the middle month",
        "ledger: one key",
        "ledger: one user",
        "ledger: one provider",
    ],
)
def test_pages_of_which_there_are_many_are_read_in_order_and_not_sorted(long_ledger: Store, name: str) -> None:
    with plans_of(long_ledger) as plans:
        READS[name](long_ledger, ROWS)

    sorts = r"USE TEMP B-TREE FOR ORDER BY" if long_ledger.is_sqlite else r"(?<!Incremental )Sort  \("
    assert not [plan for plan in plans if re.search(sorts, plan)]


def test_the_whole_ledger_is_noticed_when_it_is_read(long_ledger: Store) -> None:
    """The test above can fail."""
    with plans_of(long_ledger) as plans, long_ledger.read() as connection:
        connection.exec_driver_sql("SELECT sum(bytes_in) FROM tr_ledger").scalar()

    assert re.search("SCAN tr_ledger|Seq Scan on tr_ledger", plans[-1])

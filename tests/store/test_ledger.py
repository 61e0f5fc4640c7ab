"""The ledger: once, whole, and summed."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.ledger import (
    CoverageChanged,
    LedgerFilter,
    Row,
    forget_journal,
    journal_positions,
    ledger_page,
    record,
    single_rows,
    utc_day,
)
from tokenrouter.store.limit_use import LimitCharge, cover_limits, limit_use
from tokenrouter.store.schema import tr_ledger, tr_limit_use, tr_usage_daily
from tokenrouter.store.usage import UsageFilter, usage_sums
from tokenrouter.testing.postgres import PostgresServer

EVERYTHING = LedgerFilter()
CHARGE = LimitCharge("tokens", "key:alice", 0, 15)


def test_a_row_comes_back_as_it_went_in(store: Store) -> None:
    full = LedgerEntry(
        id="01",
        started_us=NOON_US,
        operation="responses",
        key_id="k",
        key_name="alice",
        user="ann",
        team="physics",
        chain=("a", "b"),
        client_ip="::1",
        client_tool="curl",
        client_request_id="theirs",
        alias="fast",
        requested_model="fast",
        provider="acme",
        model="org/small",
        stream=True,
        status=502,
        end_reason="provider_cut",
        error_code="provider_cut",
        usage=Usage(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, "flex"),
        estimated=True,
        overrun=7,
        cost_nano_usd=8,
        price_source="file",
        latency_us=9,
        first_token_us=10,
        bytes_in=11,
        bytes_out=12,
        changed="model",
        provider_request_id="req",
        count=1,
        answered_by="cache",
        origin_id="00",
        saved_nano_usd=13,
    )

    record(store, [Row(full), Row(entry("02", cost_nano_usd=None))], {})

    assert ledger_page(store, EVERYTHING, limit=10) == [entry("02", cost_nano_usd=None), full]


def test_what_is_written_twice_counts_once(store: Store) -> None:
    rows = [Row(entry("01"), (CHARGE,)), Row(entry("02"), (CHARGE,))]

    written = [record(store, rows, {"j": 10}), record(store, [*rows, Row(entry("03"), (CHARGE,))], {"j": 20})]

    assert written == [2, 1]
    assert usage_sums(store, UsageFilter()).requests == 3
    with store.read() as connection:
        assert limit_use(connection) == {("tokens", "key:alice"): {0: 45}}


def test_rows_that_were_charged_for_other_limits_than_are_covered_are_refused_with_what_is(store: Store) -> None:
    rows = [Row(entry("01"), (CHARGE,))]
    with store.write() as connection:
        covered = cover_limits(connection, frozenset({"tokens"}), [])
    assert record(store, rows, {}, coverage_known=covered.version) == 1
    with store.write() as connection:
        changed = cover_limits(connection, frozenset({"tokens", "costs"}), [])

    with pytest.raises(CoverageChanged) as refused:
        record(store, [Row(entry("02"))], {"j": 10}, coverage_known=covered.version)

    assert refused.value.coverage == changed
    assert changed.limit_ids == {"tokens", "costs"}
    assert changed.version > covered.version
    assert ledger_page(store, EVERYTHING, limit=10) == [entry("01")]
    assert journal_positions(store) == {}


def test_the_same_row_twice_in_one_batch_counts_once(store: Store) -> None:
    assert record(store, [Row(entry("01")), Row(entry("01"))], {}) == 1


def test_rows_sums_limits_and_position_are_written_together_or_not_at_all(store: Store) -> None:
    broken = entry("02", status=None)

    with pytest.raises(DBAPIError):
        record(store, [Row(entry("01"), (CHARGE,)), Row(broken)], {"j": 10})

    assert ledger_page(store, EVERYTHING, limit=10) == []
    assert usage_sums(store, UsageFilter()).requests == 0
    assert journal_positions(store) == {}


def test_positions_are_kept_per_file_until_the_file_is_gone(store: Store) -> None:
    record(store, [], {"a": 10, "b": 5})
    record(store, [], {"a": 20})

    assert journal_positions(store) == {"a": 20, "b": 5}
    forget_journal(store, "a")
    assert journal_positions(store) == {"b": 5}


def test_pages_follow_each_other_without_gap_or_repeat(store: Store) -> None:
    record(store, [Row(entry(f"{n:03}")) for n in range(25)], {})

    seen: list[str] = []
    before = None
    while page := ledger_page(store, LedgerFilter(before=before), limit=10):
        seen += [row.id for row in page]
        before = (page[-1].started_us, page[-1].id)

    assert seen == [f"{n:03}" for n in reversed(range(25))]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (LedgerFilter(key_ids=frozenset({"key_bob"})), ["02"]),
        (LedgerFilter(key_ids=frozenset()), []),
        (LedgerFilter(team="chemistry"), ["03"]),
        (LedgerFilter(provider="other"), ["04"]),
        (LedgerFilter(model="large"), ["04"]),
        (LedgerFilter(end_reason="provider_error"), ["05"]),
        (LedgerFilter(since_us=NOON_US + 1), ["06"]),
        (LedgerFilter(until_us=NOON_US), []),
        (LedgerFilter(user="ann", before=(NOON_US, "03")), ["02", "01"]),
    ],
)
def test_filters_leave_what_they_name(store: Store, wanted: LedgerFilter, ids: list[str]) -> None:
    rows = [
        entry("01"),
        entry("02", key_id="key_bob"),
        entry("03", team="chemistry"),
        entry("04", provider="other", model="large"),
        entry("05", end_reason="provider_error"),
        entry("06", started_us=NOON_US + 1),
    ]
    record(store, [Row(row) for row in rows], {})

    assert [row.id for row in ledger_page(store, wanted, limit=10)] == ids


def test_every_row_that_stands_for_one_request_is_read_from_a_time_on(store: Store) -> None:
    entries = [entry(f"{number:04}", started_us=NOON_US + number) for number in range(2500)]
    record(store, [Row(one) for one in [*entries, entry("many", started_us=NOON_US + 9, count=60)]], {})

    with store.read() as connection:
        found = list(single_rows(connection, NOON_US + 3))
    assert sorted(found, key=lambda one: one.id) == entries[3:]


def test_a_day_is_a_day_in_utc() -> None:
    assert utc_day(NOON_US) == "2026-01-01"
    assert utc_day(NOON_US + 12 * 3_600_000_000 - 1) == "2026-01-01"
    assert utc_day(NOON_US + 12 * 3_600_000_000) == "2026-01-02"


def test_a_character_that_postgresql_cannot_keep_stops_no_row(store: Store) -> None:
    odd = entry("01", model="a\0b", client_tool="\0", usage=Usage(tier="x\0"))
    charge = LimitCharge("tokens", "model:acme/a\0b", 0, 15)

    record(store, [Row(odd, (charge,)), Row(entry("02", model="a\ufffdb"))], {})

    assert [row.model for row in ledger_page(store, EVERYTHING, limit=10)] == ["a\ufffdb", "a\ufffdb"]
    assert usage_sums(store, UsageFilter(model="a\ufffdb")).requests == 2
    with store.read() as connection:
        assert limit_use(connection) == {("tokens", "model:acme/a\ufffdb"): {0: 15}}


def test_many_that_write_the_same_rows_at_once_write_each_once(database_url: str) -> None:
    rows = [Row(entry(f"{n:03}"), (CHARGE,)) for n in range(60)]
    together = threading.Barrier(4, timeout=60)
    stores = [open_store(database_url) for _ in range(4)]
    written: list[int] = []

    def write(number: int) -> None:
        mine = rows[number * 10 :] + rows[: number * 10]
        together.wait()
        written.extend(record(stores[number], part, {f"j{number}": 1}) for part in (mine[:30], mine[30:], mine))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(written) == 60
    assert usage_sums(stores[0], UsageFilter()).requests == 60
    assert len(ledger_page(stores[0], EVERYTHING, limit=100)) == 60
    with stores[0].read() as connection:
        assert limit_use(connection) == {("tokens", "key:alice"): {0: 900}}
    for one in stores:
        one.close()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
entries = st.builds(
    lambda number, text, day, tokens, cost, reason, status, count: entry(
        f"{number:02}",
        started_us=NOON_US + day * 86_400_000_000,
        key_name=text,
        model=text,
        client_tool=text,
        chain=(text, "class"),
        usage=Usage(*tokens),
        cost_nano_usd=cost,
        end_reason=reason,
        status=status,
        count=count,
    ),
    st.integers(0, 12),
    texts,
    st.integers(-2, 2),
    st.tuples(*[st.integers(0, 2**40)] * 4),
    st.none() | st.integers(0, 2**40),
    st.sampled_from(("completed", "client_error", "provider_cut")),
    st.sampled_from((200, 429, 500)),
    st.sampled_from((1, 60)),
)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(entries, max_size=8), max_size=5), st.randoms())
def test_whatever_is_written_in_whatever_order_both_databases_hold_the_same(
    pair: tuple[Store, Store], batches: list[list[LedgerEntry]], chance: Random
) -> None:
    by_id = {one.id: one for batch in batches for one in batch}
    again = [[by_id[one.id] for one in chance.sample(batch, len(batch))] for batch in batches]
    chance.shuffle(again)
    for one in pair:
        with one.write() as connection:
            for table in ("tr_ledger", "tr_usage_daily", "tr_limit_use"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
        new = [record(one, [Row(row, (charge_of(row),)) for row in batch], {}) for batch in [*again, *again]]
        assert sum(new) == len(by_id)

    sqlite, postgres = map(all_of, pair)
    assert sqlite == postgres
    assert sum(row.requests for row in sqlite[1]) == sum(one.count for one in by_id.values())
    assert sum(row.used for row in sqlite[2]) == sum(one.usage.input_tokens for one in by_id.values())


def charge_of(row: LedgerEntry) -> LimitCharge:
    return LimitCharge("input_tokens", f"model:{row.model}", 0, row.usage.input_tokens)


def all_of(store: Store) -> tuple[list[Any], ...]:
    with store.read() as connection:
        return tuple(
            sorted(connection.execute(select(table)).all(), key=repr)
            for table in (tr_ledger, tr_usage_daily, tr_limit_use)
        )


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory, empty_file: Path, postgres: PostgresServer, empty_template: str
) -> Iterator[tuple[Store, Store]]:
    """Two empty databases, one of each kind."""
    file = tmp_path_factory.mktemp("pair") / "tokenrouter.db"
    shutil.copy(empty_file, file)
    name = postgres.create_database(empty_template)
    stores = open_store(f"sqlite:///{file}"), open_store(postgres.url(name))
    yield stores
    for store in stores:
        store.close()
    postgres.drop_database(name)

"""The ledger: once, whole, and summed."""

import pytest
from sqlalchemy.exc import DBAPIError

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import (
    LedgerFilter,
    Row,
    forget_journal,
    has_failed,
    journal_positions,
    ledger_page,
    record,
    single_rows_since,
    utc_day,
)
from tokenrouter.store.limit_use import LimitCharge, limit_use
from tokenrouter.store.usage import UsageFilter, usage_sums

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
        usage=Usage(1, 2, 3, 4, 5, 6),
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
    while page := ledger_page(store, LedgerFilter(before_id=seen[-1] if seen else ""), limit=10):
        seen += [row.id for row in page]

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
        (LedgerFilter(user="ann", before_id="03"), ["02", "01"]),
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

    assert sorted(single_rows_since(store, NOON_US + 3), key=lambda one: one.id) == entries[3:]


def test_a_day_is_a_day_in_utc() -> None:
    assert utc_day(NOON_US) == "2026-01-01"
    assert utc_day(NOON_US + 12 * 3_600_000_000 - 1) == "2026-01-01"
    assert utc_day(NOON_US + 12 * 3_600_000_000) == "2026-01-02"


@pytest.mark.parametrize(
    ("end_reason", "status", "failed"),
    [
        ("completed", 200, False),
        ("client_disconnect", 200, False),
        ("completed", 400, True),
        ("provider_cut", 200, True),
        ("interrupted", 0, True),
    ],
)
def test_failed_is_what_did_not_deliver(end_reason: str, status: int, failed: bool) -> None:
    assert has_failed(entry("01", end_reason=end_reason, status=status)) is failed

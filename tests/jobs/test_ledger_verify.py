import shutil
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.jobs.ledgers import DAY_US, LIMITS, NAMES, NOW_S, PRICE, Books, priced
from tests.store.entries import NOON_US
from tokenrouter.domain.catalog import Catalog, Key
from tokenrouter.domain.ledger import Begun, Ended, EndReason, LedgerEntry, Subject, Usage
from tokenrouter.domain.limits import Amounts, LimitTable
from tokenrouter.domain.periods import Period
from tokenrouter.domain.prices import cost
from tokenrouter.jobs.ledger_drain import LedgerDrain
from tokenrouter.jobs.ledger_verify import MAX_TOLD, Findings, repair, rules_of
from tokenrouter.jobs.ledger_verify_days import Difference
from tokenrouter.jobs.limit_adjustments import reset_limit
from tokenrouter.jobs.limit_use import NameOfKey
from tokenrouter.jobs.retention import delete_old_rows
from tokenrouter.journal.writer import JournalWriter
from tokenrouter.store.engine import Store, open_store

REASONS: tuple[EndReason, ...] = ("completed", "client_disconnect", "limit_reached", "provider_error")


NewStore = Callable[[], Store]


@pytest.fixture
def new_store(empty_file: Path, tmp_path: Path) -> Iterator[NewStore]:
    """A function that makes one more SQLite store without rows."""
    with ExitStack() as opened:
        numbers = count()

        def make() -> Store:
            store = open_store(f"sqlite:///{shutil.copy(empty_file, tmp_path / f'{next(numbers)}.db')}")
            opened.callback(store.close)
            return store

        yield make


@pytest.fixture
def books(store: Store) -> Books:
    return Books(store)


def many(days: int = 3) -> list[LedgerEntry]:
    return [
        priced(f"{day}-{number}", started_us=NOON_US - day * DAY_US + number, model=f"m{number % 2}")
        for day in range(days)
        for number in range(4)
    ]


def test_a_ledger_that_was_written_by_the_rules_has_no_differences(books: Books) -> None:
    books.write(many())

    found = books.verify()

    assert found.differences == []
    assert (found.count, found.rows, found.days, found.costs, found.is_complete) == (0, 12, 3, 12, True)
    assert found.counters > 4
    assert found.unchecked_limits == 0


def test_an_empty_ledger_has_no_differences(books: Books) -> None:
    books.write([])

    assert books.verify().count == 0


def test_everything_that_is_derived_is_repaired_at_once_and_rows_are_not(books: Books) -> None:
    books.write(many())
    books.change("UPDATE tr_usage_daily SET requests = requests + 1 WHERE model = 'm0'")
    books.change("UPDATE tr_limit_use SET used = used - 1")
    books.change("UPDATE tr_ledger SET cost_nano_usd = cost_nano_usd + 5 WHERE id = '1-1'")

    found = repair(books.store, books.rules, now_s=NOW_S)

    assert {one.table for one in found.differences} == {"tr_usage_daily", "tr_activity", "tr_limit_use", "tr_ledger"}
    left = books.verify().differences
    assert [(one.table, one.subject, one.is_derived) for one in left] == [("tr_ledger", "row 1-1", False)]


def test_a_repair_of_what_is_right_changes_nothing(books: Books) -> None:
    books.write(many())

    assert repair(books.store, books.rules, now_s=NOW_S).count == 0


def test_a_ledger_whose_old_rows_are_deleted_has_no_differences(books: Books) -> None:
    books.write(many(days=70))
    assert delete_old_rows(books.store, days=5, now_s=NOW_S)
    late = priced("late", started_us=NOON_US - 40 * DAY_US)
    books.write([late])

    found = books.verify()

    assert found.differences == []
    assert (found.days, found.months) == (6, 3)


def test_a_reset_is_no_difference(books: Books) -> None:
    books.write(many())
    for limit in LIMITS:
        reset_limit(books.store, limit, None, made_by="test", now_s=NOW_S)
    books.write([priced("after")])

    assert books.verify().differences == []


def test_when_time_is_up_what_was_looked_at_is_told(books: Books) -> None:
    books.write(many())

    found = books.verify(longest_s=-1.0)

    assert not found.is_complete
    assert found.counters == 0


def test_a_period_restricts_what_is_looked_at(books: Books) -> None:
    books.write(many())
    books.change("UPDATE tr_usage_daily SET requests = 99 WHERE day = '2025-12-30'")

    yesterday = Period(NOON_US - DAY_US - DAY_US // 2, NOON_US - DAY_US // 2)
    assert (books.verify(yesterday).count, books.verify(yesterday).days) == (0, 1)
    assert books.verify(Period(NOON_US - 3 * DAY_US)).count == 2


def test_more_differences_than_can_be_told_are_counted() -> None:
    found = Findings()

    found.add(Difference("tr_ledger", f"row {number}", "cost_nano_usd", 1, 2) for number in range(MAX_TOLD + 5))

    assert (found.count, len(found.differences)) == (MAX_TOLD + 5, MAX_TOLD)


def test_the_rules_are_those_of_the_catalog() -> None:
    catalog = Catalog(keys=(Key("id", "name", b""),), limits=LIMITS)

    rules = rules_of(catalog, lambda _provider, _model: PRICE)

    assert list(rules.limits) == list(LimitTable(LIMITS))
    assert rules.key_names == {"id": "name"}
    assert rules.price_of("acme", "small") is PRICE


# What a drain has written from a journal.

USAGES = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(lambda tokens: Usage(*tokens))


@st.composite
def requests(draw: st.DrawFn) -> tuple[Subject, Usage, EndReason, int, bool]:
    subject = Subject(
        "chat",
        key_id=draw(st.sampled_from(sorted(NAMES))),
        key_name="somebody",
        user=draw(st.sampled_from(["", "ann", "a\0b"])),
        team=draw(st.sampled_from(["", "physics"])),
        chain=tuple(draw(st.lists(st.sampled_from(sorted(NAMES)), max_size=2))),
        provider="acme",
        model=draw(st.sampled_from(["small", "large"])),
        price_source=draw(st.sampled_from(["", PRICE.named])),
    )
    return subject, draw(USAGES), draw(st.sampled_from(REASONS)), draw(st.integers(-3 * DAY_US, 0)), draw(st.booleans())


@given(asked=st.lists(requests(), max_size=12), twice=st.booleans())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=25, deadline=None
)
def test_after_a_drain_there_are_no_differences_whatever_was_asked(
    new_store: NewStore,
    tmp_path: Path,
    asked: list[tuple[Subject, Usage, EndReason, int, bool]],
    twice: bool,
) -> None:
    store = new_store()
    folder = tmp_path / f"journal-{id(store)}"
    journal = JournalWriter(folder, segment_bytes=4096, reserve_bytes=4096)
    for number, (subject, usage, reason, before_us, ends) in enumerate(asked):
        begun = Begun(f"{number:04}", NOON_US + before_us)
        journal.begin(journal.subject(subject), begun, Amounts(1, 100, 200, 3000))
        if ends:
            spent = cost(usage, PRICE) if subject.price_source else None
            journal.end(Ended(begun.id, begun.started_us, usage, 200, reason, cost_nano_usd=spent, latency_us=5))
    journal.close()
    copy = shutil.copytree(folder, tmp_path / f"copy-{id(store)}")
    books = Books(store)
    limits: tuple[LimitTable, NameOfKey] = (books.table, lambda key: NAMES.get(key, key))

    LedgerDrain(store, folder, lambda: limits, lambda: NOW_S).drain()
    if twice:
        LedgerDrain(store, copy, lambda: limits, lambda: NOW_S).drain()

    found = books.verify()
    assert found.differences == []
    assert found.rows == len(asked)


@pytest.mark.torture
def test_two_hundred_thousand_rows_are_checked_in_bounded_memory(new_store: NewStore) -> None:
    books = Books(new_store())
    for start in range(0, 200_000, 1000):
        books.write(
            priced(f"{number:09}", started_us=NOON_US - 30 * DAY_US + number * 10_000_000)
            for number in range(start, start + 1000)
        )

    tracemalloc.start()
    found = books.verify(longest_s=600.0)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (found.count, found.rows) == (0, 200_000)
    assert peak_bytes < 40 * 2**20

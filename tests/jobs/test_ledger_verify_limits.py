from dataclasses import replace

import pytest

from tests.jobs.ledgers import DAY_US, LIMITS, NOW_S, Books, a_limit, priced
from tests.store.entries import NOON_US, entry
from tokenrouter.domain.limits import Limit
from tokenrouter.domain.periods import Period
from tokenrouter.jobs.ledger_verify import repair
from tokenrouter.jobs.ledger_verify_days import Difference
from tokenrouter.jobs.ledger_verify_limits import KeyNames
from tokenrouter.jobs.limit_adjustments import reset_limit
from tokenrouter.jobs.retention import delete_old_rows
from tokenrouter.store.engine import Store
from tokenrouter.store.facts import write_fact

COUNTED = [limit for limit in LIMITS if limit.metric != "concurrency"]


@pytest.fixture
def books(store: Store) -> Books:
    books = Books(store)
    books.write([priced("a"), priced("b", started_us=NOON_US + 7_000_000), priced("c", started_us=NOON_US - DAY_US)])
    return books


def found_in(books: Books, **how: float) -> list[Difference]:
    return [one for one in books.verify(**how).differences if one.table == "tr_limit_use"]  # type: ignore[arg-type]


def kept_now(limit: Limit) -> str:
    """Return what picks one counter that counts now."""
    newest = f"SELECT max(window_start_us) FROM tr_limit_use u WHERE u.limit_id = '{limit.id}'"
    return f"limit_id = '{limit.id}' AND window_start_us = ({newest})"


@pytest.mark.parametrize("limit", COUNTED, ids=lambda limit: limit.id)
@pytest.mark.parametrize("by", [1, -1])
def test_a_counter_that_is_off_by_one_is_found_and_repaired(books: Books, limit: Limit, by: int) -> None:
    books.change(f"UPDATE tr_limit_use SET used = used + {by} WHERE {kept_now(limit)}")

    found = found_in(books)

    assert found
    assert all(one.subject.startswith(f"{limit.id} of ") for one in found)
    assert all(one.kept is not None and one.kept - (one.counted or 0) == by for one in found)
    repair(books.store, books.rules, now_s=NOW_S)
    assert not found_in(books)


@pytest.mark.parametrize("limit", COUNTED, ids=lambda limit: limit.id)
def test_a_counter_that_is_missing_is_found_and_repaired(books: Books, limit: Limit) -> None:
    books.change(f"DELETE FROM tr_limit_use WHERE {kept_now(limit)}")

    assert {one.kept for one in found_in(books)} == {None}
    repair(books.store, books.rules, now_s=NOW_S)
    assert not found_in(books)


def test_a_counter_without_any_use_is_found_and_repaired(books: Books) -> None:
    books.change("INSERT INTO tr_limit_use VALUES ('team:*|requests|month', 'team:ghosts', 1767225600000000, 3)")

    assert [(one.kept, one.counted) for one in found_in(books)] == [(3, 0)]
    repair(books.store, books.rules, now_s=NOW_S)
    assert not found_in(books)


def test_windows_that_count_no_more_are_not_compared(books: Books) -> None:
    books.change("UPDATE tr_limit_use SET used = used + 1 WHERE window_start_us > 0")

    a_year_later = NOW_S + 366 * 86_400
    assert not found_in(books, now_s=a_year_later)


def test_an_adjustment_counts_in_its_window(books: Books) -> None:
    day = COUNTED[1]
    reset_limit(books.store, day, None, made_by="test", now_s=NOW_S)
    assert not found_in(books)
    books.change("UPDATE tr_adjustments SET amount = amount + 5")

    assert [(one.subject.split()[0], (one.counted or 0) - (one.kept or 0)) for one in found_in(books)] == [(day.id, 5)]


def test_what_deleted_rows_used_counts_for_lifetimes(books: Books) -> None:
    assert delete_old_rows(books.store, days=1, now_s=NOW_S + 86_400) == 1
    assert not found_in(books)
    books.change("UPDATE tr_balances SET input_tokens = input_tokens + 5")

    assert {one.subject for one in found_in(books)} == {
        f"key:*|tokens|lifetime of key:{name}" for name in ("alice", "parent")
    }


def test_limits_whose_use_cannot_be_known_are_unchecked(books: Books) -> None:
    new = a_limit("provider:acme", "requests", "lifetime")
    assert books.verify().unchecked_limits == 0

    assert replace(books, limits=(*LIMITS, new)).verify().unchecked_limits == 1
    delete_old_rows(books.store, days=1, now_s=NOW_S + 86_400)
    assert books.verify().unchecked_limits == 2, "balances know no addresses, and not what was before a first interval"


def test_limits_that_need_other_rows_than_those_of_the_period_are_unchecked(books: Books) -> None:
    books.change("UPDATE tr_limit_use SET used = used + 1")

    lately = books.verify(Period(NOON_US - 2 * 3_600_000_000))
    before = books.verify(Period(0, NOON_US))

    assert {one.subject.split()[0] for one in lately.differences} == {"global|requests|sliding:90s"}
    assert (before.counters, before.unchecked_limits) == (0, len(COUNTED))


def test_counters_of_keys_that_are_gone_are_unchecked(books: Books) -> None:
    books.write([priced("d", key_id="gone", key_name="gone", chain=("gone",))])
    before = books.verify()

    books.change("UPDATE tr_limit_use SET used = used + 1 WHERE scope = 'key:gone'")

    assert before.unchecked_limits == books.verify().unchecked_limits == 1
    assert not found_in(books)


def test_counters_of_a_template_that_another_limit_replaced_are_unchecked(books: Books) -> None:
    own = a_limit("key:alice", "tokens", "lifetime")
    more = replace(books, limits=(*LIMITS, own))
    more.write([priced("d")])

    assert not found_in(more)
    assert more.verify().unchecked_limits == 1


def test_use_that_an_older_version_carried_along_is_unchecked(books: Books) -> None:
    with books.store.write() as connection:
        write_fact(connection, "carried_use/key:*|tokens|lifetime/key:alice", "1")
    books.change("UPDATE tr_limit_use SET used = used + 100 WHERE scope = 'key:alice' AND window_start_us = 0")

    assert not found_in(books)
    assert books.verify().unchecked_limits == 1


def test_names_of_keys_that_are_gone_are_those_of_their_rows() -> None:
    names = KeyNames({"1": "alice"})
    names.learn(entry("a", key_id="2", key_name="bob"))
    names.learn(entry("b", key_id="1", key_name="old name"))

    assert [names(key_id) for key_id in ("1", "2", "3")] == ["alice", "bob", "3"]
    assert [names.is_gone(scope) for scope in ("key:alice", "key:bob", "team:bob")] == [False, True, False]

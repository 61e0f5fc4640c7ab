from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from tests.journal.captured import NOON_US, SEALING, captured
from tests.store.entries import entry
from tokenrouter.config.sealing import Sealing
from tokenrouter.store.conversation_pages import (
    SEARCHED_RECORDS,
    ConversationFilter,
    ConversationPage,
    conversation_page,
    conversation_sums,
    find_conversation,
    last_record_number,
    records_after,
    records_of,
)
from tokenrouter.store.conversations import Gist, NewRecord, take_in_file
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.within import Within


def keep(store: Store, *records: NewRecord) -> None:
    take_in_file(store, SEALING, f"file-{records[0].captured.id}", records)


def new(
    record_id: str, at_s: float = 0.0, *, asked: str = "", answered: str = "", kind: str = "", **fields: Any
) -> NewRecord:
    whole = captured(record_id, at_s, **{"session": record_id, **fields})
    return NewRecord(whole, kind, Gist(asked or record_id, answered))


def page(store: Store, limit: int = 100, **wanted: Any) -> ConversationPage:
    return conversation_page(store, SEALING, ConversationFilter(**wanted), limit=limit)


def titles(store: Store, **wanted: Any) -> list[str]:
    return [row.title for row in page(store, **wanted).rows]


@pytest.fixture
def four(store: Store) -> Store:
    keep(
        store,
        new("one", 0, asked="About Bread", team="physics", user="ann"),
        new("two", 10, answered="use flour", team="chemistry", user="bob", key="bob", key_id="key_bob", model="big"),
        new("three", 20, client_ip="10.0.0.9", answer_headers=(("x-tokenrouter-provider", "other"),), user="cleo"),
        new("four", 30, asked="a title?", kind="title_generation"),
    )
    return store


def test_the_one_that_grew_last_comes_first_and_pages_join_without_gaps(four: Store) -> None:
    rows: list[str] = []
    after = None
    while True:
        found = conversation_page(four, SEALING, ConversationFilter(), limit=1, after=after)
        rows += [row.title for row in found.rows]
        if (after := found.next) is None:
            break

    assert rows == titles(four) == ["three", "two", "About Bread"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"user": "ann"}, ["About Bread"]),
        ({"team": "chemistry"}, ["two"]),
        ({"key": "bob"}, ["two"]),
        ({"key": "key_bob"}, ["two"]),
        ({"model": "big"}, ["two"]),
        ({"provider": "other"}, ["three"]),
        ({"client_ip": "10.0.0.9"}, ["three"]),
        ({"since_us": NOON_US + 15_000_000}, ["three"]),
        ({"until_us": NOON_US + 15_000_000}, ["two", "About Bread"]),
        ({"with_internal": True}, ["", "three", "two", "About Bread"]),
        ({"text": "BREAD"}, ["About Bread"]),
        ({"text": "flour"}, ["two"]),
        ({"text": "flour", "team": "physics"}, []),
        ({"text": "nowhere"}, []),
        ({"within": Within(users=frozenset({"ann", "cleo"}))}, ["three", "About Bread"]),
        ({"within": Within(teams=frozenset({"chemistry"}))}, ["two"]),
        ({"within": Within(key_ids=frozenset({"key_bob"}))}, ["two"]),
        ({"within": Within()}, []),
    ],
)
def test_filters_restrict_and_reach_does(four: Store, wanted: dict[str, Any], found: list[str]) -> None:
    assert titles(four, **wanted) == found


def test_words_in_the_middle_of_a_conversation_are_found(store: Store) -> None:
    keep(store, *(new(f"r{number}", number, session="s", asked=f"number {number} of them") for number in range(5)))

    assert titles(store, text="number 2") == ["number 0 of them"]


def test_a_search_that_goes_on_and_on_stops_and_says_where(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokenrouter.store.conversation_pages.SEARCHED_RECORDS", 100)
    keep(store, new("needle", 0), *(new(f"r{number}", number + 1) for number in range(450)))
    assert SEARCHED_RECORDS > 450

    found, after, questions = [], None, 0
    while True:
        some = conversation_page(store, SEALING, ConversationFilter(text="needle"), limit=5, after=after)
        found += [row.title for row in some.rows]
        questions += 1
        if (after := some.next) is None:
            break

    assert found == ["needle"]
    assert questions > 1


def test_what_cannot_be_opened_any_more_is_listed_without_its_words(four: Store) -> None:
    other = Sealing(b"x" * 32)

    found = conversation_page(four, other, ConversationFilter(), limit=9)

    assert [row.title for row in found.rows] == ["", "", ""]
    (record,) = records_of(four, other, found.rows[0].id)
    assert record.captured is None


def test_tokens_are_those_that_the_ledger_knows(store: Store) -> None:
    keep(store, new("r1", session="s"), new("r2", session="s"))
    record(store, [Row(entry("r1"), ())], {})
    (row,) = page(store).rows

    found = list(records_of(store, SEALING, row.id))
    known = entry("r1")
    assert row.total_tokens == known.usage.input_tokens + known.usage.output_tokens
    assert [one.charge is not None for one in found] == [True, False]


def test_a_conversation_that_may_not_be_seen_is_as_one_that_is_not_there(four: Store) -> None:
    (bread,) = page(four, user="ann").rows

    assert find_conversation(four, SEALING, bread.id) == bread
    assert find_conversation(four, SEALING, bread.id, Within(users=frozenset({"bob"}))) is None
    assert find_conversation(four, SEALING, "conv_none") is None


def test_long_conversations_come_in_their_order(store: Store) -> None:
    keep(store, *(new(f"r{number:03d}", number, session="s") for number in range(100)))
    (row,) = page(store).rows

    assert [one.id for one in records_of(store, SEALING, row.id)] == [f"r{number:03d}" for number in range(100)]


def test_sums_are_of_what_may_be_seen(four: Store) -> None:
    everything, bobs = conversation_sums(four), conversation_sums(four, Within(users=frozenset({"bob"})))

    assert (everything.conversations, everything.requests, bobs.conversations) == (4, 4, 1)
    assert everything.bytes > bobs.bytes > 0
    assert (everything.oldest_us, everything.newest_us) == (NOON_US, NOON_US + 31_000_000)
    assert conversation_sums(four, Within()).oldest_us is None


def test_news_are_told_in_their_order_to_those_who_may_see_them(four: Store) -> None:
    first = last_record_number(four) - 3

    assert [one.id for one in records_after(four, first, None, limit=2)] == ["two", "three"]
    assert [one.id for one in records_after(four, 0, Within(users=frozenset({"bob"})), limit=9)] == ["two"]


@pytest.mark.parametrize(
    "wanted",
    [{}, {"user": "ann"}, {"team": "physics"}, {"with_internal": True}, {"within": Within(users=frozenset({"ann"}))}],
)
def test_no_page_reads_or_sorts_everything(sqlite_url: str, wanted: dict[str, Any]) -> None:
    store, plans = open_store(sqlite_url), list[str]()

    def explain(connection: Connection, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if statement.lstrip().startswith("SELECT"):
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[-1] for row in cursor.fetchall())

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        page(store, limit=50, **wanted)
    finally:
        event.remove(Engine, "before_cursor_execute", explain)
        store.close()

    assert plans
    assert all("USING INDEX" in plan for plan in plans), plans

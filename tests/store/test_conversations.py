import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.journal.captured import NOON_US, SEALING, captured
from tokenrouter.domain.capture import Captured
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.conversation_pages import ConversationFilter, conversation_page, conversation_sums, records_of
from tokenrouter.store.conversations import (
    Gist,
    NewRecord,
    delete_conversations,
    files_taken_in,
    forget_file,
    prune,
    take_in_file,
)
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.schema import tr_conversation_records, tr_conversations

NEVER_US = 0


def new(
    record_id: str, at_s: float = 0.0, *, kind: str = "", title: str = "", response: str = "", **fields: Any
) -> NewRecord:
    said = fields.pop("said", record_id)
    return NewRecord(captured(record_id, at_s, **fields), kind, Gist(said, "hi"), title, response)


def keep(store: Store, *records: NewRecord, file: str = "") -> int:
    return take_in_file(store, SEALING, file or f"file-{records[0].captured.id}", records)


def groups(store: Store) -> list[list[str]]:
    """Return the requests of each conversation, in the order of their coming."""
    records = tr_conversation_records.c
    with store.read() as connection:
        rows = connection.execute(select(records.conversation_id, records.id).order_by(records.number)).all()
    found: dict[str, list[str]] = {}
    for conversation_id, record_id in rows:
        found.setdefault(conversation_id, []).append(record_id)
    return list(found.values())


def test_a_file_that_is_met_again_adds_nothing_and_brings_nothing_back(store: Store) -> None:
    assert keep(store, new("a"), new("b"), file="f") == 2
    assert keep(store, new("a"), new("b"), file="f") == 0
    assert delete_conversations(store, [], told={"all": True}) == 1
    assert keep(store, new("a"), new("b"), file="f") == 0

    assert groups(store) == []
    assert files_taken_in(store) == {"f"}
    forget_file(store, "f")
    assert files_taken_in(store) == frozenset()


def test_a_request_that_is_there_already_is_not_kept_twice(store: Store) -> None:
    keep(store, new("a"), file="f")

    assert keep(store, new("a"), new("b"), file="g") == 1
    assert groups(store) == [["a", "b"]]


def test_what_names_a_conversation_comes_first(store: Store) -> None:
    keep(store, new("a", session="s1"), new("b", session="s2"), new("c", 9000, session="s1", model="other"))

    assert groups(store) == [["a", "c"], ["b"]]


def test_conversations_of_two_keys_are_never_one(store: Store) -> None:
    keep(store, new("a", session="s1"), new("b", session="s1", key_id="key_bob", key="bob"))
    keep(store, new("c", response="resp_1"), new("d", previous="resp_1", key_id="key_bob"))

    assert groups(store) == [["a"], ["b"], ["c"], ["d"]]


def test_a_request_goes_on_from_the_answer_that_it_names(store: Store) -> None:
    keep(store, new("a", response="resp_1"), new("b", 5000, previous="resp_1", response="resp_2"))
    keep(store, new("c", 9000, previous="resp_2"), new("d", 9000, previous="resp_9"), new("e", 9999, previous="resp_9"))

    assert groups(store) == [["a", "b", "c"], ["d", "e"]]


def test_else_the_same_client_asking_for_the_same_within_ten_minutes_goes_on(store: Store) -> None:
    keep(store, new("a"), new("b", 500), new("c", 1100), new("d", 1702), new("e", 1750, model="other"))
    keep(store, new("f", 1760, client_ip="10.9.9.9"), new("g", 1770, operation="completions"))

    assert groups(store) == [["a", "b", "c"], ["d"], ["e"], ["f"], ["g"]]


def test_a_title_belongs_to_the_conversation_whatever_model_has_made_it(store: Store) -> None:
    keep(store, new("a", said="hello"), new("t", 1, model="small", kind="title_generation", title="Greetings"))
    keep(store, new("b", 2, said="and you?"))

    (row,) = conversation_page(store, SEALING, ConversationFilter(), limit=9).rows
    assert (row.title, row.preview, row.requests, row.internal, row.model) == ("Greetings", "and you?", 3, 1, "m")
    assert (row.begun_us, row.last_us) == (NOON_US, NOON_US + 3_000_000)


def test_without_a_title_the_first_words_are_it(store: Store) -> None:
    keep(store, new("a", said="First line\nsecond"), new("b", said="later"))

    (row,) = conversation_page(store, SEALING, ConversationFilter(), limit=9).rows
    assert (row.title, row.preview) == ("First line", "later")


def test_nothing_that_anybody_wrote_stands_in_the_database_in_clear(sqlite_url: str, tmp_path: Path) -> None:
    store = open_store(sqlite_url)
    secret = "xylophone" * 20
    keep(store, new("a", session=secret, said=secret, title=secret, request_body=secret.encode(), response=secret))
    store.close()

    assert all(b"xylophone" not in path.read_bytes() for path in tmp_path.iterdir())


@pytest.fixture
def file_store(sqlite_url: str) -> Iterator[Store]:
    store = open_store(sqlite_url)
    yield store
    store.close()


def blobs(file: Path) -> list[bytes]:
    """Return every sealed value of the database, by another connection."""
    with sqlite3.connect(file) as connection:
        columns = (
            "sealed FROM tr_conversation_records",
            "gist FROM tr_conversation_records",
            "sealed FROM tr_conversations",
        )
        found = connection.execute(" UNION ALL ".join(f"SELECT {column}" for column in columns))
        return [bytes(row[0]) for row in found]


def remains(folder: Path, sealed: list[bytes]) -> bool:
    """Whether any of the middle of `sealed` values is in any file: long ones are spread over pages."""
    everything = b"".join(path.read_bytes() for path in folder.iterdir())
    return any(one[at : at + 40] in everything for one in sealed for at in range(0, len(one) - 40, 40))


def test_what_is_deleted_is_in_no_file_any_more(file_store: Store, tmp_path: Path) -> None:
    keep(
        file_store,
        *(new(f"r{number}", session=f"s{number}", request_body=bytes(range(256)) * 40) for number in range(20)),
    )
    sealed = blobs(tmp_path / "tokenrouter.db")
    assert len(sealed) == 60
    assert remains(tmp_path, sealed)

    assert delete_conversations(file_store, ConversationFilter(key="ann").conditions(), told={"key": "ann"}) == 20

    assert not remains(tmp_path, sealed)


def test_what_is_pruned_is_in_no_file_any_more(file_store: Store, tmp_path: Path) -> None:
    keep(file_store, *(new(f"r{number}", session=f"s{number}") for number in range(20)))
    sealed = blobs(tmp_path / "tokenrouter.db")

    assert prune(file_store, max_items=0, max_bytes=2**30, before_us=NEVER_US) == 20

    assert not remains(tmp_path, sealed)


def test_only_the_wanted_are_deleted_and_the_audit_log_says_which_without_words(store: Store) -> None:
    keep(store, new("a", session="s1"), new("b", session="s2", key_id="key_bob", key="bob", team="chemistry"))

    assert delete_conversations(store, ConversationFilter(team="physics").conditions(), told={"team": "physics"}) == 1

    assert groups(store) == [["b"]]
    (entry,) = audit_page(store, AuditFilter(), limit=9)
    assert (entry.action, entry.before) == ("conversation.delete", {"team": "physics", "conversations": 1})


def test_more_than_one_transactions_worth_is_deleted_whole(store: Store) -> None:
    keep(store, *(new(f"r{number}", session=f"s{number}") for number in range(450)))

    assert delete_conversations(store, [], told={"all": True}) == 450
    assert groups(store) == []


def test_the_oldest_go_first_by_age_by_count_and_by_size(store: Store) -> None:
    keep(store, *(new(f"r{number}", number * 10, session=f"s{number % 2}") for number in range(10)))
    each = conversation_sums(store).bytes // 10

    assert prune(store, max_items=100, max_bytes=2**30, before_us=NOON_US + 21_500_000) == 3
    assert sorted(one for group in groups(store) for one in group) == [f"r{number}" for number in range(3, 10)]
    assert prune(store, max_items=5, max_bytes=2**30, before_us=NEVER_US) == 2
    assert prune(store, max_items=100, max_bytes=each * 3 + each // 2, before_us=NEVER_US) == 2

    assert groups(store) == [["r7", "r9"], ["r8"]]
    assert conversation_sums(store).requests == 3
    with store.read() as connection:
        rows = connection.execute(select(tr_conversations).order_by(tr_conversations.c.begun_us)).mappings().all()
    assert [(row["requests"], row["begun_us"]) for row in rows] == [
        (2, NOON_US + 70_000_000),
        (1, NOON_US + 80_000_000),
    ]
    assert prune(store, max_items=0, max_bytes=0, before_us=NEVER_US) == 3
    assert groups(store) == []


def test_a_request_comes_out_as_it_was(store: Store) -> None:
    whole: Captured = captured(
        "a", request_headers=(("user-agent", "x"),), previous="p", outcome="broken_off", status=502
    )
    take_in_file(store, SEALING, "f", [NewRecord(whole)])

    (row,) = conversation_page(store, SEALING, ConversationFilter(), limit=9).rows
    (record,) = records_of(store, SEALING, row.id)
    assert record.captured == whole

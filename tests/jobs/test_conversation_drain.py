import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journal.captured import NOON_US, SEALING, captured, chat_answer, chat_body
from tokenrouter.domain.capture import Captured
from tokenrouter.jobs.conversation_drain import ConversationDrain, record_of
from tokenrouter.journal.conversation_files import captured_files, framed, open_file
from tokenrouter.journal.conversation_writer import ConversationWriter
from tokenrouter.store.conversation_pages import ConversationFilter, conversation_page, conversation_sums, records_of
from tokenrouter.store.conversations import Gist, files_taken_in
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.migrate import migrate


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("database") / "empty.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def store(migrated: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copy(migrated, tmp_path / "tokenrouter.db")
    store = open_store(f"sqlite:///{tmp_path / 'tokenrouter.db'}")
    yield store
    store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "captured").mkdir()
    return tmp_path / "captured"


def draining(store: Store, folder: Path) -> ConversationDrain:
    return ConversationDrain(store, folder, SEALING, clock=lambda: NOON_US / 1e6)


def test_what_a_writer_has_written_comes_into_the_database_and_its_files_go(store: Store, folder: Path) -> None:
    writer = ConversationWriter(folder, SEALING, min_free_bytes=0)
    for number in range(3):
        writer.put(lambda number=number: captured(f"r{number}"), 9)  # type: ignore[misc]
    writer.close()
    drain = draining(store, folder)

    assert (drain.drain(), drain.drain(), drain.taken_in) == (3, 0, 3)
    assert captured_files(folder) == []
    assert files_taken_in(store) == frozenset()
    (row,) = conversation_page(store, SEALING, ConversationFilter(), limit=9).rows
    assert (row.title, row.requests, row.provider) == ("hello", 3, "acme")


def test_a_file_that_is_still_written_is_left_alone(store: Store, folder: Path) -> None:
    fd = open_file(folder / "a.captured")
    os.write(fd, framed(SEALING, captured("r1")))

    assert draining(store, folder).drain() == 0
    os.close(fd)
    assert draining(store, folder).drain() == 1


def test_a_drain_that_died_before_the_file_went_adds_nothing_the_next_time(store: Store, folder: Path) -> None:
    fd = open_file(folder / "a.captured")
    os.write(fd, framed(SEALING, captured("r1")))
    os.close(fd)
    shutil.copy(folder / "a.captured", folder / "b.copy")
    draining(store, folder).drain()
    with store.write() as connection:
        connection.exec_driver_sql("INSERT INTO tr_conversation_files (file) VALUES ('a.captured')")
    (folder / "b.copy").rename(folder / "a.captured")

    assert draining(store, folder).drain() == 0
    assert captured_files(folder) == []
    assert conversation_sums(store).requests == 1


def test_names_of_files_that_are_long_gone_are_forgotten(store: Store, folder: Path) -> None:
    old, fresh = f"{(NOON_US - 40 * 86_400 * 10**6) * 1000:020d}-1-1.captured", f"{NOON_US * 1000:020d}-1-1.captured"
    with store.write() as connection:
        for name in (old, fresh):
            connection.exec_driver_sql(f"INSERT INTO tr_conversation_files (file) VALUES ('{name}')")

    draining(store, folder).drain()

    assert files_taken_in(store) == {fresh}


def test_two_drains_at_once_take_each_file_once(store: Store, folder: Path) -> None:
    for number in range(10):
        fd = open_file(folder / f"{number}.captured")
        os.write(fd, framed(SEALING, captured(f"r{number}")))
        os.close(fd)
    drains = [draining(store, folder) for _ in range(2)]
    threads = [threading.Thread(target=drain.drain) for drain in drains]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert conversation_sums(store).requests == 10


def test_a_request_for_a_title_is_told_apart_and_its_answer_is_the_title() -> None:
    asked = chat_body("Generate a title for this conversation. Only return the title.")
    record = record_of(captured("r1", request_body=asked, answer_body=chat_answer('"Greetings"')))

    assert (record.kind, record.title) == ("title_generation", "Greetings")
    refused = captured(
        "r1", request_body=asked, answer_body=b'{"error":{"message":"no"}}', status=500, outcome="refused"
    )
    assert record_of(refused).title == ""


def test_the_last_words_of_both_are_searched_and_the_id_can_be_gone_on_from() -> None:
    record = record_of(captured("r1", request_body=chat_body("one", "two", "three")))

    assert (record.gist, record.response_id, record.kind) == (Gist("three", "hi"), "chatcmpl-1", "")


def test_an_error_is_searched_in_its_own_words() -> None:
    told: Captured = captured("r1", answer_body=b'{"error":{"message":"too long"}}', status=400, outcome="refused")

    assert record_of(told).gist == Gist("hello", "too long")


def test_what_was_captured_with_another_secret_is_not_kept(store: Store, folder: Path) -> None:
    fd = open_file(folder / "a.captured")
    os.write(fd, b"\0\0\0\x08damaged!")
    os.close(fd)

    assert draining(store, folder).drain() == 0
    assert captured_files(folder) == []
    assert not any(records_of(store, SEALING, "conv_x"))

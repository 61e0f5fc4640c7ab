"""The sandbox's own books."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from openai import NotFoundError, OpenAI

from tests.sandbox.conftest import Connect, Entries, http_post
from tokenrouter.sandbox.books import MAX_SUMMARY_MODELS, Books, Entry
from tokenrouter.sandbox.tokens import Usage
from tokenrouter.testing.processes import SandboxProcess

HELLO: Any = [{"role": "user", "content": "hello"}]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "books.jsonl"


@pytest.fixture
def books(file: Path) -> Iterator[Books]:
    ticks = iter(range(1, 100_000))
    books = Books(file, lambda: float(next(ticks)))
    yield books
    books.close()


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_request_is_in_the_file_before_it_is_over(books: Books, file: Path) -> None:
    books.begin(Entry("req_1", "echo"), {"user": "ann"})

    assert lines(file) == [{"event": "begin", "id": "req_1", "at": 1.0, "model": "echo", "user": "ann"}]


def test_nothing_is_billed_before_the_model_has_begun(books: Books, file: Path) -> None:
    entry = Entry("req_1", "echo")
    books.begin(entry, {})
    books.end(entry)

    assert lines(file)[1]["prompt_tokens"] == lines(file)[1]["completion_tokens"] == 0


def test_an_answer_left_early_bills_what_was_made_so_far(books: Books, file: Path) -> None:
    entry = Entry("req_1", "thinker", usage=Usage(10, 50, 20, 5), generated=15, end="client_closed")
    books.begin(entry, {})
    books.end(entry)

    line = lines(file)[1]
    assert (line["prompt_tokens"], line["completion_tokens"]) == (10, 15)
    assert (line["reasoning_tokens"], line["cached_tokens"]) == (15, 5)


def test_the_summary_adds_up_by_model(books: Books) -> None:
    for number in range(3):
        entry = Entry(f"req_{number}", "echo", usage=Usage(2, 5), generated=5, tokens_written=5)
        books.begin(entry, {})
        books.end(entry)
    books.begin(Entry("req_9", "echo"), {})

    summary: Any = books.summary()
    assert summary["in_progress"] == 1
    assert summary["models"]["echo"]["requests"] == 3
    assert summary["models"]["echo"]["completion_tokens"] == 15
    assert summary["models"]["echo"]["ends"] == {"completed": 3}


def test_the_summary_does_not_grow_with_invented_names(books: Books) -> None:
    for number in range(MAX_SUMMARY_MODELS + 5):
        entry = Entry(f"req_{number}", f"model-{number}")
        books.begin(entry, {})
        books.end(entry)

    models: Any = books.summary()["models"]
    assert len(models) == MAX_SUMMARY_MODELS + 1
    assert models["(others)"]["requests"] == 5


def test_a_running_sandbox_keeps_them(client: OpenAI, sandbox: SandboxProcess, ended: Entries) -> None:
    client.chat.completions.create(
        model="lorem-9", messages=HELLO, user="bookish", extra_headers={"x-request-id": "ours-1"}
    )

    [end] = ended("bookish")
    assert (end["status"], end["end"], end["completion_tokens"], end["tokens_written"]) == (200, "completed", 9, 9)
    [begin] = [line for line in lines(sandbox.books) if line["event"] == "begin" and line["id"] == end["id"]]
    assert begin["x-request-id"] == "ours-1"
    assert begin["fields"] == ["messages", "model", "user"]


def test_a_refused_request_is_in_them_with_its_status(client: OpenAI, ended: Entries) -> None:
    with pytest.raises(NotFoundError):
        client.chat.completions.create(model="nobody", messages=HELLO, user="refused")

    [end] = ended("refused")
    assert (end["status"], end["prompt_tokens"]) == (404, 0)


def test_a_peer_that_leaves_a_stream_is_noticed_at_once(connect: Connect, ended: Entries) -> None:
    connection = connect()
    body = {"model": "lorem-1000@1", "messages": HELLO, "stream": True, "user": "leaver"}
    connection.sendall(http_post("/v1/chat/completions", body))
    connection.recv(100)
    connection.close()

    [end] = ended("leaver")
    assert end["end"] == "client_closed"
    assert int(str(end["completion_tokens"])) < 100


def test_bytes_in_them_are_bytes_on_the_wire(connect: Connect, ended: Entries) -> None:
    connection = connect()
    body = {"model": "lorem", "messages": HELLO, "stream": True, "user": "counted"}
    connection.sendall(http_post("/v1/chat/completions", body))
    received = b""
    while not received.endswith(b"0\r\n\r\n"):
        received += connection.recv(65536)

    assert ended("counted")[0]["bytes_written"] == len(received)


def test_they_can_be_read_over_http(client: OpenAI, sandbox: SandboxProcess, ended: Entries) -> None:
    client.chat.completions.create(model="echo", messages=HELLO, user="reader")
    ended("reader")

    with urlopen(sandbox.base_url.removesuffix("/v1") + "/books?last=2") as page:
        last = json.load(page)
    with urlopen(sandbox.base_url.removesuffix("/v1") + "/books/summary") as page:
        summary = json.load(page)

    assert [line["event"] for line in last] == ["begin", "end"]
    assert last[0]["user"] == "reader"
    assert summary["models"]["echo"]["requests"] >= 1

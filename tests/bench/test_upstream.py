import asyncio
import json
import socket
from collections.abc import AsyncIterator

import pytest_asyncio

from bench.bodies import http_request, request_body
from bench.client import Connection, connect
from bench.streams import Watched
from bench.upstream import ANSWER, ANSWER_BYTES, chat_answer, serve


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(serve(listener))
    yield listener.getsockname()[1]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Collected:
    """One answer as a whole."""

    def __init__(self) -> None:
        self.body = b""
        self.status = asyncio.get_running_loop().create_future()

    def on_piece(self, connection: Connection, data: bytes) -> None:
        self.body += data

    def on_answer(self, connection: Connection, status: int) -> None:
        self.status.set_result(status)

    def on_lost(self, connection: Connection) -> None:
        self.status.set_exception(ConnectionResetError())


async def _ask(port: int, request: bytes) -> Collected:
    collected = Collected()
    connection = await connect(port, lambda: collected)
    connection.send(request)
    assert await collected.status == 200
    connection.leave()
    return collected


def test_the_whole_answer_is_a_chat_completion_of_the_announced_size() -> None:
    assert len(chat_answer()) == ANSWER_BYTES
    assert json.loads(chat_answer())["usage"]["total_tokens"] == 100
    assert ANSWER.endswith(b"\r\n\r\n" + chat_answer())


async def test_an_ordinary_model_is_answered_whole(port: int) -> None:
    answer = await _ask(port, http_request(request_body("small", 20_000), port))

    assert answer.body == chat_answer()


async def test_a_stream_has_the_chunks_that_the_model_names(port: int) -> None:
    answer = await _ask(port, http_request(request_body("bench/stream-5-1", 300, stream=True), port))

    events = answer.body.split(b"\n\n")[:-1]
    assert len(events) == 5 + 2
    assert events[-1] == b"data: [DONE]"
    assert b"prompt_tokens" not in answer.body


async def test_usage_is_streamed_to_those_who_ask(port: int) -> None:
    body = b'{"model":"stream-1-1","stream":true,"stream_options":{"include_usage":true}}'

    answer = await _ask(port, http_request(body, port))

    assert json.loads(answer.body.split(b"\n\n")[-3].removeprefix(b"data: "))["usage"]["total_tokens"] == 100


async def test_what_was_sent_is_counted(port: int) -> None:
    await _ask(port, http_request(request_body("stream-5-1", 300, stream=True), port))
    await _ask(port, http_request(request_body("small", 300), port))

    stats = json.loads((await _ask(port, b"GET /stats HTTP/1.1\r\nHost: bench\r\n\r\n")).body)

    assert (stats["chunks"], stats["streams"], stats["open_streams"], stats["answers"]) == (5, 1, 0, 1)


async def test_a_watched_stream_is_complete_only_with_its_last_event(port: int) -> None:
    watched = Watched()
    connection = await connect(port, lambda: watched)
    connection.send(http_request(request_body("stream-5-1", 300, stream=True), port))
    await watched.over
    connection.leave()

    assert (watched.complete, watched.events) == (True, 7)


async def test_an_event_cut_in_the_middle_of_its_name_counts_once(port: int) -> None:
    watched = Watched()
    connection = await connect(port, lambda: watched)
    for piece in (b"da", b"ta: 1\n\nd", b"ata", b": [DO", b"NE]\n\n"):
        watched.on_piece(connection, piece)
    connection.leave()

    assert watched.events == 2

import asyncio
import json
import socket

import pytest

from bench.bodies import http_request, request_body
from bench.paced import OpenLoop, report, schedule
from bench.upstream import serve


def test_every_target_gets_the_same_schedule() -> None:
    assert schedule(1000, 2) == schedule(1000, 2)


def test_a_schedule_has_the_rate_that_was_asked_for() -> None:
    due_s = schedule(1000, 10)

    assert len(due_s) == 10_000
    assert due_s[-1] == pytest.approx(10, rel=0.05)
    assert due_s == sorted(due_s)


async def test_each_request_is_answered_and_timed_from_when_it_was_due() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = asyncio.create_task(serve(listener))
    loop = OpenLoop(http_request(request_body("small", 300), port), [0.0, 0.5, 0.51, 0.52])

    await loop.run(port)
    server.cancel()

    assert loop.failed == 0
    assert len(loop.taken_s) == 3, "what falls into the warm-up is not timed"
    assert all(taken_s > 0 for taken_s in loop.taken_s)
    assert json.dumps(report(loop))


async def test_an_unanswered_request_is_a_failure() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    loop = OpenLoop(http_request(request_body("small", 300), port), [0.0])

    await loop.run(port, drain_s=0.2)
    server.close()

    assert loop.failed == 1

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.edge.talking import listening, talk
from tokenrouter.edge.protocol import Bounds
from tokenrouter.edge.request import Request
from tokenrouter.edge.responder import HttpResponder

POST = b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"


async def test_pipelined_requests_are_answered_in_order() -> None:
    async def slow_first(request: Request, responder: HttpResponder) -> None:
        await asyncio.sleep(0.05 if request.head.path == b"/0" else 0)
        responder.answer(200, b"", request.head.path)

    async with listening(slow_first) as (_, port):
        sent = b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % number for number in range(40))
        received = await talk(port, sent)

    order = [part.split(b"\r\n\r\n", 1)[1] for part in received.split(b"HTTP/1.1 200 OK")[1:]]
    assert order == [b"/%d" % number for number in range(40)]


async def test_chunked_requests_are_put_together() -> None:
    sent = b"POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n"
    async with listening() as (_, port):
        assert (await talk(port, sent)).endswith(b"POST /x abcdefg")


async def test_a_client_that_expects_100_continue_gets_it() -> None:
    async with listening() as (_, port):
        sent = b"POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        assert (await talk(port, sent)).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")


async def test_http_1_0_closes_unless_asked_to_stay() -> None:
    async with listening() as (_, port):
        assert b"connection: close" in await talk(port, b"GET /x HTTP/1.0\r\n\r\n")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi", 400),
        (b"GET /x HTTP/1.1\nHost: h\n\n", 400),
        (b"GET /x HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nHost : h\r\n\r\n", 400),
        (b"GARBAGE\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999999\r\n\r\n", 413),
        (b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8bxx", 415),
    ],
)
async def test_what_could_be_read_in_two_ways_is_refused(sent: bytes, status: int) -> None:
    async with listening() as (_, port):
        received = await talk(port, sent)

    assert received.startswith(b"HTTP/1.1 %d " % status)


async def test_an_upgrade_is_answered_as_an_ordinary_request_and_the_connection_closed() -> None:
    async with listening() as (_, port):
        sent = b"GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello"
        received = await talk(port, sent)

    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in received
    assert received.count(b"HTTP/1.1") == 1


async def test_a_chunked_body_over_the_bound_is_refused_while_it_comes() -> None:
    async with listening(bounds=Bounds(max_body_bytes=1000)) as (_, port):
        sent = b"POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + b"100\r\n" + b"x" * 256 + b"\r\n"
        received = await talk(port, sent + (b"100\r\n" + b"x" * 256 + b"\r\n") * 5)

    assert received.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "sent",
    [b"POST /x HTTP/1.1\r\nHo", b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx"],
    ids=["head", "body"],
)
async def test_a_client_that_stops_sending_is_told_and_closed(sent: bytes) -> None:
    bounds = Bounds(head_timeout_s=0.2, body_timeout_s=0.2)
    async with listening(bounds=bounds) as (_, port):
        received = await talk(port, sent)

    assert received.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("known", [False, True])
async def test_bodies_that_never_end_do_not_fill_the_memory_together(known: bool) -> None:
    head = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
    async with listening(bounds=Bounds(max_unfinished_bytes=1000)) as (connections, port):
        talks = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for reader, writer in talks if known else []:
            writer.write(head % 4 + b"ping")
            await reader.readuntil(b"ping")
        for _, writer in talks[:2]:
            writer.write(head % 900 + b"x" * 450)
        async with asyncio.timeout(60):
            while connections.unfinished_bytes < 900:
                await asyncio.sleep(0.01)
        reader, writer = talks[2]
        writer.write(head % 900 + b"x" * 450)

        assert b" 503 " in await reader.readuntil(b"\r\n")
        assert connections.unfinished_bytes == 900
        for _, writer in talks:
            writer.close()
        async with asyncio.timeout(60):
            while connections.unfinished_bytes:
                await asyncio.sleep(0.01)


async def test_an_idle_connection_is_closed() -> None:
    async with listening(bounds=Bounds(idle_timeout_s=0.1)) as (connections, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await asyncio.wait_for(reader.read(), 60) == b""
        writer.close()
        assert not connections.open


async def test_a_client_that_hangs_up_cancels_its_request_at_once() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def wait(request: Request, responder: HttpResponder) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with listening(wait) as (_, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(POST)
        await begun.wait()
        writer.close()
        await asyncio.wait_for(cancelled.wait(), 60)


async def test_a_slow_reader_pauses_the_flow() -> None:
    paused = asyncio.Event()

    class Flow:
        def pause(self) -> None:
            paused.set()

        def resume(self) -> None:
            """Nothing to resume."""

    async def pour(request: Request, responder: HttpResponder) -> None:
        responder.start(200, b"", None)
        responder.flow = Flow()
        while not paused.is_set():
            responder.write(b"x" * 65536)
            await asyncio.sleep(0)
        responder.finish()

    async with listening(pour) as (_, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(POST)
        await asyncio.wait_for(paused.wait(), 60)
        writer.close()


async def test_a_draining_server_closes_idle_connections_and_ends_the_others_after_their_answer() -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def hold(request: Request, responder: HttpResponder) -> None:
        begun.set()
        await release.wait()
        responder.answer(200, b"", b"done")

    async with listening(hold) as (connections, port):
        idle, idle_writer = await asyncio.open_connection("127.0.0.1", port)
        busy, busy_writer = await asyncio.open_connection("127.0.0.1", port)
        busy_writer.write(POST)
        await begun.wait()
        connections.drain()
        assert await asyncio.wait_for(idle.read(), 60) == b""
        release.set()
        assert b"done" in await asyncio.wait_for(busy.read(), 60)
        idle_writer.close()
        busy_writer.close()


VALID = b"POST /v1/chat HTTP/1.1\r\nHost: h\r\nContent-Type: a\r\nContent-Length: 5\r\n\r\nhello"
MUTATED = st.builds(
    lambda at, drop, put: VALID[:at] + put + VALID[at + drop :],
    st.integers(0, len(VALID)),
    st.integers(0, 12),
    st.binary(max_size=12),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.binary(max_size=80) | MUTATED, min_size=1, max_size=4))
def test_whatever_bytes_arrive_the_answer_is_no_500_and_nothing_hangs(parts: list[bytes]) -> None:
    async def run() -> None:
        bounds = Bounds(head_timeout_s=0.15, body_timeout_s=0.15, idle_timeout_s=0.15)
        async with listening(bounds=bounds) as (connections, port):
            received = await talk(port, b"".join(parts), patience_s=2.0)
            for line in received.split(b"\r\n"):
                if line.startswith(b"HTTP/1.1 "):
                    assert int(line[9:12]) < 500
            async with asyncio.timeout(60):
                while connections.open:
                    await asyncio.sleep(0.01)

    asyncio.run(run())

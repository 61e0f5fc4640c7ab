import asyncio
import gzip
import ssl
from dataclasses import replace
from typing import Any

import pytest
import trustme

from tests.upstream.serving import OK, answering, read_request, request, serving
from tokenrouter.domain.errors import (
    GatewayError,
    ProviderCut,
    ProviderProtocolError,
    ProviderTimeout,
    ProviderUnreachable,
)
from tokenrouter.upstream.client import UpstreamClient


async def test_a_connection_is_used_again() -> None:
    async with serving(answering(OK)) as port, UpstreamClient() as client:
        for _ in range(5):
            response = await client.send(request(port))
            assert (response.status, response.take(), response.complete) == (200, b"hi", True)
            response.close()

        assert (client.figures.connects, client.figures.reuses) == (1, 4)


async def test_a_connection_that_was_closed_for_being_idle_is_replaced_once() -> None:
    served = 0

    async def once_then_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        await read_request(reader)
        served += 1
        writer.write(OK)
        await writer.drain()
        await read_request(reader)

    async with serving(once_then_close) as port, UpstreamClient() as client:
        for _ in range(3):
            response = await client.send(request(port))
            response.close()

    assert served == 3


async def test_and_only_once_however_many_are_kept() -> None:
    asked = 0

    async def once_then_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await read_request(reader)
        writer.write(OK)
        await writer.drain()
        if await read_request(reader):
            asked += 1

    async with serving(once_then_close) as port, UpstreamClient() as client:
        for response in [await client.send(request(port)) for _ in range(4)]:
            response.close()
        (await client.send(request(port))).close()

        assert asked == 1


async def test_a_provider_that_never_answers_is_asked_once_on_a_fresh_connection() -> None:
    asked = 0

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await read_request(reader)
        asked += 1

    async with serving(refuse) as port, UpstreamClient() as client:
        with pytest.raises(ProviderUnreachable, match="without an answer"):
            await client.send(request(port))

    assert asked == 1


async def test_nothing_listens_there() -> None:
    async with UpstreamClient() as client:
        with pytest.raises(ProviderUnreachable, match="acme"):
            await client.send(request(9))


HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("pieces", "times", "phase"),
    [
        ((b"",), {"first_byte_s": 0.2}, "first_byte"),
        ((HEAD, b"2\r\nhi\r\n", b""), {"between_bytes_s": 0.2}, "between_bytes"),
        ((HEAD, *[b"2\r\nhi\r\n"] * 4000), {"total_s": 0.3}, "total"),
    ],
)
async def test_each_phase_has_its_time_limit(pieces: tuple[bytes, ...], times: dict[str, Any], phase: str) -> None:
    async with serving(answering(*pieces, pause_s=0.05)) as port, UpstreamClient() as client:
        with pytest.raises(ProviderTimeout) as caught:
            await client.send(request(port, **times))

    assert caught.value.phase == phase


@pytest.mark.parametrize("pieces", [(b"",), (HEAD, *[b"2\r\nhi\r\n"] * 400)], ids=["silent", "unfinished"])
async def test_an_answer_that_has_not_begun_ends_with_the_requests_time(pieces: tuple[bytes, ...]) -> None:
    async with serving(answering(*pieces, pause_s=0.05)) as port, UpstreamClient() as client:
        with pytest.raises(ProviderTimeout) as caught:
            await client.send(replace(request(port), within_s=0.2))

    assert caught.value.phase == "deadline"


async def test_an_answer_that_has_begun_takes_its_time() -> None:
    answer = answering(HEAD, *[b"2\r\nhi\r\n"] * 8, b"0\r\n\r\n", pause_s=0.05)
    parts: list[bytes] = []
    async with serving(answer) as port, UpstreamClient() as client:
        response = await client.send(replace(request(port, whole=0), within_s=0.2))
        response.lift_deadline()
        await response.pump(parts.append)
        response.close()

    assert b"".join(parts) == b"hi" * 8


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"garbage\r\n\r\n", ProviderProtocolError),
        (HEAD + b"zz\r\n", ProviderCut),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000, ProviderProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nxxxx", ProviderProtocolError),
    ],
)
async def test_bytes_that_are_no_answer_are_the_providers_fault(answer: bytes, error: type[GatewayError]) -> None:
    async with serving(answering(answer)) as port, UpstreamClient() as client:
        with pytest.raises(error):
            await client.send(request(port))


async def test_an_answer_that_is_cut_is_no_answer() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhi")

    async with serving(cut) as port, UpstreamClient() as client:
        with pytest.raises(ProviderCut):
            await client.send(request(port))


async def test_an_answer_without_length_ends_with_its_connection() -> None:
    async def until_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nall of it")

    async with serving(until_close) as port, UpstreamClient() as client:
        response = await client.send(request(port))
        assert response.take() == b"all of it"


async def test_interim_answers_are_skipped_and_gzip_is_undone() -> None:
    packed = gzip.compress(b"plain")
    head = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    async with serving(answering(head % len(packed) + packed)) as port, UpstreamClient() as client:
        response = await client.send(request(port))

        assert (response.status, response.take()) == (200, b"plain")
        assert b"content-encoding" not in response.headers
        response.close()


async def test_a_stream_is_pumped_and_can_be_held_back() -> None:
    pieces = [b"%x\r\n%b\r\n" % (65536, b"x" * 65536) for _ in range(64)]
    async with serving(answering(HEAD, *pieces, b"0\r\n\r\n")) as port, UpstreamClient() as client:
        response = await client.send(request(port, whole=0))
        received = 0

        def sink(data: bytes) -> None:
            nonlocal received
            received += len(data)
            if received < 1_000_000:
                response.pause()
                asyncio.get_running_loop().call_later(0.005, response.resume)

        await response.pump(sink)
        response.close()
        assert received == 64 * 65536
        assert response.complete


async def test_what_the_reader_objects_to_counts_even_in_the_last_read() -> None:
    seen = asyncio.Event()

    async def in_two_reads(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD + b"1\r\na\r\n")
        await seen.wait()
        writer.write(b"1\r\nb\r\n0\r\n\r\n")

    def sink(data: bytes) -> None:
        seen.set()
        if b"b" in data:
            raise ProviderProtocolError("b may not be")

    async with serving(in_two_reads) as port, UpstreamClient() as client:
        response = await client.send(request(port, whole=0))
        with pytest.raises(ProviderProtocolError, match="b may not be"):
            await response.pump(sink)
        response.close()


async def test_cancelling_closes_the_connection_at_once() -> None:
    asked, closed = asyncio.Event(), asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        asked.set()
        await reader.read()
        closed.set()

    async with serving(hold) as port, UpstreamClient() as client:
        task = asyncio.create_task(client.send(request(port)))
        await asked.wait()
        task.cancel()
        await asyncio.wait_for(closed.wait(), 60)


async def test_a_providers_certificate_is_verified() -> None:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async with serving(answering(OK), server) as port:
        async with UpstreamClient(tls=trusting) as client:
            response = await client.send(request(port, host="localhost", tls=True))
            assert response.status == 200
            response.close()
            with pytest.raises(ProviderUnreachable, match="TLS"):
                await client.send(request(port, tls=True))
        async with UpstreamClient() as client:
            with pytest.raises(ProviderUnreachable, match="TLS"):
                await client.send(request(port, host="localhost", tls=True))

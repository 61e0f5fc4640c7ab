import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bench.client import unverified_tls
from bench.handshakes import kept_session, shake_hands
from bench.processes import RunFailed
from tokenrouter.edge.tls import server_context
from tokenrouter.tls.self_signed import make_self_signed


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if await reader.read(4096):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    writer.close()


@pytest_asyncio.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    (tmp_path / "certificate").write_bytes(make_self_signed(["localhost"], time.time()).pem)
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=server_context(tmp_path / "certificate"))
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.mark.parametrize("resumed", [False, True])
async def test_every_handshake_is_of_the_kind_that_was_asked_for(port: int, resumed: bool) -> None:
    tls = unverified_tls()
    session = await asyncio.to_thread(kept_session, port, tls) if resumed else None
    found = await shake_hands(port, 0.2, tls, session)

    assert found["handshakes"] > 0
    assert found["failed"] == 0


async def test_a_session_that_the_server_does_not_know_is_a_failure(port: int, tmp_path: Path) -> None:
    tls = unverified_tls()
    session = await asyncio.to_thread(kept_session, port, tls)
    (tmp_path / "other").write_bytes(make_self_signed(["localhost"], time.time()).pem)
    other = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=server_context(tmp_path / "other"))
    found = await shake_hands(other.sockets[0].getsockname()[1], 0.1, tls, session)
    other.close()

    assert found["failed"] == found["handshakes"] > 0


def test_without_tickets_nothing_is_resumed(tmp_path: Path) -> None:
    (tmp_path / "certificate").write_bytes(make_self_signed(["localhost"], time.time()).pem)
    context = server_context(tmp_path / "certificate")
    context.num_tickets = 0

    async def ask() -> None:
        server = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=context)
        try:
            await asyncio.to_thread(kept_session, server.sockets[0].getsockname()[1], unverified_tls())
        finally:
            server.close()

    with pytest.raises(RunFailed, match="no tickets"):
        asyncio.run(ask())


async def test_what_is_no_tls_is_a_failure() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    found = await shake_hands(server.sockets[0].getsockname()[1], 0.1, unverified_tls())
    server.close()

    assert found["failed"] == found["handshakes"] > 0


def test_tls_1_3_is_what_is_measured() -> None:
    assert unverified_tls().minimum_version is ssl.TLSVersion.TLSv1_3

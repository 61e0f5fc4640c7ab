import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from structlog.testing import capture_logs

from tokenrouter.redis.address import RedisAddress, parse_redis_url
from tokenrouter.redis.connection import MAX_WAITING, RedisAway, RedisConnection, RedisRefused
from tokenrouter.redis.script import Script
from tokenrouter.testing.valkey import ValkeyServer

ECHO = Script.of("echo", "return ARGV[1]")
INFO = b"$12\r\nrun_id:abc\r\n\r\n"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def connected(address: RedisAddress, *, waits: bool = True, **options: Any) -> AsyncIterator[RedisConnection]:
    connection = RedisConnection(address, **{"deadline_s": 60.0, **options})
    running = asyncio.create_task(connection.run())
    try:
        if waits:
            await until(lambda: connection.is_open)
        yield connection
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(is_true: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not is_true():
            await asyncio.sleep(0.002)


@asynccontextmanager
async def a_server(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[RedisAddress]:
    """Serve on a port of its own; what a server of Redis' kind would not do is done here."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield RedisAddress("127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        server.close()


@pytest.fixture
def address(valkey: ValkeyServer) -> RedisAddress:
    valkey.ask("FLUSHALL")
    return parse_redis_url(valkey.url)


async def test_answers_come_to_whoever_asked(address: RedisAddress) -> None:
    async with connected(address) as connection:
        asked = [connection.ask("ECHO", str(number)) for number in range(500)]

        assert await asyncio.gather(*asked) == [str(number).encode() for number in range(500)]


async def test_what_is_asked_in_one_turn_leaves_in_one_write() -> None:
    reads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(INFO)
        reads.append(await reader.read(10_000))
        writer.write(b"+OK\r\n" * 3)

    async with a_server(serve) as address, connected(address) as connection:
        answers = await asyncio.gather(*(connection.ask("PING", str(number)) for number in range(3)))

    assert answers == [b"OK"] * 3
    assert reads[0].count(b"PING") == 3


async def test_a_script_that_the_server_does_not_know_is_taught(address: RedisAddress, valkey: ValkeyServer) -> None:
    async with connected(address) as connection:
        for _ in range(2):
            valkey.ask("SCRIPT", "FLUSH")
            asked = [connection.call(ECHO, 0, str(number)) for number in range(3)]

            assert await asyncio.gather(*asked) == [b"0", b"1", b"2"]


async def test_an_error_of_the_server_is_told_to_whoever_asked(address: RedisAddress) -> None:
    async with connected(address) as connection:
        with pytest.raises(RedisRefused, match="unknown command"):
            await connection.ask("NONSENSE")

        assert await connection.ask("PING") == b"PONG"


async def test_an_answer_cut_in_the_middle_is_nobodys_and_the_next_connection_is_clean() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(INFO)
        word = await reader.read(1000)
        writer.write(b"$10\r\nhalf" if b"FIRST" in word else b"+whole\r\n")
        await writer.drain()
        writer.close()

    async with a_server(serve) as address, connected(address) as connection:
        with pytest.raises(RedisAway):
            await connection.ask("FIRST")
        await until(lambda: connection.is_open)

        assert await connection.ask("SECOND") == b"whole"
        assert connection.lost >= 1


async def test_a_server_that_does_not_answer_in_time_is_left(valkey: ValkeyServer, address: RedisAddress) -> None:
    async with connected(address, deadline_s=0.2) as connection:
        valkey.pause()
        try:
            asked = [connection.ask("PING"), connection.ask("PING")]
            answers = await asyncio.gather(*asked, return_exceptions=True)
        finally:
            valkey.go_on()
        assert [str(answer) for answer in answers] == [f"{address}: no answer within 0.2 s"] * 2

        await until(lambda: connection.is_open)
        assert await connection.ask("PING") == b"PONG"


async def test_bytes_that_are_not_of_the_protocol_end_the_connection() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    with capture_logs() as logs:
        async with a_server(serve) as address, connected(address, waits=False):
            await until(lambda: logs)

    assert "does not speak Redis' protocol" in logs[0]["reason"]


async def test_a_wrong_password_is_told_once_and_tried_again(tmp_path: Path) -> None:
    with ValkeyServer(password="right-one") as server, capture_logs() as logs:
        wrong = replace(parse_redis_url(server.url), password="wrong-one")
        async with connected(wrong, waits=False) as connection:
            await until(lambda: logs)
            with pytest.raises(RedisAway, match="WRONGPASS"):
                await connection.ask("PING")
            server.ask("CONFIG", "SET", "requirepass", "wrong-one")
            await until(lambda: connection.is_open)
        server.password = "wrong-one"

    complaints = [line["reason"] for line in logs if line["log_level"] == "warning"]
    assert len(complaints) == 1
    assert "wrong-one" not in str(logs)


async def test_user_and_password_and_database_are_those_of_the_url() -> None:
    with ValkeyServer() as server:
        server.ask("ACL", "SETUSER", "ann", "on", ">pass", "~*", "+@all")
        named = replace(parse_redis_url(server.url), user="ann", password="pass", database=3)
        async with connected(named) as connection:
            assert await connection.ask("ACL", "WHOAMI") == b"ann"
            assert b"db=3" in await connection.ask("CLIENT", "INFO")


async def test_a_server_that_starts_again_is_another(valkey: ValkeyServer, address: RedisAddress) -> None:
    async with connected(address) as connection:
        before = connection.run_id
        valkey.kill()
        await until(lambda: not connection.is_open)
        with pytest.raises(RedisAway):
            await connection.ask("PING")
        valkey.start()
        await until(lambda: connection.is_open)

        assert before != connection.run_id


async def test_too_many_commands_without_an_answer_are_refused(valkey: ValkeyServer, address: RedisAddress) -> None:
    async with connected(address, deadline_s=30) as connection:
        valkey.pause()
        try:
            asked = [connection.ask("PING") for _ in range(MAX_WAITING + 1)]
            with pytest.raises(RedisAway, match="commands to answer already"):
                await asked[-1]
        finally:
            valkey.go_on()

        assert await asked[0] == b"PONG"
        await asyncio.gather(*asked[:-1])


async def test_tls_is_spoken_with_who_shows_a_certificate_that_is_believed(
    valkey: ValkeyServer, address: RedisAddress, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async with AsyncExitStack() as stack:
        behind = await stack.enter_async_context(a_server(_pass_on_to(valkey), context))
        believing = replace(behind, tls=True, ca_file=str(tmp_path / "ca.pem"))
        connection = await stack.enter_async_context(connected(believing))
        assert await connection.ask("PING") == b"PONG"

        with capture_logs() as logs:
            stranger = await stack.enter_async_context(connected(replace(behind, tls=True), waits=False))
            await until(lambda: logs)
        assert not stranger.is_open
        assert "certificate" in logs[0]["reason"]


def _pass_on_to(valkey: ValkeyServer) -> Serve:
    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", valkey.port)
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer), return_exceptions=True)

    return serve


async def test_nothing_is_asked_before_we_have_signed_in() -> None:
    with ValkeyServer(password="pass") as server:
        address = replace(parse_redis_url(server.url), database=5)
        async with connected(address, waits=False) as connection:
            answers: list[Any] = []
            while not answers or isinstance(answers[-1], RedisAway):
                answers += await asyncio.gather(connection.ask("SET", "k", "v"), return_exceptions=True)
                await asyncio.sleep(0)

        assert answers[-1] == b"OK"
        assert server.ask("EXISTS", "k") == 0

"""The listener of HTTPS over real sockets, on uvloop as in the gateway."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
import uvloop

from tests.edge.talking import Answering
from tests.tls.certificates import issued
from tokenrouter.edge.protocol import Bounds, Connections, Door
from tokenrouter.edge.request import Request
from tokenrouter.edge.responder import HttpResponder
from tokenrouter.edge.tls import ServerTls
from tokenrouter.edge.tls_listener import TlsListener

pytestmark = pytest.mark.filterwarnings("ignore:Overriding the")

ASKED = b"GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n"


@pytest.fixture
def event_loop_policy() -> uvloop.EventLoopPolicy:
    return uvloop.EventLoopPolicy()


@dataclass
class Serving:
    """A listener, and a client that trusts it."""

    connections: Connections
    door: Door
    listener: TlsListener
    tls: ServerTls
    port: int
    trusting: ssl.SSLContext
    folder: Path
    authority: trustme.CA

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("localhost", self.port, ssl=self.trusting)

    async def ask(self) -> bytes:
        reader, writer = await self.connect()
        writer.write(ASKED)
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        return head

    def put(self, *names: str) -> Path:
        path = self.folder / f"{len(list(self.folder.iterdir()))}.pem"
        path.write_bytes(issued(*names, authority=self.authority).pem)
        return path


@pytest.fixture
async def serving(tmp_path: Path) -> AsyncIterator[Serving]:
    authority = trustme.CA()
    (tmp_path / "first").write_bytes(issued(authority=authority).pem)
    tls = ServerTls(tmp_path / "first")
    connections = Connections(Answering(tell_secure), Bounds(head_timeout_s=60.0, max_connections=3))
    door = connections.add_door(connections.doors[0].service, more_headers=b"x-door: tls\r\n", is_secure=True)
    listening = socket.create_server(("127.0.0.1", 0))
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    port = listening.getsockname()[1]
    listener = TlsListener(listening, tls, connections, door)
    await listener.start()
    yield Serving(connections, door, listener, tls, port, trusting, tmp_path, authority)
    listener.close()
    connections.abort("shutdown")


async def tell_secure(request: Request, responder: HttpResponder) -> None:
    """Answer with what is known of the way in."""
    responder.answer(200, b"x-secure: %d\r\n" % request.is_secure, b"")


async def test_a_request_over_tls_is_known_to_be_one_and_its_answer_says_what_the_door_says(serving: Serving) -> None:
    head = await serving.ask()

    assert b"x-secure: 1\r\n" in head
    assert b"x-door: tls\r\n" in head


async def test_a_connection_that_is_open_outlives_its_certificate(serving: Serving) -> None:
    reader, writer = await serving.connect()
    before = writer.get_extra_info("ssl_object").getpeercert()["serialNumber"]
    serving.tls.use(serving.put("localhost"))

    writer.write(ASKED)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    _, other = await serving.connect()
    assert other.get_extra_info("ssl_object").getpeercert()["serialNumber"] != before
    for one in (writer, other):
        one.close()


async def test_plain_http_is_answered_in_plain_http(serving: Serving) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(ASKED)

    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()


@pytest.mark.parametrize("sent", [b"", b"\x16", b"\x16\x03\x01\x40\x00" + bytes(1000)])
@pytest.mark.parametrize("awaits_authority", [False, True])
async def test_who_takes_too_long_is_cut(serving: Serving, sent: bytes, awaits_authority: bool) -> None:
    serving.connections.bounds = Bounds(head_timeout_s=0.3)
    if awaits_authority:
        serving.tls.answer_challenges({}, {"a.test": serving.put("a.test")})
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(sent)
    async with asyncio.timeout(60):
        with suppress(ConnectionError):
            while await reader.read(4096):
                pass
        writer.close()
        while serving.listener.handshakes:
            await asyncio.sleep(0)

    assert serving.listener.failed == 1


async def test_half_a_hello_is_not_looked_at_all_the_time(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    serving.tls.answer_challenges({}, {"a.test": serving.put("a.test")})
    serving.connections.bounds = Bounds(head_timeout_s=1.0)
    looks = []

    def look(seen: bytes) -> None:
        looks.append(len(seen))

    monkeypatch.setattr("tokenrouter.edge.tls_transport.read_client_hello", look)
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(b"\x16\x03\x01\x40\x00" + bytes(1000))
    with suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()

    assert 0 < len(looks) < 12


async def test_unfinished_handshakes_count_as_connections(serving: Serving) -> None:
    waiting = [await asyncio.open_connection("127.0.0.1", serving.port) for _ in range(3)]
    while len(serving.listener.handshakes) < 3:
        await asyncio.sleep(0)
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)

    assert await reader.read() == b""
    for _, one in (*waiting, (reader, writer)):
        one.close()


async def test_who_hangs_up_in_the_handshake_leaves_nothing_behind(serving: Serving) -> None:
    for sent in (b"", b"\x16\x03"):
        _, writer = await asyncio.open_connection("127.0.0.1", serving.port)
        writer.write(sent)
        await writer.drain()
        writer.close()
    async with asyncio.timeout(60):
        assert await serving.ask()
        while serving.listener.handshakes:
            await asyncio.sleep(0.01)

    assert len(serving.connections.open) <= 1


async def test_the_authority_sees_the_challenge_and_everybody_else_the_certificate(serving: Serving) -> None:
    serving.tls.answer_challenges({}, {"localhost": serving.put("challenge.test")})
    authority = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.check_hostname, authority.verify_mode = False, ssl.CERT_NONE
    authority.set_alpn_protocols(["acme-tls/1"])

    _, writer = await asyncio.open_connection("localhost", serving.port, ssl=authority)
    seen = writer.get_extra_info("ssl_object")
    assert (seen.selected_alpn_protocol(), b"challenge.test" in seen.getpeercert(True)) == ("acme-tls/1", True)
    writer.close()
    assert await serving.ask()


async def test_a_door_that_closes_lets_answers_end(serving: Serving) -> None:
    reader, writer = await serving.connect()
    writer.write(ASKED)
    await reader.readuntil(b"\r\n\r\n")
    serving.listener.close()
    serving.connections.close_door(serving.door)

    assert await reader.read() == b""
    writer.close()
    with pytest.raises(OSError, match="Connect"):
        await asyncio.open_connection("127.0.0.1", serving.port)


async def test_who_comes_again_takes_up_the_session_of_before(serving: Serving) -> None:
    def ask(session: ssl.SSLSession | None) -> tuple[ssl.SSLSession | None, bool | None]:
        with (
            socket.create_connection(("127.0.0.1", serving.port), timeout=5) as plain,
            serving.trusting.wrap_socket(plain, server_hostname="localhost", session=session) as secure,
        ):
            secure.sendall(ASKED)
            assert secure.recv(4096).startswith(b"HTTP/1.1 200")
            return secure.session, secure.session_reused

    session, was_reused = await asyncio.to_thread(ask, None)
    _, is_reused = await asyncio.to_thread(ask, session)

    assert (was_reused, is_reused) == (False, True)


async def test_an_answer_that_ends_with_its_connection_ends_with_a_goodbye(serving: Serving) -> None:
    def ask() -> bytes:
        with (
            socket.create_connection(("127.0.0.1", serving.port), timeout=5) as plain,
            serving.trusting.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as secure,
        ):
            secure.sendall(ASKED.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
            received = b""
            while data := secure.recv(4096):  # raises where the end could be somebody else's doing
                received += data
            return received

    assert b"connection: close" in await asyncio.to_thread(ask)


async def test_who_does_not_read_is_waited_for_and_then_cut(serving: Serving) -> None:
    async def answer_much(request: Request, responder: HttpResponder) -> None:
        responder.answer(200, b"", bytes(30_000_000))

    serving.door.service = Answering(answer_much)
    serving.connections.bounds = Bounds(client_stall_s=0.1)
    sweeping = asyncio.create_task(serving.connections.sweep(0.02))
    reader, writer = await serving.connect()
    writer.write(ASKED)
    async with asyncio.timeout(5):
        while not serving.connections.open:  # the server may be a moment behind with the handshake
            await asyncio.sleep(0)
        while serving.connections.open:
            await asyncio.sleep(0.01)
    with suppress(ConnectionError):
        assert len(await reader.read(-1)) < 30_000_000
    sweeping.cancel()
    writer.close()


async def test_who_is_still_sending_gets_the_answer_and_no_reset(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tokenrouter.edge.tls_transport.GOODBYE_S", 60.0)  # however slow the client is

    def send_too_much() -> bytes:
        with (
            socket.create_connection(("127.0.0.1", serving.port), timeout=5) as plain,
            serving.trusting.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as secure,
        ):
            secure.sendall(b"POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 9000000\r\n\r\n" + bytes(3_000_000))
            return secure.recv(4096)

    serving.connections.bounds = Bounds(max_body_bytes=1000)

    assert (await asyncio.to_thread(send_too_much)).startswith(b"HTTP/1.1 413 ")
    async with asyncio.timeout(5):
        while serving.connections.open:
            await asyncio.sleep(0.01)


async def test_who_does_not_answer_the_goodbye_is_not_waited_for_for_ever(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tokenrouter.edge.tls_transport.GOODBYE_S", 0.05)
    with socket.create_connection(("127.0.0.1", serving.port)) as plain:
        secure = await asyncio.to_thread(serving.trusting.wrap_socket, plain, server_hostname="localhost")
        await asyncio.to_thread(secure.sendall, ASKED.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
        assert (await asyncio.to_thread(secure.recv, 4096)).startswith(b"HTTP/1.1 200")
        async with asyncio.timeout(5):
            while serving.connections.open:
                await asyncio.sleep(0.01)
        secure.close()

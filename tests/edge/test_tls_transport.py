"""TLS between a socket and a connection: first without a socket, cut at any byte, then over real ones."""

import asyncio
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.edge.talking import Answering, echo
from tests.tls.certificates import issued
from tokenrouter.edge.protocol import Bounds, ClientConnection, Connections
from tokenrouter.edge.request import Request
from tokenrouter.edge.responder import HttpResponder
from tokenrouter.edge.tls import ServerTls
from tokenrouter.edge.tls_transport import READ_BYTES, TlsTransport

BODY = bytes(range(256)) * 80
"""Two records."""
POST = b"POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n%b" % (len(BODY), BODY)
APPLICATION_DATA = 0x17


class Wire(asyncio.Transport):
    """What would be the socket's transport."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.sent += bytes(data)

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever held back here."""

    def take(self) -> bytes:
        sent, self.sent = self.sent, b""
        return sent


@dataclass
class Hall:
    """An entrance without a listener."""

    tls: ServerTls
    connections: Connections = field(default_factory=lambda: Connections(Answering(echo), Bounds()))
    buffer: bytearray = field(default_factory=lambda: bytearray(READ_BYTES))
    under_way: int = 0
    failed: int = 0

    def begin(self, transport: TlsTransport) -> float | None:
        self.under_way += 1
        return 10.0

    def end(self, transport: TlsTransport, *, failed: bool) -> None:
        self.under_way -= 1
        self.failed += failed

    def through(self) -> ClientConnection:
        return self.connections.new()


class Client:
    """One client, its bytes given to the server in pieces of at most `piece_bytes`."""

    def __init__(self, hall: Hall, piece_bytes: int, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = version
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        self.hall, self.wire, self.server = hall, Wire(), TlsTransport(hall)
        self._piece_bytes = piece_bytes
        self.server.connection_made(self.wire)

    def give(self, data: bytes) -> None:
        """Let the server receive `data` as it is."""
        for at in range(0, len(data), self._piece_bytes):
            piece = data[at : at + self._piece_bytes]
            self.server.get_buffer(-1)[: len(piece)] = piece
            self.server.buffer_updated(len(piece))

    def pass_on(self) -> None:
        """Give the server what is there for it, and take what it says."""
        self.give(self._outgoing.read())
        self._incoming.write(self.wire.take())

    def steps(self, request: bytes) -> Iterator[None]:
        """Shake hands and ask, one flight after the other."""
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.pass_on()
                yield
        rest = memoryview(request)
        while rest:
            rest = rest[self.tls.write(rest) :]
            yield
        self.pass_on()

    def shake_hands(self) -> None:
        """Come in."""
        for _ in self.steps(b""):
            pass

    def read(self) -> bytes:
        """Return what the server has said by now."""
        texts = []
        with suppress(ssl.SSLWantReadError):
            while text := self.tls.read(2**14):
                texts.append(text)
        return b"".join(texts)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "certificate"
    path.write_bytes(issued("localhost").pem)
    return path


@pytest.fixture
def hall(certificate: Path) -> Hall:
    return Hall(ServerTls(certificate))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(st.sampled_from([1, 4, 5, 6, 100, 1000, 16_400, 60_000, READ_BYTES]), min_size=2, max_size=2),
    version=st.sampled_from([ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]),
)
def test_where_the_bytes_are_cut_does_not_matter(certificate: Path, pieces: list[int], version: ssl.TLSVersion) -> None:
    async def ask() -> None:
        hall = Hall(ServerTls(certificate))
        clients = [Client(hall, piece_bytes, version) for piece_bytes in pieces]
        under_way = [client.steps(POST) for client in clients]
        while under_way:  # in turns: all read into one buffer
            under_way = [one for one in under_way if next(one, StopIteration) is None]
        for client in clients:
            assert client.read().endswith(b"\r\n\r\nPOST /x " + BODY)
        assert (hall.under_way, hall.failed, len(hall.connections.open)) == (0, 0, 2)

    asyncio.run(ask())


async def test_a_request_may_come_along_with_the_end_of_the_handshake(hall: Hall) -> None:
    client = Client(hall, READ_BYTES)
    steps = client.steps(POST)
    next(steps)  # the hello
    client.tls.do_handshake()
    for _ in steps:
        pass

    assert client.read().endswith(BODY)


async def test_an_answer_goes_out_in_records_each_as_long_as_may_be(hall: Hall) -> None:
    client = Client(hall, READ_BYTES)
    client.shake_hands()
    for _ in client.steps(POST):
        client.wire.take()
    hall_said = 0
    client.server.write(BODY)
    sent, lengths = client.wire.take(), []
    while sent:
        assert sent[0] == APPLICATION_DATA
        lengths.append(int.from_bytes(sent[3:5]))
        hall_said, sent = hall_said + lengths[-1], sent[5 + lengths[-1] :]

    assert len(lengths) == 2
    assert hall_said < len(BODY) + 2 * 32


async def test_after_the_clients_goodbye_it_is_told_goodbye_and_the_connection_closed(hall: Hall) -> None:
    client = Client(hall, READ_BYTES)
    client.shake_hands()
    with suppress(ssl.SSLWantReadError):
        client.tls.unwrap()
    client.pass_on()

    assert client.wire.closed
    client.tls.unwrap()


async def test_a_request_before_the_goodbye_is_still_seen(hall: Hall) -> None:
    seen = []

    async def note(request: Request, responder: HttpResponder) -> None:
        seen.append(request.head.path)

    hall.connections = Connections(Answering(note), Bounds())
    client = Client(hall, READ_BYTES)
    client.shake_hands()
    client.tls.write(b"GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n")
    with suppress(ssl.SSLWantReadError):
        client.tls.unwrap()
    client.pass_on()

    assert seen == [b"/x"]
    assert client.wire.closed


@pytest.mark.parametrize(
    "sent", [b"\x17\x03\x03\x00\x20" + bytes(32), b"\x17\x03\x03\xff\xff" + bytes(100), b"GET / HTTP"]
)
async def test_what_cannot_be_understood_ends_the_connection_with_a_word(hall: Hall, sent: bytes) -> None:
    client = Client(hall, READ_BYTES)
    client.shake_hands()
    client.give(sent)
    client.pass_on()

    assert client.wire.closed
    with pytest.raises(ssl.SSLError, match="ALERT"):
        client.read()
    client.server.write(b"nobody hears this")
    client.server.close()
    client.server.connection_lost(None)
    assert not hall.connections.open


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\xff\xff", b"\x16\x03\x01\x00\x05garbage", b"\x16\x03\x01\x00\x02\x01\x00"]
)
async def test_a_handshake_that_is_none_has_failed(hall: Hall, sent: bytes) -> None:
    client = Client(hall, READ_BYTES)
    client.give(sent)
    client.server.connection_lost(None)

    assert (hall.under_way, hall.failed) == (0, 1)


async def test_who_comes_and_goes_without_a_word_has_not_failed(hall: Hall) -> None:
    client = Client(hall, READ_BYTES)
    client.server.connection_lost(None)

    assert (hall.under_way, hall.failed) == (0, 0)


# In a process of its own: the client's side of a connection takes memory as well.
_SERVING = """
import asyncio, resource, socket, sys
from pathlib import Path
import uvloop
from tests.edge.talking import Answering
from tokenrouter.edge.protocol import Bounds, Connections
from tokenrouter.edge.tls import ServerTls
from tokenrouter.edge.tls_listener import TlsListener
from tokenrouter.observe.process_figures import ProcessFigures

figures = ProcessFigures()
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[2]), int(sys.argv[2])))

async def tell(request, responder):
    responder.answer(200, b"", b"%d" % figures.snapshot()["memory_bytes"])

async def main():
    connections = Connections(Answering(tell), Bounds())
    listening = socket.create_server(("127.0.0.1", 0))
    listener = TlsListener(listening, ServerTls(Path(sys.argv[1])), connections, connections.doors[0])
    await listener.start()
    print(listening.getsockname()[1], flush=True)
    await asyncio.Event().wait()

uvloop.run(main())
"""


def _tell_memory(secure: ssl.SSLSocket, body: bytes) -> int:
    secure.sendall(b"POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
    return int(secure.recv(4096).rpartition(b"\r\n")[2])


@contextmanager
def _serving(folder: Path, *max_open_files: str) -> Iterator[Callable[[], ssl.SSLSocket]]:
    """Serve in a process of its own; yield what connects to it."""
    authority = trustme.CA()
    (folder / "certificate").write_bytes(issued("localhost", authority=authority).pem)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    command = [sys.executable, "-c", _SERVING, str(folder / "certificate"), *max_open_files]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())

            def come() -> ssl.SSLSocket:
                plain = socket.create_connection(("127.0.0.1", port), timeout=20)
                return trusting.wrap_socket(plain, server_hostname="localhost")

            yield come
        finally:
            server.terminate()


def test_a_connection_that_has_sent_much_keeps_little(tmp_path: Path) -> None:
    with _serving(tmp_path) as come:
        kept = [come() for _ in range(100)]
        before = [_tell_memory(one, bytes(200_000)) for one in kept[:20]][-1]
        after = [_tell_memory(one, bytes(200_000)) for one in kept[20:]][-1]
        for one in kept:
            one.close()

    assert (after - before) / 80 < 128 * 1024


def test_a_process_that_ran_out_of_open_files_takes_people_in_again(tmp_path: Path) -> None:
    with _serving(tmp_path, "48") as come:
        taken_in: list[ssl.SSLSocket] = []
        with suppress(OSError):  # who is not taken in any more is closed at once
            taken_in.extend(come() for _ in range(100))
        assert 10 < len(taken_in) < 48
        for one in taken_in:
            one.close()
        while True:  # it may not have seen yet that they are gone
            with suppress(OSError), come() as one:
                assert _tell_memory(one, b"") > 0
                break

"""A provider at the level of bytes: what it answers, in which reads, and how its connection ends is up to the test."""

import select
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, Literal, Self

Ending = Literal["close", "reset", "stay"]

PATIENCE_S: Final = 60.0
"""How long a connection that stays open waits for its client; nobody should need it."""


class Wire:
    """Answers each request that has a body on a connection of its own; others are closed without an answer.

    Attributes:
        head: of the request that came last.
        closed: set when the gateway has closed a connection that was to stay open.
        sent: bytes of the answer that have left so far.
    """

    def __init__(self) -> None:
        self.head = b""
        self.closed = threading.Event()
        self.sent = 0
        self._pieces: Iterable[bytes] = ()
        self._ending: Ending = "close"
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._thread = threading.Thread(target=self._accept)
        self._stopping = False

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def lay(self, *pieces: bytes, ending: Ending = "close") -> None:
        """Make `pieces` the next answers, each sent by itself; then close, reset, or wait for the gateway to close."""
        self.lay_all(pieces, ending)

    def lay_all(self, pieces: Iterable[bytes], ending: Ending = "close") -> None:
        """As `lay`; an iterable that can be iterated once is good for one request."""
        self.closed.clear()
        self.sent = 0
        self._pieces, self._ending = pieces, ending

    def _accept(self) -> None:
        while not self._stopping:
            with suppress(OSError):
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not self._read_request(connection):
                return
            pieces, ending = self._pieces, self._ending
            try:
                for piece in pieces:
                    connection.sendall(piece)
                    self.sent += len(piece)
                if ending == "stay":
                    select.select([connection], [], [], PATIENCE_S)
            finally:
                if ending == "stay":
                    self.closed.set()
            if ending == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    def _read_request(self, connection: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            read = connection.recv(65536)
            if not read:
                return False
            data += read
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"POST"):
            return False
        self.head = head
        length = next(
            int(line.partition(b":")[2])
            for line in self.head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        missing = length - len(body)
        while missing > 0:
            missing -= len(connection.recv(65536)) or missing
        return True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopping = True
        with suppress(OSError), socket.create_connection(self._listener.getsockname()):
            pass
        self._thread.join()
        self._listener.close()


def head(content_type: str, *lines: str, status: str = "200 OK", version: str = "1.1") -> bytes:
    """Return the head of an answer."""
    told = [f"HTTP/{version} {status}", f"content-type: {content_type}", *lines, "", ""]
    return "\r\n".join(told).encode()


def chunked(*pieces: bytes, last: bool = True) -> list[bytes]:
    """Return `pieces` as chunks (RFC 9112, 7.1), the `last` one of no length after them."""
    return [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces] + ([b"0\r\n\r\n"] if last else [])

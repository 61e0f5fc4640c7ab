"""A proxy between a client and the gateway that takes the first answer and never delivers it."""

import socket
import threading
from contextlib import suppress
from typing import Final, Self

_PIECE_BYTES: Final = 65536
_LAST_CHUNK: Final = b"0\r\n\r\n"


class CuttingProxy:
    """Listens on a port of its own; leaves with its block.

    Attributes:
        cuts: connections that were cut.
    """

    def __init__(self, address: str, cuts: int = 1) -> None:
        """`address` is the gateway's `host:port`; so many of the first connections are `cuts`."""
        host, port = address.split(":")
        self._gateway = (host, int(port))
        self._left = cuts
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def origin(self) -> str:
        """What an SDK is pointed at."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                serve = self._cut if self._left > 0 else self._pass_on
                self._left -= 1
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    def _cut(self, client: socket.socket) -> None:
        """Take a request on, wait for its whole answer, and close the client's connection instead."""
        with client, socket.create_connection(self._gateway) as gateway:
            threading.Thread(target=_copy, args=(client, gateway), daemon=True).start()
            answer = b""
            while not _is_whole(answer):
                piece = gateway.recv(_PIECE_BYTES)
                if not piece:
                    break
                answer += piece
            self.cuts += 1
            client.shutdown(socket.SHUT_RDWR)

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._gateway) as gateway:
            threading.Thread(target=_copy, args=(client, gateway), daemon=True).start()
            _copy(gateway, client)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(_PIECE_BYTES):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


def _is_whole(answer: bytes) -> bool:
    head, blank, body = answer.partition(b"\r\n\r\n")
    if not blank:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.split(b":")[1])
    return body.endswith(_LAST_CHUNK)

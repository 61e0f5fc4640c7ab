"""A wire between the gateway and the sandbox that keeps what the sandbox is sent."""

import socket
import socketserver
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Tap:
    """Passes connections on, and keeps the bytes of the client's side.

    Attributes:
        origin: where it listens.
    """

    def __init__(self, base_url: str) -> None:
        url = urlsplit(base_url)
        target = (url.hostname or "127.0.0.1", url.port or 80)
        self._sent = bytearray()
        tap = self

        class Passing(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection(target) as there:
                    back = threading.Thread(target=_pass_on, args=(there, self.request, None), daemon=True)
                    back.start()
                    _pass_on(self.request, there, tap._sent)
                    back.join()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Passing, bind_and_activate=True)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"

    def taken(self) -> str:
        """Return what was sent since the last time."""
        sent, self._sent[:] = bytes(self._sent), b""
        return sent.decode()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _pass_on(source: socket.socket, target: socket.socket, kept: bytearray | None) -> None:
    """Pass on what comes, until one of both has had enough."""
    try:
        while data := source.recv(65536):
            if kept is not None:
                kept += data
            target.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

"""A server that always gives one answer, perhaps after others, and remembers what it was asked."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Answering:
    """Listens while it is entered.

    Attributes:
        asked: method, path, authorization and JSON body of every request.
    """

    def __init__(self, status: int, body: bytes, **headers: str) -> None:
        self._before: list[tuple[int, bytes]] = []
        before = self._before
        self._may_answer = threading.Event()
        self._may_answer.set()
        may_answer = self._may_answer
        self.asked: list[tuple[str, str, str | None, Any]] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                size = int(self.headers.get("content-length", 0))
                sent = json.loads(self.rfile.read(size)) if size else None
                asked.append((self.command, self.path, self.headers.get("authorization"), sent))
                may_answer.wait(30)
                now, said = before.pop(0) if before else (status, body)
                self.send_response(now)
                for name, value in {"content-length": str(len(said)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said)

            do_POST = do_DELETE = do_GET  # noqa: N815

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def after(self, *others: tuple[int, bytes]) -> Self:
        """Give these answers before, each once."""
        self._before += others
        return self

    def hold(self) -> Self:
        """Let everybody wait, until `release`."""
        self._may_answer.clear()
        return self

    def release(self) -> None:
        """Answer everybody."""
        self._may_answer.set()

    def over_tls(self, context: ssl.SSLContext) -> Self:
        """Answer over TLS instead."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = self.url.replace("http:", "https:")
        return self

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

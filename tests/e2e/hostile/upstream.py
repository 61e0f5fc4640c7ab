"""A provider that answers whatever a test lays ready, and remembers what it was asked."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

JSON = "application/json"
EVENTS = "text/event-stream"
PATIENCE_S = 60.0
"""How long a second part waits for a client that should have seen the first."""


class Upstream:
    """Answers each POST with what was laid ready last.

    Attributes:
        asked: body of the request that came last.
        go_on: what comes later waits for it.
    """

    def __init__(self) -> None:
        self.asked = b""
        self.go_on = threading.Event()
        self._answer = (200, JSON, b"{}", b"")
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_POST(self) -> None:
                upstream.asked = self.rfile.read(int(self.headers["content-length"]))
                status, content_type, body, later = upstream._answer
                self.send_response(status)
                self.send_header("content-type", content_type)
                self.send_header("content-length", str(len(body) + len(later)))
                self.end_headers()
                self.wfile.write(body)
                if later:
                    self.wfile.flush()
                    upstream.go_on.wait(PATIENCE_S)
                    self.wfile.write(later)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def lay(self, body: bytes, content_type: str = JSON, *, status: int = 200, later: bytes = b"") -> None:
        """Make `body` the next answers; `later` follows when `go_on` is set."""
        self.go_on.clear()
        self._answer = (status, content_type, body, later)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

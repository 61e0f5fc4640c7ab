"""Little servers on loopback that answer GETs with what they were told, and remember what they were asked."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Told = object | tuple[int, object] | Callable[[], object]
"""A body, or what makes it, which is sent as JSON unless it is text; in front of it the status, if that is not 200."""


@dataclass
class LittleServer:
    """What it says, by path; everything else is 404."""

    says: dict[str, Told]
    port: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def answer(self, method: str, path: str) -> tuple[int, str, bytes]:
        self.asked.append(f"{method} {path}")
        told = self.says.get(path, (404, {"error": "not found"}))
        told = told() if callable(told) else told
        status, said = told if isinstance(told, tuple) else (200, told)
        if isinstance(said, str):
            return status, "text/html", said.encode()
        return status, "application/json", json.dumps(said).encode()


@contextmanager
def little_server(says: Mapping[str, Told], port: int = 0) -> Iterator[LittleServer]:
    """Run one, at a free port unless one is given."""
    server = LittleServer(dict(says))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.reply()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.reply()

        def reply(self) -> None:
            status, kind, body = server.answer(self.command, self.path)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.send_header("connection", "close")  # or a stopped server would go on answering old connections
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as listening:
        server.port = listening.server_port
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()

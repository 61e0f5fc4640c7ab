"""A receiver of webhooks on loopback, which may fail or be slow."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Received:
    """One request; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HookReceiver:
    """What it got, and what it answers.

    Attributes:
        statuses: of the next answers, in order; 204 when there are none left.
        released: nobody is answered before it is set.
    """

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def hook_receiver(*statuses: int, is_slow: bool = False) -> Iterator[HookReceiver]:
    """Run one; a slow one answers nobody before `released` is set."""
    receiver = HookReceiver(statuses=list(statuses))
    if not is_slow:
        receiver.released.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            receiver.released.wait(60)
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
            self.send_header("location", "http://127.0.0.1:9/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks/alerts?team=1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join()

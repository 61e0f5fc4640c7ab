"""The recorded responses, and a server that gives the vendor's SDK what we have written."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from openai import OpenAI

from tests.dialects.recorded import streams, wholes
from tokenrouter.dialects.hub import Reply, Target
from tokenrouter.domain.requests import Request

TARGET = Target("acme", "m-1", "o")
INCLUDING = Request("m", (), echo={"include": b'["reasoning.encrypted_content"]'})
"""A request whose answer tells provider state."""
REPLY = Reply(INCLUDING, "r1", 1700000000)

WHOLES = [path for path in wholes("responses/") if "error" not in path.name]


def framed(event: dict[str, Any]) -> bytes:
    """Return one event as OpenAI frames it."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def recorded_streams() -> list[tuple[str, bytes]]:
    """Return the recorded streams by their names; a file with several responses is as many streams."""
    return [stream for path in streams("responses/") for stream in _split(path)]


def _split(path: Path) -> Iterator[tuple[str, bytes]]:
    parts: list[bytes] = []
    for line in path.read_text().splitlines():
        if not line.strip():
            continue
        event = json.loads(line)
        if event["type"] == "response.created":
            parts.append(b"")
        parts[-1] += framed(event)
    return ((f"{path.name.removesuffix('.chunks.txt')}-{number}", wire) for number, wire in enumerate(parts))


STREAMS = recorded_streams()
WHOLE_STREAMS = [(name, wire) for name, wire in STREAMS if "error" not in name]


def events_of(wire: bytes) -> list[dict[str, Any]]:
    """Return the events on a wire; each has its `event:` line."""
    events = []
    for frame in wire.split(b"\n\n")[:-1]:
        lead, data = frame.split(b"\n")
        event = json.loads(data.removeprefix(b"data: "))
        assert lead == b"event: " + event["type"].encode()
        events.append(event)
    return events


@contextmanager
def answering(body: bytes, content_type: str) -> Iterator[OpenAI]:
    """Give an SDK client whose every request is answered with `body`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield OpenAI(base_url=f"http://127.0.0.1:{server.server_port}/v1", api_key="k", max_retries=0)
        finally:
            server.shutdown()
            thread.join()

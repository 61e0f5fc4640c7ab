"""A provider that says back what it was sent: keys, headers and questions, in errors of every kind."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Parrot(BaseHTTPRequestHandler):
    """Answers as the model says: `status-401`, `status-400`, `not-json`, `stream-error`."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        how = json.loads(body).get("model", "")
        said = f"Incorrect API key provided: {self.headers.get('authorization')}, in {self.headers} of {body.decode()}"
        error = json.dumps({"error": {"message": said, "type": "invalid_request_error", "code": said}}).encode()
        if how == "stream-error":
            self._answer(200, "text/event-stream", b"data: " + error + b"\n\n")
        elif how == "not-json":
            self._answer(200, "application/json", said.encode())
        else:
            self._answer(int(how.removeprefix("status-")), "application/json", error)

    def do_GET(self) -> None:
        self._answer(401, "text/plain", f"Wrong: {self.headers}".encode())

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def parrot() -> Iterator[str]:
    """Yield the base URL of such a provider."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Parrot)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()

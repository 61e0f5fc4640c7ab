"""Google's own SDK as a judge of what we write: a server on a free port sends it our bytes, it tells what it read."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from google import genai
from google.genai.types import (
    Candidate,
    ContentListUnion,
    FunctionCall,
    GenerateContentConfig,
    GenerateContentResponse,
    GenerateContentResponseUsageMetadata,
    HttpOptions,
    HttpRetryOptions,
    Part,
)


@contextmanager
def _client(body: bytes, content_type: str, status: int, asked: list[bytes] | None = None) -> Iterator[genai.Client]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["content-length"]))
            if asked is not None:
                asked.append(sent)
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.timeout = 20
    thread = threading.Thread(target=server.handle_request, daemon=True)
    thread.start()
    try:
        options = HttpOptions(
            base_url=f"http://127.0.0.1:{server.server_port}", retry_options=HttpRetryOptions(attempts=1)
        )
        yield genai.Client(api_key="k", http_options=options)
        thread.join()
    finally:
        server.server_close()


def answered(body: bytes, status: int = 200) -> GenerateContentResponse:
    """Return what the SDK reads in a whole answer.

    Raises:
        APIError: `status` is an error's.
    """
    with _client(body, "application/json", status) as client:
        return client.models.generate_content(model="m", contents="x")


def streamed(wire: bytes) -> list[GenerateContentResponse]:
    """Return the chunks that the SDK reads in a stream.

    Raises:
        APIError: the stream tells an error.
        Exception: whatever the SDK makes of a stream that it cannot read.
    """
    with _client(wire, "text/event-stream", 200) as client:
        return list(client.models.generate_content_stream(model="m", contents="x"))


def asked(contents: ContentListUnion, config: GenerateContentConfig) -> bytes:
    """Return the body that the SDK sends."""
    sent: list[bytes] = []
    with _client(b'{"candidates":[]}', "application/json", 200, sent) as client:
        client.models.generate_content(model="m", contents=contents, config=config)
    return sent[0]


def parts_of(responses: Sequence[GenerateContentResponse]) -> list[Part]:
    """Return the parts of the first candidate, in their order."""
    firsts = [candidate for response in responses if (candidate := _first(response)) is not None]
    return [part for candidate in firsts if candidate.content for part in candidate.content.parts or ()]


def _first(response: GenerateContentResponse) -> Candidate | None:
    return next((each for each in response.candidates or () if not each.index), None)


def words_of(responses: Sequence[GenerateContentResponse]) -> str:
    """Return what was said, thoughts left out."""
    return "".join(part.text or "" for part in parts_of(responses) if not part.thought)


def calls_of(responses: Sequence[GenerateContentResponse]) -> list[FunctionCall]:
    """Return the calls."""
    return [part.function_call for part in parts_of(responses) if part.function_call is not None]


def usage_of(responses: Sequence[GenerateContentResponse]) -> GenerateContentResponseUsageMetadata:
    """Return the usage that was told last."""
    told = [response.usage_metadata for response in responses if response.usage_metadata is not None]
    return told[-1]

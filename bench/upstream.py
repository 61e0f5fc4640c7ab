"""The static provider: the same answer to every request, as fast as one core can.

It must never be what limits a run, so it looks at nothing but the model name: `stream-N-MS` (with or without
`bench/` before it) is answered by N chunks, one each MS milliseconds; everything else by one
fixed body. It counts what it sent and how late it was, so that a stall can be laid at the right door.

    GET    /stats       what was sent, as JSON         DELETE /stats    forget the longest gap
    GET    /v1/models   a list for model discovery     POST   anything  an answer
"""

import argparse
import asyncio
import gc
import json
import re
import socket
from dataclasses import asdict, dataclass
from typing import Final, cast

import httptools
import uvloop

ANSWER_BYTES: Final = 600
"""Body of a whole answer: a short reply of a chat model (DESIGN.md, "Speed")."""
LOOKED_AT_BYTES: Final = 512
"""How much of either end of a body is searched for the model name: our bodies have it in front."""
STREAM_MODEL: Final = re.compile(rb'"model"\s*:\s*"(?:bench/)?stream-(\d+)-(\d+)"')
ASKS_USAGE: Final = re.compile(rb'"include_usage"\s*:\s*true')
STREAM_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    b"Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"
)
USAGE: Final = {"prompt_tokens": 40, "completion_tokens": 60, "total_tokens": 100}


@dataclass(slots=True)
class Sent:
    """What this process has done so far.

    Attributes:
        open_streams: streams begun and not ended.
        longest_gap_s: longest time between two chunks of one stream since the last `DELETE /stats`.
        hung_up: streams whose reader left before the end.
    """

    answers: int = 0
    chunks: int = 0
    streams: int = 0
    open_streams: int = 0
    longest_gap_s: float = 0.0
    hung_up: int = 0


def chat_answer(size: int = ANSWER_BYTES) -> bytes:
    """Return a chat completion of exactly `size` bytes."""

    def document(text: str) -> bytes:
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        answer = {"id": "chatcmpl-bench", "object": "chat.completion", "created": 1700000000, "model": "small"}
        return json.dumps({**answer, "choices": [choice], "usage": USAGE}, separators=(",", ":")).encode()

    return document("x" * (size - len(document(""))))


def stream_event(delta: dict[str, str], finish_reason: str | None = None) -> bytes:
    """Return one event of a chat completion stream."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return _event({"choices": [choice]})


def usage_event() -> bytes:
    """Return the event that carries usage, for those who asked for it."""
    return _event({"choices": [], "usage": USAGE})


def http_chunk(data: bytes) -> bytes:
    """Frame `data` for chunked transfer coding (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _event(fields: dict[str, object]) -> bytes:
    event = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1700000000, "model": "small"}
    return b"data: %b\n\n" % json.dumps({**event, **fields}, separators=(",", ":")).encode()


def _response(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    return head + body


ANSWER: Final = _response(chat_answer())
MODELS: Final = _response(json.dumps({"object": "list", "data": [{"id": "small", "object": "model"}]}).encode())
WORD_CHUNK: Final = http_chunk(stream_event({"content": " word"}))
LAST_CHUNKS: Final = http_chunk(stream_event({}, "stop"))
USAGE_CHUNK: Final = http_chunk(usage_event())
DONE_CHUNK: Final = http_chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


class Stream:
    """One answer in pieces, each at the time it is due: a late chunk does not delay those after it."""

    def __init__(self, transport: asyncio.Transport, sent: Sent, chunks: int, interval_s: float, usage: bool) -> None:
        self._transport = transport
        self._sent = sent
        self._left = chunks
        self._interval_s = interval_s
        self._usage = usage
        self._loop = asyncio.get_running_loop()
        self._due_s = self._last_s = self._loop.time()
        self._open = True
        sent.streams += 1
        sent.open_streams += 1
        transport.write(STREAM_HEAD)
        self._send_next()

    def stop(self) -> None:
        """The reader has left."""
        if self._open:
            self._open = False
            self._sent.open_streams -= 1
            self._sent.hung_up += 1

    def _send_next(self) -> None:
        if not self._open:
            return
        if not self._left:
            self._finish()
            return
        now_s = self._loop.time()
        self._sent.longest_gap_s = max(self._sent.longest_gap_s, now_s - self._last_s)
        self._last_s = now_s
        self._transport.write(WORD_CHUNK)
        self._sent.chunks += 1
        self._left -= 1
        self._due_s += self._interval_s
        self._loop.call_at(self._due_s, self._send_next)

    def _finish(self) -> None:
        self._open = False
        self._sent.open_streams -= 1
        self._transport.write(LAST_CHUNKS + (USAGE_CHUNK if self._usage else b"") + DONE_CHUNK)


class Provider(asyncio.Protocol):
    """One connection. Defines no header callback, because httptools then makes no call per header."""

    def __init__(self, sent: Sent) -> None:
        self._sent = sent
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._first = self._last = b""
        self._stream: Stream | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def connection_lost(self, exc: Exception | None) -> None:
        if self._stream is not None:
            self._stream.stop()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_message_begin(self) -> None:
        self._first = self._last = b""

    def on_url(self, url: bytes) -> None:
        self._url = url

    def on_body(self, body: bytes) -> None:
        self._first = self._first or body[:LOOKED_AT_BYTES]
        self._last = body

    def on_message_complete(self) -> None:
        method = self._parser.get_method()
        if method != b"POST":
            self._transport.write(self._look_up(method))
            return
        ends = self._first + self._last[-LOOKED_AT_BYTES:]
        wanted = STREAM_MODEL.search(ends)
        if wanted is None:
            self._sent.answers += 1
            self._transport.write(ANSWER)
            return
        chunks, interval_ms = int(wanted[1]), int(wanted[2])
        self._stream = Stream(self._transport, self._sent, chunks, interval_ms / 1e3, bool(ASKS_USAGE.search(ends)))

    def _look_up(self, method: bytes) -> bytes:
        if self._url != b"/stats":
            return MODELS
        if method == b"DELETE":
            self._sent.longest_gap_s = 0.0
        return _response(json.dumps(asdict(self._sent)).encode())


async def serve(listener: socket.socket) -> None:
    """Answer on `listener` until cancelled."""
    sent = Sent()
    server = await asyncio.get_running_loop().create_server(lambda: Provider(sent), sock=listener, backlog=4096)
    gc.freeze()
    await server.serve_forever()


def main() -> None:
    """Serve on 127.0.0.1; the port is printed as the first line."""
    options = argparse.ArgumentParser(prog="python -m bench.upstream", description=__doc__.split("\n", 1)[0])
    options.add_argument("--port", type=int, default=0, help="0 = any free one")
    listener = socket.create_server(("127.0.0.1", options.parse_args().port), backlog=4096)
    print(listener.getsockname()[1], flush=True)
    uvloop.run(serve(listener))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(0) from None

"""HTTP/1.1 on plain asyncio and httptools: requests in, one answer at a time out, and every hang-up noticed.

It is an `asyncio.Protocol` of its own because the sandbox has to do what no server library lets it do: break the
protocol on request, know how many bytes the kernel has taken, and notice at once that the peer has gone. Framing is
RFC 9112; a pipelined request waits for the answers before it.
"""

import asyncio
import sys
import time
import traceback
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, cast

import httptools

MAX_BODY_BYTES: Final = 64 * 2**20
"""Enough for a few images in base64."""
MAX_HEAD_BYTES: Final = 64 * 2**10
MAX_PIPELINED: Final = 16
"""Requests held while one is being answered; reading stops above it."""
_WRITE_BYTES: Final = 64 * 2**10
"""Most bytes given to the transport at once; the memory a slow reader costs."""

_STATUSES: Final = frozenset(int(status) for status in HTTPStatus)
_CHUNKED_END: Final = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request; header names are in lower case, `path` is percent-encoded and has no query."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    keep_alive: bool
    may_chunk: bool


Handler = Callable[[Request, "Reply"], Awaitable[None]]


class Connection(asyncio.Protocol):
    """One peer: parses its requests and lets the handler answer them in order.

    When the peer closes, even half of its side, `closed_at` is set (epoch seconds) and the running handler cancelled.
    """

    def __init__(self, handler: Handler, connections: "set[Connection]") -> None:
        self.closed_at: float | None = None
        self._handler = handler
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Request] = deque()
        self._serving: asyncio.Task[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._deaf = False
        self._new_request()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        # No buffer of ours: once `drained` returns, the kernel has every byte.
        self.transport.set_write_buffer_limits(high=0)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._deaf = True  # the request is answered, as RFC 9110 7.8 allows; what follows it is not HTTP
        except httptools.HttpParserError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error) or "malformed request")

    def eof_received(self) -> None:
        self._peer_closed()
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._peer_closed()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    async def drained(self) -> None:
        """Return when the kernel has taken all that was written."""
        if self._writable is not None:
            await self._writable

    def stop(self) -> "asyncio.Task[None] | None":
        """End at once, cancelling the running handler without `closed_at`; returns what is left to wait for."""
        serving = self._serving
        if serving is not None:
            serving.cancel()
        self.transport.abort()
        return serving

    # What httptools calls.

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        self._count_head(len(name) + len(value))

    def on_headers_complete(self) -> None:
        if self._headers.get("expect", "").lower() == "100-continue":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)
        self._body_bytes += len(body)
        if self._body_bytes > MAX_BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body too large")

    def on_message_complete(self) -> None:
        if self._deaf:
            return
        url = httptools.parse_url(self._url)
        self._waiting.append(
            Request(
                method=self._parser.get_method().decode("latin-1"),
                path=(url.path or b"/").decode("latin-1"),
                query=(url.query or b"").decode("latin-1"),
                headers=self._headers,
                body=b"".join(self._body),
                keep_alive=self._parser.should_keep_alive() and not self._parser.should_upgrade(),
                may_chunk=self._parser.get_http_version() != "1.0",
            )
        )
        self._new_request()
        if self._serving is None:
            self._serving = self._loop.create_task(self._serve())
        elif len(self._waiting) > MAX_PIPELINED:
            self.transport.pause_reading()

    # The rest is ours.

    def _new_request(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._head_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "head too large")

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        if self._deaf:
            return
        self._deaf = True
        if self._serving is not None:  # an error amid another answer would only mislead
            self.transport.abort()
            return
        head = f"HTTP/1.1 {status} {status.phrase}\r\ncontent-length: {len(message)}\r\nconnection: close\r\n\r\n"
        self.transport.write((head + message).encode())
        self.transport.close()

    def _peer_closed(self) -> None:
        if self.closed_at is not None:
            return
        self.closed_at = time.time()
        if self._serving is not None:
            self._serving.cancel()

    async def _serve(self) -> None:
        try:
            while self._waiting:
                request = self._waiting.popleft()
                reply = Reply(self, request)
                await self._handler(request, reply)
                if not request.keep_alive:
                    self.transport.close()
                    return
                self.transport.resume_reading()
        except Exception:  # noqa: BLE001 - the outermost edge: a mistake of ours ends one connection, loudly
            traceback.print_exc(file=sys.stderr)
            self.transport.abort()
        finally:
            self._serving = None


class Reply:
    """The answer to one request: either `whole`, or `start`, any number of `send`, `end`.

    Attributes:
        bytes_written: bytes of this answer, head and framing included, that the kernel has taken.
    """

    def __init__(self, connection: Connection, request: Request) -> None:
        self.bytes_written = 0
        self._connection = connection
        self._chunked = request.may_chunk
        self._close = not request.keep_alive

    @property
    def peer_closed_at(self) -> float | None:
        return self._connection.closed_at

    async def whole(self, status: int, body: bytes, headers: str) -> None:
        """Write head and body together; `headers` are lines that each end in CRLF."""
        head = self._head(status, f"{headers}content-length: {len(body)}\r\n")
        if len(body) > _WRITE_BYTES:
            await self.raw(head)
            await self.raw(body)
        else:
            await self.raw(head + body)

    async def start(self, headers: str, *, framed: bool = True) -> None:
        """Write the head of an answer in pieces; `framed` unless `headers` tell its length themselves."""
        framing = "transfer-encoding: chunked\r\n" if framed and self._chunked else ""
        await self.raw(self._head(200, headers + framing))

    async def send(self, data: bytes) -> None:
        if not data:
            return
        await self.raw(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    async def end(self) -> None:
        if self._chunked:
            await self.raw(_CHUNKED_END)

    async def raw(self, data: bytes) -> None:
        """Write bytes as they are, and wait until the kernel has them."""
        connection = self._connection
        for start in range(0, len(data), _WRITE_BYTES):
            part = data[start : start + _WRITE_BYTES] if len(data) > _WRITE_BYTES else data
            connection.transport.write(part)
            await connection.drained()
            self.bytes_written += len(part)

    def cut(self) -> None:
        """Close the connection where it stands."""
        self._connection.closed_at = self._connection.closed_at or 0.0
        self._connection.transport.abort()

    def _head(self, status: int, headers: str) -> bytes:
        connection = "connection: close\r\n" if self._close else ""
        return f"HTTP/1.1 {status} {_phrase(status)}\r\n{headers}{connection}\r\n".encode("latin-1")


def _phrase(status: int) -> str:
    """The reason phrase; Anthropic's 529 is in no registry."""
    return HTTPStatus(status).phrase if status in _STATUSES else "Site is overloaded"

"""The server side of one client connection: HTTP/1.x on httptools, one request at a time.

The parser is llhttp in its strict mode, so what two parsers could read differently (both length
headers, bare line feeds, folded headers) is an error here and never reaches a provider. A head that is
the same as the one before is not parsed again (see `heads.py`). Requests that a client pipelines wait in
a short queue while reading is paused.
"""

import asyncio
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

import httptools

from tokenrouter.domain.errors import (
    BodyTooLarge,
    ClientError,
    GatewayError,
    HeadTooLarge,
    MalformedHttp,
    Overloaded,
    RequestTimedOut,
)
from tokenrouter.domain.ledger import EndReason
from tokenrouter.edge.decompress import decompress
from tokenrouter.edge.eager import EagerTask
from tokenrouter.edge.forwarded import TrustedProxies, is_secure
from tokenrouter.edge.heads import split_head
from tokenrouter.edge.request import Request, RequestHead
from tokenrouter.edge.responder import DateHeader, HttpResponder

MAX_PIPELINED: Final = 16
"""Requests of one connection that wait for their turn; further bytes stay in the socket."""
WRITE_HIGH_WATER: Final = 256 * 2**10
"""Unsent bytes after which the provider is paused."""
MIN_BODY_RATE: Final = 16 * 2**10
"""Bytes per second that extend the time a body may take."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What clients may ask of us; times in seconds.

    Attributes:
        max_unfinished_bytes: of bodies that are still arriving, all connections together.
    """

    max_head_bytes: int = 64 * 2**10
    max_body_bytes: int = 64 * 2**20
    max_unfinished_bytes: int = 2**30
    head_timeout_s: float = 10.0
    body_timeout_s: float = 60.0
    idle_timeout_s: float = 120.0
    client_stall_s: float = 300.0
    max_connections: int = 20_000


class Service(Protocol):
    """Who answers."""

    def handle(self, request: Request, responder: HttpResponder) -> Coroutine[Any, Any, None]:
        """Decide about `request`, and return the rest of its road, to be run. May raise, as the rest may."""

    def fail(self, error: Exception, request: Request, responder: HttpResponder) -> None:
        """Tell the client what `handle` or its coroutine raised."""

    def refuse(self, error: GatewayError, path: bytes, responder: HttpResponder) -> None:
        """Tell of bytes that are no request."""


@dataclass(slots=True, eq=False)
class Door:
    """One way in: a listener, and what is so for every request that comes by it.

    Attributes:
        service: who answers.
        date: lines that every answer carries.
        is_secure: whether TLS is spoken here.
        is_closing: whether it is given up: answers close their connection.
    """

    service: Service
    date: DateHeader
    is_secure: bool = False
    is_closing: bool = False


class Connections:
    """All connections of one process, and what they share.

    Attributes:
        draining: whether the process is about to stop: answers close their connection.
        unfinished_bytes: of bodies that are still arriving.
        proxies: who is believed about whose requests it passes on.
    """

    def __init__(self, service: Service, bounds: Bounds, proxies: TrustedProxies | None = None) -> None:
        self.service = service
        self.bounds = bounds
        self.proxies = proxies or TrustedProxies()
        self.doors = [Door(service, DateHeader())]
        self.open: set[ClientConnection] = set()
        self.draining = False
        self.unfinished_bytes = 0

    def new(self) -> "ClientConnection":
        """Return the protocol of a new connection of plain HTTP."""
        return ClientConnection(self, self.doors[0])

    def add_door(self, service: Service, *, more_headers: bytes = b"", is_secure: bool = False) -> Door:
        """Return one more way in; its connections are made by `through`."""
        door = Door(service, DateHeader(more_headers), is_secure)
        self.doors.append(door)
        return door

    def through(self, door: Door) -> "ClientConnection":
        """Return the protocol of a new connection that comes by `door`."""
        return ClientConnection(self, door)

    def close_door(self, door: Door) -> None:
        """Let those who came by `door` finish, and no more."""
        door.is_closing = True
        self.doors.remove(door)
        for connection in list(self.open):
            if connection.door is door:
                connection.drain()

    @property
    def busy(self) -> int:
        """Connections that are being answered."""
        return sum(1 for connection in self.open if connection.is_busy)

    def drain(self) -> None:
        """Close what is idle; let the rest finish its answer."""
        self.draining = True
        for connection in list(self.open):
            connection.drain()

    def abort(self, reason: EndReason) -> None:
        """Cut every connection."""
        for connection in list(self.open):
            connection.abort(reason)

    async def sweep(self, interval_s: float = 0.5) -> None:
        """Close connections that are too slow or idle for too long; runs until cancelled."""
        while True:
            await asyncio.sleep(interval_s)
            for door in self.doors:
                door.date.renew()
            now_s = time.monotonic()
            for connection in list(self.open):
                connection.check_patience(now_s)


class ClientConnection(asyncio.Protocol):
    """One client's connection."""

    __slots__ = (
        "_body",
        "_body_bytes",
        "_candidate",
        "_error",
        "_head",
        "_head_bytes",
        "_head_size",
        "_in_body",
        "_is_proxy",
        "_known",
        "_known_head",
        "_missing",
        "_parser",
        "_peer",
        "_queue",
        "_reading",
        "_request",
        "_responder",
        "_since_s",
        "_stalled_since_s",
        "_task",
        "_transport",
        "cancel_reason",
        "door",
        "shared",
    )

    def __init__(self, shared: Connections, door: Door) -> None:
        self.shared = shared
        self.door = door
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._peer = ""
        self._is_proxy = False
        self._head: RequestHead | None = None
        self._queue: deque[Request] | None = None
        self._task: EagerTask | None = None
        self._request: Request | None = None
        self._responder: HttpResponder | None = None
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._head_bytes = 0
        self._head_size = 0
        self._in_body = False
        self._missing = 0
        self._candidate: bytes | None = None
        self._known = b""
        self._known_head: RequestHead | None = None
        self._reading = True
        self._error: GatewayError | None = None
        self._since_s = time.monotonic()
        self._stalled_since_s = 0.0
        self.cancel_reason: EndReason = "client_disconnect"

    @property
    def is_busy(self) -> bool:
        return self._task is not None

    # Bytes in.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._peer = peer[0] if isinstance(peer, tuple) else ""
        self._is_proxy = self.shared.proxies.trusts(self._peer)
        self._transport.set_write_buffer_limits(high=WRITE_HIGH_WATER)
        if len(self.shared.open) >= self.shared.bounds.max_connections:
            self._transport.abort()
            return
        self.shared.open.add(self)

    def data_received(self, data: bytes) -> None:
        if self._error is not None:
            return
        if self._missing:
            data = self._take_body(data)
        elif self._head is None and not self._head_bytes:
            data = self._take_known(data)
        if data:
            self._parse(data)

    def _take_known(self, data: bytes) -> bytes:
        """Take a request whose head is the last one's; return what is to be parsed."""
        split = split_head(data)
        if split is None:
            self._candidate = None
            return data
        identity, length, body_at = split
        size = len(data) - body_at
        head = self._known_head
        if head is None or identity != self._known or size > length:
            self._candidate = identity
            return data
        self._since_s = time.monotonic()
        if length > self.shared.bounds.max_body_bytes:
            self._head = head
            self._fail(self._body_too_large())
        elif size == length:
            self._accept(head, data[body_at:])
        else:
            self._head = head
            self._in_body = True
            self._missing = length - size
            self._keep(data[body_at:])
        return b""

    def _take_body(self, data: bytes) -> bytes:
        """Take bytes of a body whose head was known; return those behind it."""
        missing = self._missing
        rest = b""
        if len(data) > missing:
            data, rest = data[:missing], data[missing:]
        self._missing = missing - len(data)
        self._keep(data)
        if not self._missing and self._error is None:
            self.on_message_complete()
            if rest:
                return self._take_known(rest)
        return rest

    def _keep(self, piece: bytes) -> None:
        """Keep a piece of a body whose head was known."""
        try:
            self.on_body(piece)
        except GatewayError as error:
            self._fail(error)

    def _parse(self, data: bytes) -> None:
        if not self._in_body:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
            if not self._in_body and self._head_bytes > self.shared.bounds.max_head_bytes:
                raise self._head_too_large()
        except httptools.HttpParserUpgrade:
            self._pause()
        except httptools.HttpParserError as error:
            cause = error.__context__
            told = (
                cause if isinstance(cause, GatewayError) else MalformedHttp(f"The request is not valid HTTP: {error}.")
            )
            self._fail(told)
        except ClientError as error:
            self._fail(error)

    def _fail(self, error: GatewayError) -> None:
        """Remember what is wrong with the bytes, and tell it once the requests before them are answered."""
        self._error = error
        self._release_body()
        self._pause()
        if self._task is None and not self._queue:
            self._tell_error()

    def _tell_error(self) -> None:
        transport = self._transport
        if self._error is None or transport is None or transport.is_closing():
            return
        path = self._head.path if self._head is not None else b""
        responder = HttpResponder(transport, self.door.date, keep_alive=False, chunked=False)
        self.door.service.refuse(self._error, path, responder)
        transport.close()

    def _pause(self) -> None:
        if self._reading and self._transport is not None and not self._transport.is_closing():
            self._reading = False
            self._transport.pause_reading()

    def _resume(self) -> None:
        if not self._reading and self._transport is not None and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()

    # httptools callbacks.

    def on_message_begin(self) -> None:
        self._head = RequestHead()
        self._head_size = 0
        self._since_s = time.monotonic()

    def on_url(self, url: bytes) -> None:
        head = self._head
        if head is not None:
            head.path += url
            self._head_size += len(url)
            if self._head_size > self.shared.bounds.max_head_bytes:
                raise self._head_too_large()

    def on_header(self, name: bytes, value: bytes) -> None:
        head = self._head
        if head is None:
            return
        head.add_header(name, value)
        self._head_size += len(name) + len(value) + 4
        if self._head_size > self.shared.bounds.max_head_bytes:
            raise self._head_too_large()

    def on_headers_complete(self) -> None:
        head = self._head
        if head is None:
            return
        self._in_body = True
        self._head_bytes = 0
        head.method = self._parser.get_method()
        head.path, _, head.query = head.path.partition(b"?")
        head.keep_alive = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        head.chunked_answers = self._parser.get_http_version() != "1.0"
        headers = head.headers
        length = headers.get(b"content-length")
        if length is not None and int(length) > self.shared.bounds.max_body_bytes:
            raise self._body_too_large()
        if b"host" not in headers and head.chunked_answers:
            raise MalformedHttp("The Host header is missing (RFC 9112, 3.2).")
        if (
            headers.get(b"expect", b"").lower() == b"100-continue"
            and self._task is None
            and self._transport is not None
        ):
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._candidate is not None:
            self._remember(head)

    def _remember(self, head: RequestHead) -> None:
        """Know this head again if its framing is as plain as can be."""
        identity, self._candidate = self._candidate, None
        if head.keep_alive and head.chunked_answers and _UNUSUAL.isdisjoint(head.headers) and identity is not None:
            self._known = identity
            self._known_head = head

    def _head_too_large(self) -> HeadTooLarge:
        return HeadTooLarge(f"The request's head is longer than {self.shared.bounds.max_head_bytes} bytes.")

    def _body_too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"The body is longer than {self.shared.bounds.max_body_bytes} bytes.")

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        self.shared.unfinished_bytes += len(body)
        self._body.append(body)
        if self._body_bytes > self.shared.bounds.max_body_bytes:
            raise self._body_too_large()
        if self.shared.unfinished_bytes > self.shared.bounds.max_unfinished_bytes:
            raise Overloaded("Too many request bodies are on their way; try again in a moment.", retry_after_s=1.0)

    def _release_body(self) -> list[bytes]:
        """Return the pieces that have arrived, and count them no more."""
        parts, self._body = self._body, []
        self.shared.unfinished_bytes -= self._body_bytes
        self._body_bytes = 0
        return parts

    def on_message_complete(self) -> None:
        head, self._head = self._head, None
        self._in_body = False
        if head is None:
            return
        parts = self._release_body()
        self._accept(head, parts[0] if len(parts) == 1 else b"".join(parts))

    # Answers out.

    def _accept(self, head: RequestHead, body: bytes) -> None:
        if self._is_proxy:
            request = self._passed_on(head, body)
        else:
            request = Request(head, body, self._since_s, self._peer, "", self.door.is_secure)
        if self._task is None and not self._queue:
            self._answer(request)
            return
        if self._queue is None:
            self._queue = deque()
        self._queue.append(request)
        if len(self._queue) >= MAX_PIPELINED:
            self._pause()

    def _passed_on(self, head: RequestHead, body: bytes) -> Request:
        """Return a request that a trusted proxy has passed on, as its client's."""
        client_ip = self.shared.proxies.client_of(self._peer, head.headers)
        secure = is_secure(head.headers, otherwise=self.door.is_secure)
        return Request(head, body, self._since_s, client_ip, is_secure=secure)

    def _answer(self, request: Request) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        head = request.head
        self._request = request
        self._responder = responder = HttpResponder(
            transport,
            self.door.date,
            keep_alive=head.keep_alive and not (self.shared.draining or self.door.is_closing),
            chunked=head.chunked_answers,
            head_only=head.method == b"HEAD",
        )
        try:
            if request.body[:1] in _MAYBE_COMPRESSED or b"content-encoding" in head.headers:
                self._unpack(request)
            self._task = task = EagerTask(self.door.service.handle(request, responder), self._answered)
        except Exception as error:  # noqa: BLE001 - the client is told, and the log
            self._answered(error)
        else:
            task.start()

    def _unpack(self, request: Request) -> None:
        encoding = request.head.headers.get(b"content-encoding", b"")
        request.body = decompress(request.body, encoding, self.shared.bounds.max_body_bytes)

    def _answered(self, error: Exception | None) -> None:
        """Go on after an answer, or tell why there is none."""
        request, responder = self._request, self._responder
        if error is not None and request is not None and responder is not None:
            self.door.service.fail(error, request, responder)
        self._task = self._request = self._responder = None
        if self._head is None:
            self._since_s = time.monotonic()
        transport = self._transport
        if transport is None or transport.is_closing() or responder is None:
            return
        if not (responder.finished and responder.keeps_alive) or self.shared.draining or self.door.is_closing:
            transport.close()
        elif self._queue:
            asyncio.get_running_loop().call_soon(self._answer_next)
        elif self._error is not None:
            self._tell_error()
        elif not self._reading:
            self._resume()

    def _answer_next(self) -> None:
        """Answer the next pipelined request."""
        if self._task is None and self._queue:
            self._answer(self._queue.popleft())
            if len(self._queue) < MAX_PIPELINED and self._error is None:
                self._resume()

    def pause_writing(self) -> None:
        self._stalled_since_s = time.monotonic()
        if self._responder is not None and self._responder.flow is not None:
            self._responder.flow.pause()

    def resume_writing(self) -> None:
        self._stalled_since_s = 0.0
        if self._responder is not None and self._responder.flow is not None:
            self._responder.flow.resume()

    # Endings.

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.shared.open.discard(self)
        self._transport = None
        self._queue = None
        self._release_body()
        if self._task is not None:
            self._task.cancel(self.cancel_reason)

    def drain(self) -> None:
        """Close at once when idle, else after the answer."""
        if self._task is None and self._transport is not None:
            self._transport.close()
        elif self._responder is not None:
            self._responder.close_after()

    def abort(self, reason: EndReason) -> None:
        """Cut the connection; a running answer is abandoned for `reason`."""
        self.cancel_reason = reason
        if self._transport is not None:
            self._transport.abort()

    def check_patience(self, now_s: float) -> None:
        """Close the connection if the client is too slow; called now and then."""
        bounds = self.shared.bounds
        if self._stalled_since_s and now_s - self._stalled_since_s > bounds.client_stall_s:
            self.abort("client_disconnect")
        elif self._error is not None or self._task is not None:
            return
        elif self._head is not None or self._head_bytes:
            self._check_request(now_s)
        elif now_s - self._since_s > bounds.idle_timeout_s and self._transport is not None:
            self._transport.close()

    def _check_request(self, now_s: float) -> None:
        bounds = self.shared.bounds
        patience_s = bounds.head_timeout_s
        if self._in_body:
            patience_s = bounds.body_timeout_s + self._body_bytes / MIN_BODY_RATE
        if now_s - self._since_s > patience_s:
            part = "body" if self._in_body else "head"
            self._fail(RequestTimedOut(f"The request's {part} did not arrive within {patience_s:.0f} s."))


_MAYBE_COMPRESSED: Final = (b"\x1f", b"\x28")
"""First bytes of gzip and zstd; no JSON starts with them."""
_UNUSUAL: Final = frozenset({b"transfer-encoding", b"expect", b"upgrade"})
"""Headers that change how a message is framed or what its connection carries."""

"""One connection to a provider: HTTP/1.1 on httptools, one request at a time.

Headers and body pieces go from the parser straight into a dictionary and a list, without a call of ours
for each: providers send some thirty headers, and a call costs more than parsing one.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, cast

import httptools

from tokenrouter.domain.errors import ProviderCut, ProviderProtocolError
from tokenrouter.providers.outbound import UpstreamRequest
from tokenrouter.upstream.response import UnansweredClose, UpstreamResponse

MAX_HEAD_BYTES: Final = 256 * 2**10
"""Most bytes of status line and headers that are taken from a provider."""


RECORD_BYTES: Final = 2**14
"""What one record of TLS says at most (RFC 8446, 5.1)."""


class UpstreamConnection(asyncio.Protocol):
    """A connection that is idle in its pool or carries one exchange.

    Attributes:
        idle_since_s: loop time at which it went back to its pool.
        loop: the event loop it lives in.
        exchanges: how many requests it has carried; more than one means it was reused.
        rewrite_head: changes each request's head, for a plain HTTP proxy.
        parts: body bytes that have arrived and were not taken yet.
        inflates: whether a compressed body is handed on as what it says; else it is left as it came.
    """

    __slots__ = (
        "_head_bytes",
        "_headers",
        "_is_secure",
        "_keeps_alive",
        "_on_free",
        "_parser",
        "_reading",
        "_response",
        "_until_close",
        "exchanges",
        "idle_since_s",
        "inflates",
        "loop",
        "on_body",
        "on_header",
        "parts",
        "provider",
        "rewrite_head",
        "transport",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        on_free: "Callable[[UpstreamConnection, UpstreamResponse, bool], None]",
        *,
        is_inner: bool = False,
    ) -> None:
        """`is_inner`: to a process of ours, whose answers are for the client as they are.

        Compressed bodies stay so, and every `set-cookie` counts, not only the last (RFC 9110, 5.3 excepts them from
        joining).
        """
        self.loop = loop
        self._on_free = on_free
        self._headers: dict[bytes, bytes] = {}
        self.parts: list[bytes] = []
        self.on_header = self._add_header if is_inner else self._headers.__setitem__
        self.on_body = self.parts.append
        self.inflates = not is_inner
        self._parser = httptools.HttpResponseParser(self)
        self._response: UpstreamResponse | None = None
        self._head_bytes = 0
        self._keeps_alive = False
        self._until_close = False
        self._reading = True
        self._is_secure = False
        self.transport: asyncio.Transport | None = None
        self.idle_since_s = 0.0
        self.exchanges = 0
        self.provider = ""
        self.rewrite_head: Callable[[bytes], bytes] | None = None

    def start(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send a request; its answer arrives in what is returned.

        Raises:
            UnansweredClose: the connection is already closed.
        """
        transport = self.transport
        if transport is None or transport.is_closing():
            raise UnansweredClose
        to = request.to
        self.exchanges += 1
        self.provider = to.provider
        self._head_bytes = 0
        self._until_close = False
        if self.parts:
            self.parts.clear()
        self._response = response = UpstreamResponse(self, self.loop, to.timeouts, request.whole_limit)
        data = request.data
        if self.rewrite_head is not None:
            data = [self.rewrite_head(bytes(data[0])), *data[1:]]
        if self._is_secure:
            _write_records(transport, data)
        elif len(data) == 1:
            transport.write(data[0])
        else:
            transport.writelines(data)
        return response

    def release(self, response: UpstreamResponse) -> None:
        """End `response`'s use of this connection: back to the pool when it is clean, else closed at once."""
        if self._response is not response:
            return
        self._response = None
        transport = self.transport
        clean = (
            response.complete
            and response.error is None
            and self._keeps_alive
            and not self._until_close
            and transport is not None
            and not transport.is_closing()
        )
        if clean:
            if not self._reading:
                self.resume_reading()
        elif transport is not None:
            transport.abort()
        self._on_free(self, response, clean)

    def close(self) -> None:
        """Close an idle connection."""
        if self.transport is not None:
            self.transport.close()

    def pause_reading(self) -> None:
        """Let the provider wait: its bytes stay in the socket."""
        if self._reading and self.transport is not None and not self.transport.is_closing():
            self._reading = False
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Take the provider's bytes again."""
        if not self._reading and self.transport is not None and not self.transport.is_closing():
            self._reading = True
            self.transport.resume_reading()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._is_secure = transport.get_extra_info("sslcontext") is not None

    def data_received(self, data: bytes) -> None:
        response = self._response
        if response is None:
            self.close()
            return
        if not response.head_complete:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
            if self._head_bytes > MAX_HEAD_BYTES and not response.head_complete:
                self._end_badly(response, "a head that has no end")
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._end_badly(response, f"bytes that are not HTTP: {error}")
        else:
            response.bytes_arrived()

    def _end_badly(self, response: UpstreamResponse, what: str) -> None:
        """Pass on what came before the mistake, then tell of it; an answer that had begun is one that was cut."""
        response.bytes_arrived()
        error = ProviderCut if response.head_complete else ProviderProtocolError
        response.fail(error(f"Provider {self.provider!r} sent {what}.", provider=self.provider))
        if self.transport is not None:
            self.transport.abort()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        response = self._response
        if response is None or response.complete:
            return
        if response.head_complete and self._until_close and exc is None:
            response.complete = True
            response.bytes_arrived()
        elif response.status == 0 and self._head_bytes == 0:
            response.fail(UnansweredClose())
        else:
            response.fail(
                ProviderCut(f"Provider {self.provider!r} closed the connection in its answer.", provider=self.provider)
            )

    # httptools callbacks

    def _add_header(self, name: bytes, value: bytes) -> None:
        """Note a header of somebody who sets several cookies in one answer; line feeds stand between them."""
        name = name.lower()
        before = self._headers.get(name) if name == b"set-cookie" else None
        self._headers[name] = value if before is None else before + b"\n" + value

    def on_headers_complete(self) -> None:
        response = self._response
        status = self._parser.get_status_code()
        if response is None:
            return
        if status < 200:
            self._headers.clear()
            return
        headers = {name.lower(): value for name, value in self._headers.items()}
        self._headers.clear()
        self._until_close = (
            b"content-length" not in headers and b"transfer-encoding" not in headers and status not in (204, 304)
        )
        response.head_arrived(status, headers)

    def on_message_complete(self) -> None:
        response = self._response
        self._headers.clear()
        if response is not None and response.head_complete:
            self._keeps_alive = self._parser.should_keep_alive()
            response.complete = True


def _write_records(transport: asyncio.Transport, data: Sequence[bytes | memoryview]) -> None:
    """Write to a transport that encrypts, a record at a time.

    OpenSSL's memory grows to the longest piece that was ever put there and never shrinks, and the event loop copies out
    of it: a connection that had once sent a request of 200 KB held 430 KB more for as long as it was kept.
    """
    for piece in data:
        rest = memoryview(piece)
        for at in range(0, len(rest), RECORD_BYTES):
            transport.write(rest[at : at + RECORD_BYTES])

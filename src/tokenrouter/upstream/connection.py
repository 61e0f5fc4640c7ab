"""One connection to a provider: HTTP/1.1 on httptools, one request at a time."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, cast

import httptools

from tokenrouter.domain.catalog import Timeouts
from tokenrouter.domain.errors import ProviderCut, ProviderProtocolError
from tokenrouter.upstream.response import UnansweredClose, UpstreamResponse

MAX_HEAD_BYTES: Final = 256 * 2**10
"""Most bytes of status line and headers that are taken from a provider."""
JOIN_BYTES: Final = 64 * 2**10
"""Up to this size a request is copied into one piece: cheaper than a vectored write."""


class UpstreamConnection(asyncio.Protocol):
    """A connection that is idle in its pool or carries one exchange.

    Attributes:
        idle_since_s: loop time at which it went back to its pool.
        exchanges: how many requests it has carried; more than one means it was reused.
        rewrite_head: changes each request's head, for a plain HTTP proxy.
    """

    __slots__ = (
        "_head_bytes",
        "_keeps_alive",
        "_on_free",
        "_parser",
        "_reading",
        "_response",
        "_until_close",
        "exchanges",
        "idle_since_s",
        "provider",
        "rewrite_head",
        "transport",
    )

    def __init__(self, on_free: "Callable[[UpstreamConnection, UpstreamResponse, bool], None]") -> None:
        self._on_free = on_free
        self._parser = httptools.HttpResponseParser(self)
        self._response: UpstreamResponse | None = None
        self._head_bytes = 0
        self._keeps_alive = False
        self._until_close = False
        self._reading = True
        self.transport: asyncio.Transport | None = None
        self.idle_since_s = 0.0
        self.exchanges = 0
        self.provider = ""
        self.rewrite_head: Callable[[bytes], bytes] | None = None

    def start(
        self,
        head: bytes,
        body: Sequence[bytes | memoryview],
        timeouts: Timeouts,
        *,
        provider: str,
        whole_limit: int,
        now_s: float,
    ) -> UpstreamResponse:
        """Send a request; its answer arrives in what is returned.

        Raises:
            UnansweredClose: the connection is already closed.
        """
        transport = self.transport
        if transport is None or transport.is_closing():
            raise UnansweredClose
        self.exchanges += 1
        self.provider = provider
        self._head_bytes = 0
        self._until_close = False
        response = UpstreamResponse(self, timeouts, provider=provider, whole_limit=whole_limit, now_s=now_s)
        self._response = response
        pieces = [head if self.rewrite_head is None else self.rewrite_head(head), *body]
        if sum(map(len, pieces)) <= JOIN_BYTES:
            transport.write(b"".join(pieces))
        else:
            transport.writelines(pieces)
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
            and not self._until_close
            and transport is not None
            and not transport.is_closing()
            and self._keeps_alive
        )
        if clean:
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
                raise ProviderProtocolError("The head of the provider's answer has no end.", provider=self.provider)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            cause = error.__context__
            if not isinstance(cause, ProviderProtocolError):
                cause = ProviderProtocolError(
                    f"Provider {self.provider!r} sent bytes that are not HTTP: {error}.", provider=self.provider
                )
            self._end_badly(response, cause)
            return
        except ProviderProtocolError as error:
            self._end_badly(response, error)
            return
        response.bytes_arrived()

    def _end_badly(self, response: UpstreamResponse, error: Exception) -> None:
        response.bytes_arrived()
        response.fail(error)
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

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._response is not None:
            self._response.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        response = self._response
        status = self._parser.get_status_code()
        if response is None:
            return
        if 100 <= status < 200:
            response.headers.clear()
            return
        headers = response.headers
        self._until_close = (
            b"content-length" not in headers and b"transfer-encoding" not in headers and status not in (204, 304)
        )
        response.head_arrived(status)

    def on_body(self, body: bytes) -> None:
        if self._response is not None:
            self._response.body_arrived(body)

    def on_message_complete(self) -> None:
        response = self._response
        if response is not None and response.head_complete:
            self._keeps_alive = self._parser.should_keep_alive()
            response.complete = True

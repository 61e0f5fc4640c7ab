"""One answer of a provider while it arrives.

The connection's protocol pushes bytes in; the request's task takes them out, either whole (one wake-up
per answer) or through a sink that is called from the protocol itself (no wake-up per chunk, which is
what keeps a relayed chunk cheap; see DESIGN.md, "Speed").
"""

import asyncio
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tokenrouter.domain.catalog import Timeouts
from tokenrouter.domain.errors import GatewayError, ProviderProtocolError, ProviderTimeout, TimeoutPhase

if TYPE_CHECKING:
    from tokenrouter.upstream.connection import UpstreamConnection

HIGH_WATER_BYTES: Final = 256 * 2**10
"""Unread bytes after which reading from the provider pauses."""
MAX_INFLATED_BYTES: Final = 16 * 2**20
"""Most that one network read may inflate to: a thousandfold of a 16 KiB read, which no real answer needs."""

Sink = Callable[[bytes], None]


class UnansweredClose(Exception):
    """The provider closed the connection before any byte of an answer."""


class UpstreamResponse:
    """Status, headers and body of one answer.

    Attributes:
        headers: lower-case names; of a repeated header the last.
        complete: the whole body has arrived (not necessarily been taken).
    """

    __slots__ = (
        "_buffered",
        "_connection",
        "_inflate",
        "_paused",
        "_parts",
        "_phase",
        "_provider",
        "_sink",
        "_timeouts",
        "_waiter",
        "_whole_limit",
        "complete",
        "deadline_s",
        "error",
        "head_complete",
        "headers",
        "status",
        "total_deadline_s",
        "touched",
    )

    def __init__(
        self, connection: "UpstreamConnection", timeouts: Timeouts, *, provider: str, whole_limit: int, now_s: float
    ) -> None:
        self._connection = connection
        self._timeouts = timeouts
        self._provider = provider
        self._whole_limit = whole_limit
        self._parts: list[bytes] = []
        self._buffered = 0
        self._waiter: asyncio.Future[None] | None = None
        self._sink: Sink | None = None
        self._paused = False
        self._inflate: zlib._Decompress | None = None
        self._phase: TimeoutPhase = "first_byte"
        self.headers: dict[bytes, bytes] = {}
        self.status = 0
        self.head_complete = False
        self.complete = False
        self.error: Exception | None = None
        self.touched = False
        self.deadline_s = _deadline(now_s, timeouts.first_byte_s)
        self.total_deadline_s = _deadline(now_s, timeouts.total_s)

    # What the request's task does.

    async def arrival(self) -> None:
        """Return when there is something to act on: the head, or the whole answer if it is within the limit.

        Raises:
            UnansweredClose, ProviderTimeout, ProviderProtocolError
        """
        if not self._has_arrived():
            await self._wait()

    def take(self) -> bytes:
        """Return the body bytes that have arrived and were not taken yet."""
        parts = self._parts
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        self._buffered = 0
        return data

    async def pump(self, sink: Sink) -> None:
        """Hand every further body byte to `sink` as it arrives, and return when the body is complete.

        `sink` is called from the network protocol and must not block; what it raises ends the pump and is
        raised here.

        Raises:
            ProviderTimeout, ProviderProtocolError, ConnectionError: the body did not come to its end.
        """
        self._sink = sink
        self.resume()
        if self._parts:
            sink(self.take())
        if not self.complete:
            await self._wait()
        if self.error is not None:
            raise self.error

    def pause(self) -> None:
        """Stop reading from the provider: the client's buffer is full."""
        self._paused = True
        self._connection.pause_reading()

    def resume(self) -> None:
        """Go on reading."""
        self._paused = False
        self._connection.resume_reading()

    def close(self) -> None:
        """Give the connection back when the answer is complete, else close it at once. Harmless when repeated."""
        self._connection.release(self)

    async def _wait(self) -> None:
        if self.error is not None:
            raise self.error
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _has_arrived(self) -> bool:
        if self.complete or self.error is not None:
            return True
        return self.head_complete and (self._whole_limit == 0 or self._buffered > self._whole_limit)

    # What the connection's protocol does.

    def head_arrived(self, status: int) -> None:
        """Take note of the status line; the headers are in place."""
        self.status = status
        self.head_complete = True
        if self.headers.get(b"content-encoding") in (b"gzip", b"x-gzip", b"deflate"):
            self._inflate = zlib.decompressobj(wbits=47)
            del self.headers[b"content-encoding"]
            self.headers.pop(b"content-length", None)

    def body_arrived(self, data: bytes) -> None:
        """Take in body bytes."""
        if self._inflate is not None:
            data = self._inflated(self._inflate, data)
        self._parts.append(data)
        self._buffered += len(data)

    def _inflated(self, inflate: "zlib._Decompress", data: bytes) -> bytes:
        try:
            inflated = inflate.decompress(data, MAX_INFLATED_BYTES)
        except zlib.error as error:
            raise ProviderProtocolError(
                f"The provider's answer is not in the encoding it names: {error}.", provider=self._provider
            ) from None
        if inflate.unconsumed_tail:
            raise ProviderProtocolError("The provider's answer inflates without measure.", provider=self._provider)
        return inflated

    def bytes_arrived(self) -> None:
        """Act on what one network read brought."""
        self.touched = True
        if self._sink is not None:
            self._push(self._sink)
        elif self._buffered > HIGH_WATER_BYTES and self._buffered > self._whole_limit and not self.complete:
            self._connection.pause_reading()
        if self.complete or (self._sink is None and self._has_arrived()):
            self._wake(None)

    def _push(self, sink: Sink) -> None:
        if not self._parts:
            return
        try:
            sink(self.take())
        except GatewayError as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """End the answer with `error`; the first one counts."""
        if self.error is None and not self.complete:
            self.error = error
            self._wake(error)

    def _wake(self, error: Exception | None) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)

    def check_deadlines(self, now_s: float) -> None:
        """Fail the answer if a time limit has passed; called a few times a second."""
        if self.touched or self._paused:
            self.touched = False
            self._phase = "between_bytes"
            self.deadline_s = _deadline(now_s, self._timeouts.between_bytes_s)
        if now_s > self.total_deadline_s:
            self._time_out("total", self._timeouts.total_s)
        elif now_s > self.deadline_s:
            self._time_out(self._phase, getattr(self._timeouts, f"{self._phase}_s"))

    def _time_out(self, phase: TimeoutPhase, limit_s: float) -> None:
        words = {
            "first_byte": "sent nothing for",
            "between_bytes": "fell silent in the middle of its answer for",
            "total": "did not finish its answer within",
        }[phase]
        message = f"Provider {self._provider!r} {words} {limit_s:g} s."
        self.fail(ProviderTimeout(message, provider=self._provider, phase=phase))


def _deadline(now_s: float, length_s: float) -> float:
    return now_s + length_s if length_s > 0 else float("inf")

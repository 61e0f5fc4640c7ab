"""One answer of a provider while it arrives.

The connection's protocol collects bytes; the request takes them out, either whole (one wake-up per
answer) or through a sink that is called from the protocol itself (no wake-up per chunk, which is what
keeps a relayed chunk cheap; see DESIGN.md, "Speed").
"""

import asyncio
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tokenrouter.domain.catalog import Timeouts
from tokenrouter.domain.errors import GatewayError, ProviderProtocolError, ProviderTimeout, TimeoutPhase
from tokenrouter.upstream.wakeup import Wakeup

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
        headers: lower-case names; of a repeated header the last; over a Unix socket every `set-cookie`, a line each.
        complete: the whole body has arrived (not necessarily been taken).
        until_s: by the loop's clock, when the request has no more time for an answer that has not begun; 0: never.
    """

    __slots__ = (
        "_buffered",
        "_connection",
        "_inflate",
        "_loop",
        "_paused",
        "_quiet_since_s",
        "_seen_parts",
        "_sink",
        "_spoken",
        "_started_s",
        "_timeouts",
        "_waiter",
        "_whole_limit",
        "complete",
        "error",
        "head_complete",
        "headers",
        "status",
        "touched",
        "until_s",
    )

    headers: dict[bytes, bytes]

    def __init__(
        self, connection: "UpstreamConnection", loop: asyncio.AbstractEventLoop, timeouts: Timeouts, whole_limit: int
    ) -> None:
        self._connection = connection
        self._loop = loop
        self._timeouts = timeouts
        self._whole_limit = whole_limit
        self._started_s = self._quiet_since_s = loop.time()
        self._waiter: Wakeup | None = None
        self._sink: Sink | None = None
        self._inflate: zlib._Decompress | None = None
        self._buffered = self._seen_parts = 0
        self.until_s = 0.0
        self._paused = self._spoken = False
        self.status = 0
        self.head_complete = self.complete = self.touched = False
        self.error: Exception | None = None

    # What the request does.

    def has_arrived(self) -> bool:
        """Whether there is something to act on: the head, or the whole answer if it is within the limit."""
        if self.complete:
            return True
        return self.head_complete and (self._whole_limit == 0 or self._buffered > self._whole_limit)

    def wait(self) -> Wakeup:
        """Return what to await for the next news: arrival at first, the end of the body while it is pumped.

        Raises, when awaited:
            UnansweredClose, ProviderTimeout, ProviderProtocolError, ProviderCut
        """
        self._waiter = waiter = Wakeup(self._loop)
        return waiter

    def take(self) -> bytes:
        """Return the body bytes that have arrived and were not taken yet."""
        parts = self._connection.parts
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        self._buffered = self._seen_parts = 0
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
        if self._connection.parts:
            sink(self.take())
        if not self.complete and self.error is None:
            await self.wait()
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

    def lift_deadline(self) -> None:
        """Let the answer take as long as it needs: it has begun."""
        self.until_s = 0.0

    def close(self) -> None:
        """Give the connection back when the answer is complete, else close it at once. Harmless when repeated."""
        self._sink = None
        self._connection.release(self)

    # What the connection's protocol does.

    def head_arrived(self, status: int, headers: dict[bytes, bytes]) -> None:
        """Take in status and headers."""
        self.status = status
        self.headers = headers
        self.head_complete = True
        coding = headers.get(b"content-encoding")
        if coding in (b"gzip", b"x-gzip", b"deflate") and self._connection.inflates:
            self._inflate = zlib.decompressobj(wbits=47)
            del headers[b"content-encoding"]
            headers.pop(b"content-length", None)

    def bytes_arrived(self) -> None:
        """Act on what one network read brought."""
        self.touched = True
        if self._inflate is not None:
            try:
                self._inflate_parts(self._inflate)
            except ProviderProtocolError as error:
                self.complete = False
                self.fail(error)
                return
        sink = self._sink
        if sink is not None:
            parts = self._connection.parts
            if parts:
                self._seen_parts = 0
                data = parts.pop() if len(parts) == 1 else self.take()
                try:
                    sink(data)
                except GatewayError as error:
                    self.complete = False  # else the error of the last read would count for nothing
                    self.fail(error)
            if self.complete:
                self._wake(None)
        elif self.complete:
            self._wake(None)
        elif self.head_complete:
            self._collect()

    def _collect(self) -> None:
        """Wait for more of a whole answer, within its limit; hold a stream back that nobody reads yet."""
        parts = self._connection.parts
        self._buffered += sum(map(len, parts[self._seen_parts :]))
        self._seen_parts = len(parts)
        if self._buffered > HIGH_WATER_BYTES and self._buffered > self._whole_limit:
            self._connection.pause_reading()
        if self.has_arrived():
            self._wake(None)

    def _inflate_parts(self, inflate: "zlib._Decompress") -> None:
        parts = self._connection.parts
        fresh = parts[self._seen_parts :]
        del parts[self._seen_parts :]
        try:
            inflated = [inflate.decompress(part, MAX_INFLATED_BYTES) for part in fresh]
        except zlib.error as error:
            raise ProviderProtocolError(
                f"The provider's answer is not in the encoding it names: {error}.", provider=self._connection.provider
            ) from None
        if inflate.unconsumed_tail:
            raise ProviderProtocolError(
                "The provider's answer inflates without measure.", provider=self._connection.provider
            )
        parts += [part for part in inflated if part]
        if self.complete or self._sink is not None:
            self._seen_parts = len(parts)

    def fail(self, error: Exception) -> None:
        """End the answer with `error`; the first one counts."""
        if self.error is None and not self.complete:
            self.error = error
            self._wake(error)

    def _wake(self, error: Exception | None) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.wake(error)

    def check_deadlines(self, now_s: float) -> None:
        """Fail the answer if a time limit has passed; called a few times a second."""
        if self.touched or self._paused:
            self.touched = False
            self._spoken = True
            self._quiet_since_s = now_s
        timeouts = self._timeouts
        patience_s = timeouts.between_bytes_s if self._spoken else timeouts.first_byte_s
        if 0 < self.until_s < now_s:
            self.fail(_too_late(self._connection.provider))
        elif 0 < timeouts.total_s < now_s - self._started_s:
            self._time_out("total", timeouts.total_s)
        elif 0 < patience_s < now_s - self._quiet_since_s:
            self._time_out("between_bytes" if self._spoken else "first_byte", patience_s)

    def _time_out(self, phase: TimeoutPhase, limit_s: float) -> None:
        words = {
            "first_byte": "sent nothing for",
            "between_bytes": "fell silent in the middle of its answer for",
            "total": "did not finish its answer within",
        }[phase]
        provider = self._connection.provider
        self.fail(ProviderTimeout(f"Provider {provider!r} {words} {limit_s:g} s.", provider=provider, phase=phase))


def _too_late(provider: str) -> ProviderTimeout:
    told = f"Provider {provider!r} had given nothing when the time was over that its alias allows."
    return ProviderTimeout(told, provider=provider, phase="deadline")

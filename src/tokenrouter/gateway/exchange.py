"""One running request: what it holds, what it has delivered, and the one place where it is settled.

Every ending comes through `Exchange.end`, once: the journal has the row before the last bytes go to
the client, the limits get back what was not used, the figures count it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from tokenrouter.dialects.base import Head
from tokenrouter.dialects.openai_dialect import OpenAiDialect
from tokenrouter.domain.errors import JournalUnavailable
from tokenrouter.domain.ledger import EndReason, LedgerEntry, Price, Usage, cost
from tokenrouter.domain.limits import Amounts
from tokenrouter.gateway.estimates import Estimates
from tokenrouter.gateway.ports import Journal, Limiter, Observer, Reservation, Responder
from tokenrouter.gateway.routing import Route

GROWTH: Final = 1.25
"""A stream that outgrows what it holds asks for a quarter more, so that long streams ask rarely."""
GROWTH_BYTES: Final = 4096
"""… and for at least this much text."""


@dataclass(slots=True)
class Call:
    """A request as the edge hands it over.

    Attributes:
        key: the key as sent, or b"".
        forwarded: header lines of the client's that go on to the provider.
        started_s: monotonic time at which its first byte was seen.
    """

    dialect: OpenAiDialect
    key: bytes
    body: bytes
    request_id: str
    client_ip: str = ""
    client_tool: str = ""
    client_request_id: str = ""
    forwarded: bytes = b""
    started_s: float = 0.0


@dataclass(slots=True)
class Ports:
    """Where an exchange is written down."""

    journal: Journal
    limiter: Limiter
    observer: Observer


class Exchange:
    """The books of one request.

    Attributes:
        asks_usage: whether this provider reports usage in streams only when asked.
        covered_bytes: how much delivered text what it holds surely covers.
        goes_unrecorded: whether to go on when the journal cannot be written (`on_journal_failure = "serve"`).
        hung_up: whether the client is gone while its answer is drained.
        output_limit: the bound on the answer that we send, or None for the client's own.
        touched: whether anything went to the client since the last look at silent streams.
    """

    __slots__ = (
        "call",
        "asks_usage",
        "covered_bytes",
        "dialect",
        "ended",
        "goes_unrecorded",
        "entry",
        "estimates",
        "head",
        "held",
        "hung_up",
        "output_limit",
        "ports",
        "price",
        "quiet_since_s",
        "reservation",
        "responder",
        "route",
        "touched",
    )

    def __init__(
        self,
        call: Call,
        entry: LedgerEntry,
        head: Head,
        route: Route,
        responder: Responder,
        *,
        price: Price | None,
        estimates: Estimates,
        ports: Ports,
    ) -> None:
        self.call = call
        self.dialect = call.dialect
        self.entry = entry
        self.head = head
        self.route = route
        self.responder = responder
        self.price = price
        self.estimates = estimates
        self.ports = ports
        self.asks_usage = route.entry.adapter.quirks.stream_usage == "include_usage"
        self.output_limit: int | None = None
        self.held = Amounts()
        self.reservation: Reservation | None = None
        self.covered_bytes = 0
        self.ended = False
        self.goes_unrecorded = False
        self.hung_up = False
        self.touched = False
        self.quiet_since_s = call.started_s

    def reserve(self, scopes: tuple[str, ...]) -> None:
        """Hold what the request is expected to need.

        Raises:
            LimitReached, CountersNotReady
        """
        self.held = self._priced(self.estimates.first_hold(self.head.size, self.head.max_output_tokens))
        self.reservation = self.ports.limiter.reserve(scopes, self.held)
        self.covered_bytes = self.estimates.bytes_within(self.held.output_tokens)

    def begin(self) -> None:
        """Write down that the provider is about to be asked.

        Raises:
            JournalUnavailable: it could not be; what was held is given back.
        """
        try:
            self.ports.journal.begin(self.entry, self.held)
        except JournalUnavailable:
            if not self.goes_unrecorded:
                self._settle(Amounts())
                raise

    def extend(self, content_bytes: int) -> bool:
        """Hold enough for `content_bytes` of delivered text and some more; False when a limit forbids it."""
        wanted_bytes = int(content_bytes * GROWTH) + GROWTH_BYTES
        output_tokens = max(self.held.output_tokens, self.estimates.output_bound(wanted_bytes))
        held = self._priced(replace(self.held, output_tokens=output_tokens))
        if self.reservation is not None and not self.reservation.extend(held):
            return False
        self.held = held
        self.covered_bytes = wanted_bytes
        self._record(lambda: self.ports.journal.progress(self.entry.id, held))
        return True

    def _record(self, write: Callable[[], None]) -> None:
        """Write to the journal; its own counter tells of what could not be written."""
        try:
            write()
        except JournalUnavailable:
            if not self.goes_unrecorded:
                raise

    def note_first_token(self) -> None:
        """The first byte of the answer is about to go out."""
        self.entry.first_token_us = int((time.monotonic() - self.call.started_s) * 1e6)

    def end(
        self,
        reason: EndReason,
        *,
        usage: Usage | None = None,
        content_bytes: int = 0,
        error_code: str = "",
        free: bool = False,
    ) -> None:
        """Settle, once; later calls do nothing.

        `usage` is what the provider reported; without it the request is charged by estimate, unless it is
        `free`: refused by the provider before it did anything.

        Raises:
            JournalUnavailable: even the journal's reserve is used up; limits are settled all the same.
        """
        if self.ended:
            return
        self.ended = True
        entry = self.entry
        entry.end_reason = "client_disconnect" if self.hung_up else reason
        entry.error_code = error_code
        self._count(usage, content_bytes, free=free)
        entry.latency_us = int((time.monotonic() - self.call.started_s) * 1e6)
        self._settle(self._used())
        self.ports.observer.record(entry)
        self._record(lambda: self.ports.journal.end(entry))

    def _count(self, usage: Usage | None, content_bytes: int, *, free: bool) -> None:
        entry = self.entry
        if usage is not None:
            entry.usage = usage
            self.estimates.learn(usage, body_bytes=self.head.size, content_bytes=content_bytes)
        elif not free:
            entry.usage = self.estimates.fair(body_bytes=self.head.size, content_bytes=content_bytes)
            entry.estimated = True
        asked = self.head.max_output_tokens
        if asked is not None:
            entry.overrun = max(0, entry.usage.output_tokens - asked * self.head.answers)
        if self.price is not None:
            entry.cost_nano_usd = cost(entry.usage, self.price)
            entry.price_source = self.price.source

    def _used(self) -> Amounts:
        usage = self.entry.usage
        return Amounts(1, usage.input_tokens, usage.output_tokens, self.entry.cost_nano_usd or 0)

    def _settle(self, used: Amounts) -> None:
        reservation, self.reservation = self.reservation, None
        if reservation is not None:
            reservation.settle(used)

    def _priced(self, amounts: Amounts) -> Amounts:
        if self.price is None:
            return amounts
        usage = Usage(input_tokens=amounts.input_tokens, output_tokens=amounts.output_tokens)
        return replace(amounts, cost_nano_usd=cost(usage, self.price))

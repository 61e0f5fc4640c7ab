"""One running request: what it holds, what it has delivered, and the one place where it is settled.

Every ending comes through `Exchange.end`, once: the journal has the row before the last bytes go to
the client, the limits get back what was not used, the figures count it.
"""

import time
from dataclasses import dataclass
from typing import Final

from tokenrouter.dialects.base import Head
from tokenrouter.dialects.bridge import Crossing
from tokenrouter.dialects.relay import Relay
from tokenrouter.domain.errors import JournalUnavailable
from tokenrouter.domain.ledger import Begun, Ended, EndReason, Usage, cost, plain_cost
from tokenrouter.domain.limits import Amounts
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.lanes import Lane
from tokenrouter.gateway.ports import Credentials, Journal, Limiter, Observer, Reservation, Responder

GROWTH: Final = 1.25
"""A stream that outgrows what it holds asks for a quarter more, so that long streams ask rarely."""
GROWTH_BYTES: Final = 4096
"""… and for at least this much text."""
NOTHING: Final = Amounts()
NO_USAGE: Final = Usage()


@dataclass(slots=True)
class Ports:
    """Where an exchange is written down."""

    journal: Journal
    limiter: Limiter
    observer: Observer
    credentials: Credentials


class Exchange:
    """The books of one request.

    Attributes:
        peeked: what is known of its body.
        authorization: header line with an access token, where the provider takes such.
        crossing: how it gets to a provider of another dialect and back, or None.
        relay: what reads its stream; None for a whole answer.
        started_us: microseconds since the epoch.
        status: the provider's, 0 before it answered.
        bytes_out: what went to the client of the answer's body.
        changed: what was changed in the request beyond DESIGN.md's "road of one request".
        covered_bytes: how much delivered text what it holds surely covers.
        goes_unrecorded: whether to go on when the journal cannot be written (`on_journal_failure = "serve"`).
        hung_up: whether the client is gone while its answer is drained.
        output_limit: the bound on the answer that we send, or None for the client's own.
        touched: whether anything went to the client since the last look at silent streams.
    """

    __slots__ = (
        "authorization",
        "bytes_out",
        "call",
        "changed",
        "covered_bytes",
        "crossing",
        "ended",
        "first_token_us",
        "goes_unrecorded",
        "held",
        "hung_up",
        "is_begun",
        "lane",
        "output_limit",
        "peeked",
        "ports",
        "provider_request_id",
        "quiet_since_s",
        "relay",
        "reservation",
        "responder",
        "started_us",
        "status",
        "touched",
    )

    def __init__(self, call: Call, lane: Lane, peeked: Head, responder: Responder, ports: Ports) -> None:
        self.call = call
        self.lane = lane
        self.peeked = peeked
        self.responder = responder
        self.ports = ports
        self.started_us = int(call.now_s * 1e6)
        self.quiet_since_s = call.started_s
        self.held = NOTHING
        self.crossing: Crossing | None = None
        self.relay: Relay | None = None
        self.reservation: Reservation | None = None
        self.output_limit: int | None = None
        self.status = self.bytes_out = self.first_token_us = self.covered_bytes = 0
        self.changed = self.provider_request_id = ""
        self.authorization = b""
        self.is_begun = self.ended = self.hung_up = self.touched = self.goes_unrecorded = False

    @property
    def begun(self) -> Begun:
        """What is known before the provider is asked."""
        call, head = self.call, self.call.head
        return Begun(
            call.request_id,
            self.started_us,
            head.client_ip,
            head.client_tool,
            head.client_request_id,
            self.peeked.stream,
            len(call.body),
        )

    def begin(self) -> None:
        """Hold what the request is expected to need, and write down that the provider is about to be asked.

        Raises:
            LimitReached, CountersNotReady: nothing is held.
            JournalUnavailable: it could not be written; what was held is given back.
        """
        lane, peeked, ports = self.lane, self.peeked, self.ports
        least = peeked.least_output_tokens
        self.held = held = lane.estimates.first_hold(peeked.size, peeked.max_output_tokens, lane.price, least)
        limiter = ports.limiter
        scopes = lane.scopes
        if limiter.looks_at_addresses:
            scopes = (*scopes, f"ip:{self.call.head.client_ip}")
        self.reservation = limiter.reserve(scopes, held)
        if peeked.stream:
            self.covered_bytes = lane.estimates.bytes_within(held.output_tokens)
        try:
            ports.journal.begin(lane.subject_record, self.begun, held)
            self.is_begun = True
        except JournalUnavailable:
            if not self.goes_unrecorded:
                self._settle(NOTHING)
                raise

    def extend(self, content_bytes: int) -> bool:
        """Hold enough for `content_bytes` of delivered text and some more; False when a limit forbids it."""
        lane = self.lane
        wanted_bytes = int(content_bytes * GROWTH) + GROWTH_BYTES
        input_tokens = self.held.input_tokens
        output_tokens = max(self.held.output_tokens, lane.estimates.output_bound(wanted_bytes))
        price = 0 if lane.price is None else plain_cost(input_tokens, output_tokens, lane.price)
        held = Amounts(1, input_tokens, output_tokens, price)
        if self.reservation is not None and not self.reservation.extend(held):
            return False
        self.held = held
        self.covered_bytes = wanted_bytes
        if self.is_begun:
            self._write_progress(held)
        return True

    def _write_progress(self, held: Amounts) -> None:
        try:
            self.ports.journal.progress(self.call.request_id, held)
        except JournalUnavailable:
            if not self.goes_unrecorded:
                raise

    def note_first_token(self) -> None:
        """The first byte of the answer is about to go out."""
        self.first_token_us = int((time.monotonic() - self.call.started_s) * 1e6)

    def end(
        self,
        reason: EndReason,
        *,
        usage: Usage | None = None,
        content_bytes: int = 0,
        error_code: str = "",
        free: bool = False,
        partial: bool = False,
    ) -> None:
        """Settle, once; later calls do nothing.

        `usage` is what the provider reported; without it the request is charged by estimate, unless it is
        `free`: refused by the provider before it did anything. `partial`: the stream did not come to its end, so what
        was reported may be less than what was delivered.

        Raises:
            JournalUnavailable: even the journal's reserve is used up; limits are settled all the same.
        """
        if self.ended:
            return
        self.ended = True
        lane, call, size = self.lane, self.call, self.peeked.size
        estimated = False
        if usage is not None and partial:
            usage, estimated = lane.estimates.at_least(usage, content_bytes=content_bytes)
        elif usage is not None:
            lane.estimates.learn(usage, body_bytes=size, content_bytes=content_bytes)
        elif free:
            usage = NO_USAGE
        else:
            usage, estimated = lane.estimates.fair(body_bytes=size, content_bytes=content_bytes), True
        asked = self.peeked.max_output_tokens
        overrun = 0 if asked is None else max(0, usage.output_tokens - asked * self.peeked.answers)
        spent = None if lane.price is None else cost(usage, lane.price)
        ended = Ended(
            call.request_id,
            self.started_us,
            usage,
            self.status,
            "client_disconnect" if self.hung_up else reason,
            error_code,
            estimated,
            overrun,
            spent,
            int((time.monotonic() - call.started_s) * 1e6),
            self.first_token_us,
            self.bytes_out,
            self.changed,
            self.provider_request_id,
        )
        if self.reservation is not None:
            self._settle(Amounts(1, usage.input_tokens, usage.output_tokens, spent or 0))
        self.ports.observer.record(lane.subject, ended)
        self._write_end(ended)

    def hand_over(self) -> Reservation | None:
        """Return what is held, to whom it may concern: it is no longer settled here."""
        reservation, self.reservation = self.reservation, None
        return reservation

    def _settle(self, used: Amounts) -> None:
        reservation, self.reservation = self.reservation, None
        if reservation is not None:
            reservation.settle(used)

    def _write_end(self, ended: Ended) -> None:
        journal = self.ports.journal
        try:
            if self.is_begun:
                journal.end(ended)
            else:
                journal.whole(self.lane.subject, self.begun, ended)
        except JournalUnavailable:
            if not self.goes_unrecorded:
                raise

"""One running request: what it holds, what it has delivered, and the one place where it is settled.

Every ending comes through `Exchange.end`, once: the journal has the row before the last bytes go to
the client, the limits get back what was not used, the figures count it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from tokenrouter.dialects.base import Head
from tokenrouter.dialects.bridge import Crossing
from tokenrouter.dialects.delivered import Delivered
from tokenrouter.dialects.relay import Relay
from tokenrouter.dialects.unbounded_input import require_bounded_input
from tokenrouter.domain.errors import GatewayError, JournalUnavailable, LimitReached, QuotaExceeded
from tokenrouter.domain.ledger import Begun, Ended, EndReason, NanoUsd, Usage
from tokenrouter.domain.limits import Amounts, LimitState
from tokenrouter.domain.prices import cost, most_cost
from tokenrouter.domain.room import Room, room_in
from tokenrouter.gateway.answer_heads import AnswerHeads
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.decisions import Record
from tokenrouter.gateway.estimates import FIRST_OUTPUT_TOKENS
from tokenrouter.gateway.holding import BOUNDED, LEAST_ANSWER, Holding, Wish, hold
from tokenrouter.gateway.lanes import Lane
from tokenrouter.gateway.limit_headers import limit_lines, quota_object, with_quota
from tokenrouter.gateway.loads import Load
from tokenrouter.gateway.ports import (
    Credentials,
    Journal,
    Limiter,
    Observer,
    RemoteLimiter,
    RemoteReservation,
    Reservation,
    Responder,
)
from tokenrouter.gateway.room_hint import RoomHint
from tokenrouter.gateway.speed_guard import SpeedGuard
from tokenrouter.gateway.unshortened import hold_all, needed_for, others_were_faster, too_long

GROWTH: Final = 1.25
"""A stream that outgrows what it holds asks for a quarter more, so that long streams ask rarely."""
GROWTH_BYTES: Final = 4096
"""… and for at least this much text."""
UNBOUNDED_BYTES: Final = 2**62
"""Covers an answer that its provider cannot make longer than what is held for it."""
NOTHING: Final = Amounts()
NO_USAGE: Final = Usage(provider_requests=0)


@dataclass(slots=True)
class Ports:
    """Where an exchange is written down.

    Attributes:
        clock: monotonic, in seconds.
        heads: the head of each account's last answer, for whoever takes it.
    """

    journal: Journal
    limiter: Limiter
    observer: Observer
    credentials: Credentials
    remote: RemoteLimiter | None = None
    clock: Callable[[], float] = time.monotonic
    heads: AnswerHeads = field(default_factory=dict)


class Exchange:
    """The books of one request.

    Attributes:
        peeked: what is known of its body.
        attempt: which one of its request this is, from 1 on.
        authorization: header line with an access token, where the provider takes such.
        crossing: how it gets to a provider of another dialect and back, or None.
        remote: what is reserved where the limiter is asked over the network.
        requests: 1, or 0 where another row of the ledger counts this one.
        relay: what reads its stream; None for a whole answer.
        started_us: microseconds since the epoch.
        delivered: what the client has of its stream, where another attempt may have to go on from there.
        spent: what it cost in nano-dollars, once it has ended and if anybody knows.
        status: the provider's, 0 before it answered.
        bytes_out: what went to the client of the answer's body.
        charged: what `end` has found that it used.
        changed: what was changed in the request beyond DESIGN.md's "road of one request".
        counted_input: tokens of its input as its provider has counted them, or their bound where it could not; None
            before anybody was asked.
        covered_bytes: how much delivered text what it holds surely covers.
        goes_unrecorded: whether to go on when the journal cannot be written (`on_journal_failure = "serve"`).
        guard: what holds back the beginning of its stream until its speed is known; None where nothing does.
        left_as: how it has ended for its client while its answer is drained; "" while it has not.
        output_limit: the bound on each alternative of the answer that we send, or None for the client's own.
        record: how its request was decided, where that is not the same for every request of the lane.
        judge: says whether another attempt follows an error; None where there is one only.
        limits: what was reserved, which still tells of limits when it is settled.
        may_be_more: whether more of the answer may have been made than was read, and is charged.
        margin: tokens that are held for what its provider has made and we have not read.
        load: where it is noted how soon a stream begins; None where nobody chooses by that.
        longest: tokens that the whole answer cannot exceed, its provider being told so; None where there is no bound.
        tells_quota: whether limits are told as TokenRouter-Go did.
        on_win: called when this exchange, of several that are asked the same at once, is the one whose answer counts.
        within_s: seconds that the provider has for the first of its answer; 0 for as long as its own limits say.
        touched: whether anything went to the client since the last look at silent streams.
    """

    __slots__ = (
        "_may_be_bounded",
        "attempt",
        "authorization",
        "bytes_out",
        "call",
        "ceiling",
        "charged",
        "changed",
        "counted_input",
        "covered_bytes",
        "crossing",
        "delivered",
        "ended",
        "first_token_us",
        "goes_unrecorded",
        "guard",
        "held",
        "left_as",
        "limits",
        "is_begun",
        "judge",
        "lane",
        "load",
        "longest",
        "margin",
        "may_be_more",
        "on_win",
        "output_limit",
        "peeked",
        "ports",
        "provider_request_id",
        "quiet_since_s",
        "record",
        "relay",
        "requests",
        "remote",
        "reservation",
        "responder",
        "spent",
        "started_us",
        "status",
        "tells_quota",
        "touched",
        "within_s",
    )

    def __init__(self, call: Call, lane: Lane, peeked: Head, responder: Responder, ports: Ports) -> None:
        self.call = call
        self.lane = lane
        self.peeked = peeked
        self.responder = responder
        self.ports = ports
        self.started_us = int(call.now_s * 1e6)
        self.quiet_since_s = call.started_s
        self.ceiling = lane.ceiling_of(peeked) if lane.ceiling_varies else lane.ceiling
        self.held = NOTHING
        self.crossing: Crossing | None = None
        self.relay: Relay | None = None
        self.delivered: Delivered | None = None
        self.reservation: Reservation | None = None
        self.remote: RemoteReservation | None = None
        self.limits: Reservation | RemoteReservation | None = None
        self._may_be_bounded = False
        self.spent: NanoUsd | None = None
        self.output_limit: int | None = None
        self.longest: int | None = None
        self.counted_input: int | None = None
        self.margin = 0
        self.requests = self.attempt = 1
        self.judge: Callable[[GatewayError], bool] | None = None
        self.on_win: Callable[[], None] | None = None
        self.guard: SpeedGuard | None = None
        self.within_s = 0.0
        self.load: Load | None = None
        self.record: Record | None = None
        self.may_be_more = self.tells_quota = False
        self.charged = NO_USAGE
        self.status = self.bytes_out = self.first_token_us = self.covered_bytes = 0
        self.changed = self.provider_request_id = ""
        self.authorization = b""
        self.left_as: EndReason | Literal[""] = ""
        self.is_begun = self.ended = self.touched = self.goes_unrecorded = False

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
            head.traceparent,
        )

    def begin(self) -> None:
        """Hold what the request is expected to need, and write down that the provider is about to be asked.

        Raises:
            LimitReached, CountersNotReady: nothing is held.
            JournalUnavailable: it could not be written; what was held is given back.
        """
        limiter, scopes, hint = self.ports.limiter, self._scopes(), self.lane.hint
        self._hold_expected()
        is_settled = hint.room is not None and self._hold_as_before(hint.room, hint)
        try:
            reservation = limiter.reserve(scopes, self.held)
        except LimitReached as error:
            if is_settled:
                hint.forget()
                self.begin()
                return
            self._hold_less(error)
            reservation, is_settled = limiter.reserve(scopes, self.held), True
        self.reservation = self.limits = reservation
        room = None if is_settled or not self._may_be_bounded else reservation.room
        if room is not None:
            try:
                self._hold_within(room)
            except GatewayError:
                self._settle(NOTHING)
                raise
            reservation.extend(self.held)
            hint.learn(room)
        self._write_begin()

    def _hold_as_before(self, room: Room, hint: RoomHint) -> bool:
        """Want to hold what the answer may need if as much is left as before; False where that would bound it."""
        if not self._may_be_bounded:
            return False
        holding = self._holding(room, is_watched=self._is_watched)
        if holding is None or holding.bound is not None:
            return False
        hint.use()
        self._take(holding)
        return True

    async def begin_there(self, limiter: RemoteLimiter) -> None:
        """Do as `begin` with a limiter that is asked over the network.

        Raises:
            LimitReached, CountersNotReady, JournalUnavailable: as `begin`.
        """
        scopes, request_id, hint = self._scopes(), self.call.request_id, self.lane.hint
        self._hold_expected()
        is_settled = hint.room is not None and self._hold_as_before(hint.room, hint)
        try:
            reservation = await limiter.reserve(request_id, scopes, self.held)
        except LimitReached as error:
            if is_settled:
                hint.forget()
                await self.begin_there(limiter)
                return
            self._hold_less(error)
            reservation, is_settled = await limiter.reserve(request_id, scopes, self.held), True
        self.remote = self.limits = reservation
        room = None if is_settled or not self._may_be_bounded else room_in(reservation.states(), self.held)
        if room is not None:
            await self._hold_within_there(room, reservation)
            hint.learn(room)
        self._write_begin()

    async def _hold_within_there(self, room: Room, reservation: RemoteReservation) -> None:
        """Do as `_hold_within`; where others have taken the room meanwhile, what is held has to do."""
        expected = self.held
        try:
            self._hold_within(room)
            if not await reservation.extend(self.held):
                if not self.lane.clamps:
                    raise others_were_faster()
                self._take(Holding(expected.output_tokens, expected.output_tokens))
        except BaseException:
            self._settle(NOTHING)
            raise

    def _scopes(self) -> tuple[str, ...]:
        scopes = self.lane.scopes
        if (self.ports.remote or self.ports.limiter).looks_at_addresses:
            return (*scopes, f"ip:{self.call.head.client_ip}")
        return scopes

    def _hold_expected(self) -> None:
        lane, peeked = self.lane, self.peeked
        least = peeked.least_output_tokens
        self.held = lane.estimates.first_hold(
            peeked.size,
            peeked.max_output_tokens,
            self.ceiling,
            least,
            expected=lane.estimates.expected_of(lane.answers),
            counted=self.counted_input,
        )
        self._may_be_bounded = lane.dialect.operation in BOUNDED
        self.output_limit = self.longest = None
        self.margin = 0
        if peeked.stream:
            self.covered_bytes = lane.estimates.bytes_within(self.held.output_tokens)

    def _write_begin(self) -> None:
        try:
            self.ports.journal.begin(self.lane.subject_record, self.begun, self.held)
            self.is_begun = True
        except JournalUnavailable:
            if not self.goes_unrecorded:
                self._settle(NOTHING)
                raise

    def _hold_less(self, refusal: LimitReached) -> None:
        """Be content with what hard limits leave, if that is enough for an answer.

        Raises:
            LimitReached: it is not: `refusal`.
        """
        room = room_in(refusal.states, NOTHING) if self._may_be_bounded else None
        holding = None if room is None else self._holding(room, is_watched=False)
        if holding is None:
            raise refusal if self.lane.clamps else self._too_long(refusal.states) or refusal
        self._take(holding)

    def _hold_within(self, room: Room) -> None:
        """Want to hold what the answer may need under hard limits, and bound it where they do.

        Raises:
            LimitReached: the least answer that the provider gives is too much, or the key's answers are not to be
                shortened.
            InputUnbounded: the key may not send what nobody can bound.
        """
        peeked = self.peeked
        holding = self._holding(room, is_watched=self._is_watched)
        if holding is None:
            raise (None if self.lane.clamps else self._too_long()) or QuotaExceeded(
                f"What is left of this API key's limits is too little for an answer of {peeked.least_bound} tokens, "
                "the least that this request allows."
            )
        self._take(holding)

    @property
    def _is_watched(self) -> bool:
        return self.peeked.stream and self.lane.estimates.is_known_well

    def _holding(self, room: Room, *, is_watched: bool) -> Holding | None:
        if self.lane.denies_unbounded and room.counts_input:
            require_bounded_input(self.lane.dialect.operation, self.peeked.body, self.call.body)
        wish, tokens = self._wish(is_watched=is_watched), self._tokens_within(room)
        return hold(tokens, wish) if self.lane.clamps else hold_all(tokens, wish)

    def _too_long(self, states: Sequence[LimitState] | None = None) -> LimitReached | None:
        """Return what to tell where this answer is not to be shortened; None where hardly any would fit.

        `states` are the limits while nothing is held by this request; without them, those of now.
        """
        held = NOTHING
        if states is None:
            states, held = () if self.limits is None else self.limits.states(), self.held
        return too_long(states, held, self.held.input_tokens, self.ceiling, self._wish(is_watched=False))

    def _tokens_within(self, room: Room) -> int:
        return room.output_within(self.held.input_tokens, self.ceiling)

    @property
    def least_answer(self) -> int:
        """Tokens of the shortest answer for which this request may be sent."""
        wish = self._wish(is_watched=False)
        return max(LEAST_ANSWER, wish.least) if self.lane.clamps else needed_for(wish)

    def _wish(self, *, is_watched: bool) -> Wish:
        peeked = self.peeked
        answers = peeked.answers
        asked = None if peeked.max_output_tokens is None else peeked.max_output_tokens * answers
        expected = self.lane.estimates.expected_of(self.lane.answers) * answers
        if is_watched:  # by its text, which may have fewer bytes per token than any before
            expected = self.lane.estimates.covering(expected)
        return Wish(expected, asked, peeked.least_bound * answers, is_watched)

    def _take(self, holding: Holding) -> None:
        """Make `holding` what this request wants to hold, and what is asked of its provider."""
        lane, answers = self.lane, self.peeked.answers
        bound = None if holding.bound is None else max(1, holding.bound // answers)
        self.output_limit, self.margin = bound, holding.margin
        asked = self.peeked.max_output_tokens if bound is None else bound
        self.longest = None if asked is None else asked * answers
        self.held = self._amounts(holding.tokens)
        watched = holding.tokens - holding.margin
        self.covered_bytes = lane.estimates.bytes_within(watched) if holding.margin else UNBOUNDED_BYTES

    def _amounts(self, output_tokens: int) -> Amounts:
        input_tokens, ceiling = self.held.input_tokens, self.ceiling
        price = 0 if ceiling is None else most_cost(input_tokens, output_tokens, ceiling)
        return Amounts(1, input_tokens, output_tokens, price)

    def extend(self, content_bytes: int) -> bool:
        """Hold enough for `content_bytes` of delivered text and some more; False when a limit forbids it."""
        for wanted_bytes in (int(content_bytes * GROWTH) + GROWTH_BYTES, content_bytes):
            held, covered_bytes = self._needed(wanted_bytes)
            if self.reservation is None or self.reservation.extend(held):
                self._grow(held, covered_bytes)
                return True
        return False

    async def extend_there(self, remote: RemoteReservation, content_bytes: int) -> bool:
        """Do as `extend` where the limiter is asked over the network."""
        for wanted_bytes in (int(content_bytes * GROWTH) + GROWTH_BYTES, content_bytes):
            held, covered_bytes = self._needed(wanted_bytes)
            if await remote.extend(held):
                self._grow(held, covered_bytes)
                return True
        return False

    def _needed(self, wanted_bytes: int) -> tuple[Amounts, int]:
        """Return what is to be held for so much text, and how much text that covers."""
        output_tokens = self.lane.estimates.output_bound(wanted_bytes) + self.margin
        if self.longest is not None and output_tokens >= self.longest:
            output_tokens, wanted_bytes = self.longest, UNBOUNDED_BYTES
        return self._amounts(max(self.held.output_tokens, output_tokens)), wanted_bytes

    def _grow(self, held: Amounts, covered_bytes: int) -> None:
        self.held = held
        self.covered_bytes = covered_bytes
        if self.is_begun and not self.ended:
            self._write_progress(held)

    def _write_progress(self, held: Amounts) -> None:
        try:
            self.ports.journal.progress(self.call.request_id, held)
        except JournalUnavailable:
            if not self.goes_unrecorded:
                raise

    def note_first_token(self) -> None:
        """The first byte of the answer is about to go out."""
        now_s = self.ports.clock()
        self.first_token_us = int((now_s - self.call.started_s) * 1e6)
        if self.load is not None:
            self.load.began(now_s - self.call.started_s, now_s)

    def win(self) -> None:
        """This answer is the one that the client gets: whoever else is asked the same stops here."""
        on_win, self.on_win = self.on_win, None
        if on_win is not None:
            on_win()

    def end(
        self,
        reason: EndReason,
        *,
        usage: Usage | None = None,
        content_bytes: int = 0,
        error_code: str = "",
        free: bool = False,
        partial: bool = False,
        unseen: bool = False,
    ) -> None:
        """Settle, once; later calls do nothing.

        `usage` is what the provider reported; without it the request is charged by estimate, unless it is
        `free`: refused by the provider before it did anything. `partial`: the stream did not come to its end, so what
        was reported may be less than what was delivered, or than what its provider has made: it is an estimate.
        `unseen`: its provider may have made an answer of which we have nothing, so one of the usual length is charged.

        Raises:
            JournalUnavailable: even the journal's reserve is used up; limits are settled all the same.
        """
        if self.ended:
            return
        if self.on_win is not None and reason == "completed":
            self.win()
        self.ended = True
        lane, call = self.lane, self.call
        if free and usage is None:
            usage, estimated = NO_USAGE, False
        else:
            usage, estimated = self._used(usage, content_bytes, partial=partial, unseen=unseen)
        self.charged = usage
        asked = self.peeked.max_output_tokens
        overrun = 0 if asked is None else max(0, usage.output_tokens - asked * self.peeked.answers)
        self.spent = spent = None if lane.price is None else cost(usage, lane.price)
        told_as, record = self.left_as or reason, self.record
        ended = Ended(
            call.request_id,
            self.started_us,
            usage,
            self.status,
            told_as,
            error_code,
            estimated,
            overrun,
            spent,
            int((self.ports.clock() - call.started_s) * 1e6),
            self.first_token_us,
            self.bytes_out,
            self.changed,
            self.provider_request_id,
            self.requests,
            "" if record is None else record.ended(lane.target, error_code or told_as, self.status),
        )
        if self.limits is not None:
            self._settle(Amounts(self.requests, usage.input_tokens, usage.output_tokens, spent or 0))
        self.ports.observer.record(lane.subject, ended)
        self._write_end(ended)
        if call.keeper is not None and self.requests:
            is_bounded = self.output_limit is not None or self.may_be_more
            call.keeper.ended(lane.subject, ended, is_complete=reason == "completed", is_bounded=is_bounded)

    def _used(self, usage: Usage | None, content_bytes: int, *, partial: bool, unseen: bool) -> tuple[Usage, bool]:
        """Return what is to be charged, and whether that is an estimate; `end` says what the others mean."""
        estimates, size = self.lane.estimates, self.peeked.size
        estimated = usage is None or partial
        if usage is None:
            usage = estimates.fair(body_bytes=size, content_bytes=content_bytes)
            if unseen and self._may_be_bounded:
                usage = usage._replace(output_tokens=self._usual_output())
        elif partial:
            usage = estimates.at_least(usage, content_bytes=content_bytes)
        else:
            estimates.learn(usage, body_bytes=size, content_bytes=content_bytes)
            self._learn_length(usage.output_tokens)
        if self.may_be_more:
            made = min(self.held.output_tokens, estimates.output_bound(content_bytes) + self.margin)
            usage, estimated = usage._replace(output_tokens=max(usage.output_tokens, made)), True
        return usage, estimated

    def _usual_output(self) -> int:
        """Return how long an answer likely was that nobody saw: as usual for this key, no longer than is held."""
        usual = self.lane.answers.usual
        if usual is None:
            usual = self.lane.estimates.answers.usual
        tokens = FIRST_OUTPUT_TOKENS if usual is None else usual
        return min(tokens * self.peeked.answers, self.held.output_tokens)

    def _learn_length(self, tokens: int) -> None:
        """Remember how long each alternative was; an answer that we have bounded might have become longer."""
        estimates, answers, each = self.lane.estimates, self.lane.answers, tokens // self.peeked.answers
        if self.output_limit is not None and each >= self.output_limit:
            estimates.answers.learn_at_least(each)
            answers.learn_at_least(each)
            return
        answers.learn(each)
        if estimates.is_curious:
            estimates.answers.learn(each)

    def limit_headers(self) -> bytes:
        """Return the header lines that tell the client of its limits."""
        states = () if self.limits is None else self.limits.states()
        return (
            limit_lines(states, self.lane.subject.operation, time.time(), as_quota=self.tells_quota) if states else b""
        )

    def with_quota(self, body: bytes) -> bytes:
        """Return a whole answer with the `quota` object, where the operator wants one."""
        if not self.tells_quota or self.limits is None:
            return body
        quota = quota_object(self.limits.states(), time.time())
        return with_quota(body, quota) if quota else body

    def hand_over(self) -> Reservation | RemoteReservation | None:
        """Return what is held, to whom it may concern: it is no longer settled here, and the request counts there."""
        self.requests = 0
        return self._let_go()

    def _let_go(self) -> Reservation | RemoteReservation | None:
        held = self.reservation or self.remote
        self.reservation = self.remote = None
        return held

    def _settle(self, used: Amounts) -> None:
        held = self._let_go()
        if held is not None:
            held.settle(used)

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

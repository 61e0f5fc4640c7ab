"""One request at several places, one after the other, until one of them answers.

Each attempt is an exchange of its own, with its own reservation and its own row in the ledger: what a provider did in
vain may be billed, and is to be seen. Only the last of them counts as a request. As long as the client has no content
of an answer it does not notice; a stream may have got keep-alives. What to do after each failure is decided in `retry`,
in which order places are asked in `health`. Where the alias wants it, a second place is asked while the first one lets
the client wait (`hedging`); only then do attempts run in tasks of their own.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Protocol

from tokenrouter.dialects.delivered import Seam
from tokenrouter.domain.conditions import Condition
from tokenrouter.domain.errors import ClientError, ContextTooLong, GatewayError
from tokenrouter.domain.prices import total_of
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.decisions import NO_FACTS, DecisionRecord
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.first_times import FirstTimes
from tokenrouter.gateway.health import HealthBook
from tokenrouter.gateway.hedging import HEDGED, HedgeBudget, Race
from tokenrouter.gateway.lanes import Lane, Plan
from tokenrouter.gateway.long_requests import may_be_longer
from tokenrouter.gateway.repeats import RepeatBudget
from tokenrouter.gateway.resuming import seam_in, watch
from tokenrouter.gateway.retry import ACCOUNTS, GIVE_UP, NEXT, Again, Decision, Situation, decide, failure_of
from tokenrouter.gateway.speed_guard import SpeedGuard

LEAST_S: Final = 0.001
"""What is left of a request's time where nothing is: its provider's answer then ends as any that is late."""


class Road(Protocol):
    """What one attempt needs of the gateway."""

    def prepare(self, call: Call, lane: Lane) -> Exchange:
        """Make the exchange of an attempt.

        Raises:
            GatewayError: the request cannot go there.
        """

    def resuming(self, call: Call, lane: Lane) -> Lane | None:
        """Return the lane on which an answer is gone on with at the seam of `call`; None where its model would not."""

    def refuse(self, call: Call, lane: Lane, error: GatewayError) -> None:
        """Leave a row for a request that nobody was asked."""

    async def enter(self, exchange: Exchange) -> None:
        """Take what it needs of limits and places."""

    async def enter_if_free(self, exchange: Exchange) -> bool:
        """Do so where nobody has to wait for it or is refused; return whether it was done."""

    def withdraw(self, exchange: Exchange) -> None:
        """Give back what it took: nobody is to be asked any more."""

    async def drive(self, exchange: Exchange) -> None:
        """Ask, and pass the answer on."""


def _count_nothing(event: str, provider: str, outcome: str) -> None: ...


@dataclass(slots=True)
class Wisdom:
    """What earlier requests have taught. One per data process.

    Attributes:
        conditions: of providers by name, as the control process told last.
        clock: monotonic, in seconds.
        count: counts what happens, for the figures (`ports.Observer.count`).
    """

    health: HealthBook = field(default_factory=lambda: HealthBook(time.monotonic))
    repeats: RepeatBudget = field(default_factory=RepeatBudget)
    hedges: HedgeBudget = field(default_factory=HedgeBudget)
    first_times: FirstTimes = field(default_factory=FirstTimes)
    conditions: dict[str, Condition] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    count: Callable[[str, str, str], None] = _count_nothing


@dataclass(slots=True, eq=False)
class Attempt:
    """One question to one place.

    Attributes:
        tries: how often this place was asked, this time included.
        is_asked: whether it got as far as that.
        has_failed: whether something went wrong, be it after the first content.
        judged: the error on which `decision` was made.
    """

    lane: Lane
    tries: int
    exchange: Exchange | None = None
    is_asked: bool = False
    has_failed: bool = False
    judged: GatewayError | None = None
    decision: Decision = GIVE_UP


def in_order(plan: Plan, wisdom: Wisdom) -> list[Lane]:
    """Return the places of a plan in the order in which they are asked now."""
    by_target = {lane.target: lane for lane in plan.lanes}
    return [by_target[target] for target in wisdom.health.ordered(by_target)]


def record_of(request_id: str, plan: Plan, lanes: Sequence[Lane], wisdom: Wisdom) -> DecisionRecord:
    """Return the record of a request that is to be asked of `lanes` in this order."""
    order = tuple([lane.target for lane in lanes])
    return DecisionRecord(request_id, plan.facts or NO_FACTS, order, wisdom.health.left_alone(order))


def _is_same_host(lane: Lane, failed: Lane) -> bool:
    """Return whether a place is the failed one by another credential."""
    subject, other = lane.subject, failed.subject
    return (subject.provider, subject.model) == (other.provider, other.model)


class Attempts:
    """The attempts of one request."""

    def __init__(self, call: Call, plan: Plan, road: Road, wisdom: Wisdom, asked: Lane | None = None) -> None:
        """`plan` has the places in the order in which they are to be asked where all are well.

        `asked` is the one of them that was asked already, by somebody else.
        """
        self._conduct = plan.conduct
        self._call = call
        self._made = 0 if asked is None else 1
        lanes = in_order(plan, wisdom)
        if asked is not None:
            lanes = [asked, *(lane for lane in lanes if lane is not asked)]
        self._waiting = deque(lanes[self._made :])
        self._record = record_of(call.request_id, plan, lanes, wisdom)
        self._road = road
        self._wisdom = wisdom
        self._until_s = call.started_s + plan.conduct.attempts_s
        self._race: Race | None = None
        self._last: Attempt | None = None
        self._seam: Seam | None = None

    async def run(self) -> None:
        """Make attempts until one succeeds.

        Raises:
            GatewayError: the last one's, or what the client has to mend.
        """
        await self._follow(NEXT)

    async def resume(self, attempt: Attempt, error: GatewayError) -> None:
        """Go on after the `error` of an attempt, about which `goes_on` was asked.

        Raises:
            GatewayError: as `run`.
        """
        if attempt.decision is GIVE_UP:
            raise error
        self._record.noted(attempt.lane.target, error.code, error.status)
        await self._follow(attempt.decision)

    async def _follow(self, decision: Decision) -> None:
        while True:
            if isinstance(decision, Again) and self._last is not None:
                last = self._last
                self._wisdom.repeats.repeated(last.lane.provider)
                await self._wisdom.sleep(decision.after_s)
                decision = await self._try(Attempt(last.lane, last.tries + 1))
            elif decision is NEXT and self._waiting:
                decision = await self._try(Attempt(self._waiting.popleft(), 1))
            else:
                return

    async def _try(self, attempt: Attempt) -> Decision:
        """Return what to do next; GIVE_UP also when nothing is left to do.

        Raises:
            GatewayError: this was the last attempt.
        """
        try:
            await self._ask(attempt)
        except GatewayError as error:
            judged = attempt if self._last is None or self._last.judged is not error else self._last
            if self.goes_on(judged, error):
                self._record.noted(attempt.lane.target, error.code, error.status)
                return judged.decision
            if attempt.exchange is None:
                self._road.refuse(self._call, attempt.lane, error)
            raise
        except asyncio.CancelledError:
            self._forget(attempt)
            raise
        return GIVE_UP

    async def _ask(self, attempt: Attempt) -> None:
        exchange = self._prepare(attempt)
        await self._road.enter(exchange)
        after_s = self._hedge_after_s(exchange)
        if after_s is None:
            await self._drive(attempt, exchange)
        else:
            await self._hedge(attempt, exchange, after_s)

    def _prepare(self, attempt: Attempt) -> Exchange:
        exchange = attempt.exchange = self._road.prepare(self._next_call(), attempt.lane)
        if self._conduct.continue_streams and exchange.peeked.stream:
            watch(exchange, self._seam)
        exchange.judge = partial(self.goes_on, attempt)
        exchange.attempt = self._made
        exchange.record = self._record
        return exchange

    async def _drive(self, attempt: Attempt, exchange: Exchange) -> None:
        """Ask a place, having entered; note how it went unless that is told by an error."""
        lane, wisdom = attempt.lane, self._wisdom
        attempt.is_asked = True
        wisdom.health.began(lane.target)
        if attempt.tries == 1:
            wisdom.repeats.asked(lane.provider)
        if self._conduct.deadline_s and self._seam is None:
            exchange.within_s = max(self._until_s - wisdom.clock(), LEAST_S)
        if self._conduct.min_tokens_per_s:
            exchange.guard = self._guard(exchange)
        await self._drive_counted(exchange)
        if exchange.status >= 300:
            wisdom.health.left_idle(lane.target)
        elif not attempt.has_failed:
            wisdom.health.succeeded(lane.target)
            wisdom.count("attempts", lane.provider, "answered")
            if self._conduct.hedge:
                self._learn_time(exchange)

    async def _drive_counted(self, exchange: Exchange) -> None:
        """Ask a place, and note how busy that makes it, and how fast it is."""
        exchange.load = load = exchange.lane.load
        clock = self._wisdom.clock
        began_s = clock()
        load.in_flight += 1
        try:
            await self._road.drive(exchange)
        except GatewayError as error:
            load.failed(error, began_s, clock())
            raise
        finally:
            load.in_flight -= 1
        if exchange.status < 300 and not exchange.peeked.stream:
            load.answered(exchange.charged.output_tokens, began_s, clock())

    def _guard(self, exchange: Exchange) -> SpeedGuard | None:
        """Hold the beginning of a stream back, where a place that is well is left to take it to, and time for that."""
        conduct, clock, health = self._conduct, self._wisdom.clock, self._wisdom.health
        if not exchange.peeked.stream or self._seam is not None or self._until_s - clock() <= conduct.probe_s:
            return None
        others = (lane for lane in self._waiting if not _is_same_host(lane, exchange.lane))
        if not any(health.is_open(lane.target) for lane in others):
            return None
        least = exchange.lane.estimates.usual_bytes(conduct.min_tokens_per_s)
        return SpeedGuard(least, conduct.probe_s, clock)

    # A second place beside the first.

    def _hedge_after_s(self, exchange: Exchange) -> float | None:
        """Return how long to wait before another place is asked too; None for ever."""
        conduct, lane, stream = self._conduct, exchange.lane, exchange.peeked.stream
        if not conduct.hedge or self._made > 1 or lane.dialect.operation not in HEDGED:
            return None
        self._wisdom.hedges.asked(lane.subject.alias, conduct.hedge_percent)
        if not self._waiting:
            return None
        return conduct.hedge_after_s or self._wisdom.first_times.usual_s(lane.target, stream=stream)

    async def _hedge(self, attempt: Attempt, exchange: Exchange, after_s: float) -> None:
        """Ask a place, and another one besides if it lets the client wait; return when one has answered."""
        race = self._race = Race(self._road.withdraw, self._note_lost)
        second: Exchange | None = None
        race.start(exchange, self._drive(attempt, exchange))
        try:
            if await race.is_slow(after_s):
                second = await self._ask_second(race)
            await race.finish()
        except asyncio.CancelledError as left:
            await race.stop(*left.args)
            raise
        finally:
            self._race = None
            if second is not None:
                outcome = "failed" if race.winner is None else "won" if race.winner is second else "lost"
                self._wisdom.count("hedges", second.lane.provider, outcome)

    async def _ask_second(self, race: Race) -> Exchange | None:
        """Ask the next place if it is well, nobody has to wait for that, and the alias has not used up its share."""
        hedges, lane = self._wisdom.hedges, self._waiting[0] if self._waiting else None
        if lane is None or not hedges.allows(lane.subject.alias) or not self._wisdom.health.is_open(lane.target):
            return None
        attempt = Attempt(lane, 1)
        try:
            exchange = self._prepare(attempt)
        except GatewayError:
            return None
        if not await self._road.enter_if_free(exchange):
            return None
        if race.is_over:  # meanwhile; this place is still to be asked, should the first have failed
            exchange.requests, exchange.left_as = 0, "hedge_lost"
            self._road.withdraw(exchange)
            return None
        self._waiting.remove(lane)
        hedges.spent(lane.subject.alias)
        race.start(exchange, self._drive(attempt, exchange))
        return exchange

    def _note_lost(self, loser: Exchange) -> None:
        """Another one was faster: that says nothing of its health, but how long it took at least."""
        lane, wisdom, stream = loser.lane, self._wisdom, loser.peeked.stream
        wisdom.health.left_idle(lane.target)
        wisdom.count("attempts", lane.provider, "hedge_lost")
        self._record.noted(lane.target, "hedge_lost", loser.status)
        now_s = wisdom.clock()
        took_s = now_s - loser.call.started_s
        wisdom.first_times.learn_at_least(lane.target, took_s, stream=stream)
        if stream:
            lane.load.began(took_s, now_s)
        else:
            lane.load.answered(loser.charged.output_tokens, loser.call.started_s, now_s)

    def _learn_time(self, exchange: Exchange) -> None:
        stream = exchange.peeked.stream
        took_s = exchange.first_token_us / 1e6 if stream else self._wisdom.clock() - exchange.call.started_s
        self._wisdom.first_times.learn(exchange.lane.target, took_s, stream=stream)

    # A stream that goes on elsewhere.

    def _find_seam(self, exchange: Exchange) -> bool:
        """Keep those of the places left that can go on from where a stream broke; return whether there are any."""
        seam = seam_in(exchange, self._seam) if self._waiting else None
        if seam is None:
            return False
        call = replace(self._call, seam=seam)
        ways = [self._road.resuming(call, lane) for lane in self._waiting]
        self._waiting = deque(lane for lane in ways if lane is not None)
        if self._waiting:
            self._seam = seam
        return bool(self._waiting)

    # What follows a failure.

    def _next_call(self) -> Call:
        """Return the call under a name of its own: the second attempt of `req_x` is `req_x.2`."""
        self._made += 1
        if self._made == 1:
            return self._call
        request_id = f"{self._call.request_id}.{self._made}"
        seam = self._seam
        if seam is not None and self._last is not None and self._last.exchange is not None:
            seam = self._seam = replace(seam, usage=total_of((seam.usage, self._last.exchange.charged)))
        return replace(self._call, request_id=request_id, now_s=time.time(), started_s=self._wisdom.clock(), seam=seam)

    def goes_on(self, attempt: Attempt, error: GatewayError) -> bool:
        """Return whether another attempt follows `error`; asked more than once, it says the same."""
        if error is not attempt.judged:
            attempt.judged = error
            attempt.decision = self._decide(attempt, error)
        return attempt.decision is not GIVE_UP

    def _decide(self, attempt: Attempt, error: GatewayError) -> Decision:
        self._last, exchange, lane = attempt, attempt.exchange, attempt.lane
        if not attempt.is_asked or exchange is None:  # what kept it back is the same whichever credential it has
            self._leave_host(lane)
            return NEXT if self._waiting and isinstance(error, ClientError) else GIVE_UP
        attempt.has_failed = True
        self._wisdom.health.failed(lane.target, error)
        failure = failure_of(error)
        if failure not in ACCOUNTS:
            self._leave_host(lane)
        if isinstance(error, ContextTooLong):
            self._waiting = deque(one for one in self._waiting if may_be_longer(one, lane, error))
        has_rival = self._race is not None and self._race.goes_on_without(exchange)
        decision = decide(error, self._situation(attempt, exchange, others_left=has_rival or bool(self._waiting)))
        if decision is GIVE_UP:
            exchange.win()
        self._count(lane, failure, decision)
        return decision

    def _leave_host(self, lane: Lane) -> None:
        """Do not ask the same model of the same provider by another credential."""
        self._waiting = deque(one for one in self._waiting if not _is_same_host(one, lane))

    def _situation(self, attempt: Attempt, exchange: Exchange, *, others_left: bool) -> Situation:
        wisdom = self._wisdom
        is_told = exchange.bytes_out > 0 or (exchange.responder.started and not exchange.peeked.stream)
        is_resumption = self._seam is not None
        has_content = is_told or is_resumption
        return Situation(
            attempt.tries,
            others_left,
            has_content=has_content,
            can_resume=has_content and self._find_seam(exchange),
            is_resumption=is_resumption,
            left_s=self._until_s - wisdom.clock(),
            moves_refused=self._conduct.refused_elsewhere,
            may_repeat=wisdom.repeats.allows(attempt.lane.provider),
            chance=wisdom.chance(),
        )

    def _count(self, lane: Lane, failure: str, decision: Decision) -> None:
        self._wisdom.count("attempts", lane.provider, failure)
        if decision is NEXT:
            self._wisdom.count("fallbacks", lane.provider, failure)

    def _forget(self, attempt: Attempt) -> None:
        """The client has left: whatever still runs is the last attempt."""
        self._wisdom.health.left_idle(attempt.lane.target)
        if attempt.exchange is not None and attempt.exchange.requests:
            attempt.exchange.judge = None

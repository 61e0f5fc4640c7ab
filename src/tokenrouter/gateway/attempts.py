"""One request at several places, one after the other, until one of them answers.

Each attempt is an exchange of its own, with its own reservation and its own row in the ledger: what a provider did in
vain may be billed, and is to be seen. Only the last of them counts as a request. As long as the client has no content
of an answer it does not notice; a stream may have got keep-alives. What to do after each failure is decided in `retry`,
in which order places are asked in `health`.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from tokenrouter.domain.conditions import Condition
from tokenrouter.domain.errors import ClientError, GatewayError
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.health import HealthBook
from tokenrouter.gateway.lanes import Lane, Plan
from tokenrouter.gateway.repeats import RepeatBudget
from tokenrouter.gateway.retry import GIVE_UP, NEXT, Again, Decision, Situation, decide


class Road(Protocol):
    """What one attempt needs of the gateway."""

    def prepare(self, call: Call, lane: Lane) -> Exchange:
        """Make the exchange of an attempt.

        Raises:
            GatewayError: the request cannot go there.
        """

    def refuse(self, call: Call, lane: Lane, error: GatewayError) -> None:
        """Leave a row for a request that nobody was asked."""

    async def enter(self, exchange: Exchange) -> None:
        """Take what it needs of limits and places."""

    async def drive(self, exchange: Exchange) -> None:
        """Ask, and pass the answer on."""


@dataclass(slots=True)
class Wisdom:
    """What earlier requests have taught. One per data process.

    Attributes:
        conditions: of providers by name, as the control process told last.
        clock: monotonic, in seconds.
    """

    health: HealthBook = field(default_factory=lambda: HealthBook(time.monotonic))
    repeats: RepeatBudget = field(default_factory=RepeatBudget)
    conditions: dict[str, Condition] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Attempts:
    """The attempts of one request."""

    def __init__(self, call: Call, plan: Plan, road: Road, wisdom: Wisdom) -> None:
        """`plan` has the places in the order in which they are to be asked where all are well."""
        by_target = {lane.target: lane for lane in plan.lanes}
        self._conduct = plan.conduct
        self._call = call
        self._lanes = [by_target[target] for target in wisdom.health.ordered(by_target)]
        self._road = road
        self._wisdom = wisdom
        self._made = 0
        self._tries = 0
        self._is_asked = self._others_left = False
        self._exchange: Exchange | None = None
        self._judged: GatewayError | None = None
        self._decision: Decision = GIVE_UP

    async def run(self) -> None:
        """Make attempts until one succeeds.

        Raises:
            GatewayError: the last one's, or what the client has to mend.
        """
        for number, lane in enumerate(self._lanes, 1):
            self._others_left = number < len(self._lanes)
            self._tries = 0
            decision: Decision = Again(0.0)
            while isinstance(decision, Again):
                if self._tries:
                    self._wisdom.repeats.repeated(lane.provider)
                    await self._wisdom.sleep(decision.after_s)
                decision = await self._try(lane)
            if decision is GIVE_UP:
                return

    async def _try(self, lane: Lane) -> Decision:
        """Return what to do next; GIVE_UP also when nothing is left to do.

        Raises:
            GatewayError: this was the last attempt.
        """
        self._tries += 1
        self._is_asked, self._exchange = False, None
        try:
            await self._ask(lane)
        except GatewayError as error:
            if self._goes_on(error):
                return self._decision
            if self._exchange is None:
                self._road.refuse(self._call, lane, error)
            raise
        except asyncio.CancelledError:
            self._forget(lane)
            raise
        return GIVE_UP

    async def _ask(self, lane: Lane) -> None:
        exchange = self._exchange = self._road.prepare(self._next_call(), lane)
        exchange.judge = self._goes_on
        exchange.attempt = self._made
        await self._road.enter(exchange)
        health = self._wisdom.health
        self._is_asked = True
        health.began(lane.target)
        if self._tries == 1:
            self._wisdom.repeats.asked(lane.provider)
        await self._road.drive(exchange)
        if exchange.status < 300:
            health.succeeded(lane.target)
        else:
            health.left_idle(lane.target)

    def _next_call(self) -> Call:
        """Return the call under a name of its own: the second attempt of `req_x` is `req_x.2`."""
        self._made += 1
        if self._made == 1:
            return self._call
        request_id = f"{self._call.request_id}.{self._made}"
        return replace(self._call, request_id=request_id, now_s=time.time(), started_s=self._wisdom.clock())

    def _goes_on(self, error: GatewayError) -> bool:
        """Return whether another attempt follows `error`; asked more than once, it says the same."""
        if error is not self._judged:
            self._judged = error
            self._decision = self._decide(error)
        return self._decision is not GIVE_UP

    def _decide(self, error: GatewayError) -> Decision:
        exchange = self._exchange
        if not self._is_asked or exchange is None:
            return NEXT if self._others_left and isinstance(error, ClientError) else GIVE_UP
        lane = exchange.lane
        self._wisdom.health.failed(lane.target, error)
        situation = Situation(
            self._tries,
            self._others_left,
            has_content=exchange.bytes_out > 0 or (exchange.responder.started and not exchange.peeked.stream),
            left_s=self._call.started_s + self._conduct.deadline_s - self._wisdom.clock(),
            may_repeat=self._wisdom.repeats.allows(lane.provider),
            chance=self._wisdom.chance(),
        )
        return decide(error, situation)

    def _forget(self, lane: Lane) -> None:
        """The client has left: whatever still runs is the last attempt."""
        self._wisdom.health.left_idle(lane.target)
        if self._exchange is not None:
            self._exchange.judge = None

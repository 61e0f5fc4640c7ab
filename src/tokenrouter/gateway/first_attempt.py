"""The first attempt of a request, which is the only one of most: nothing is made ready for others until it fails.

It notes what `Attempts` notes of any attempt; what follows a failure is decided there. The short way is for requests
whose alias wishes for nothing further, while nothing is known against any of their places.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from tokenrouter.domain.errors import GatewayError
from tokenrouter.gateway.attempts import Attempt, Attempts, Wisdom
from tokenrouter.gateway.directory import Principal
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.lanes import Plan

Step = Callable[[Exchange], Coroutine[Any, Any, None]]
"""A part of an exchange's road."""


class Others(Protocol):
    """Who makes ready for more attempts."""

    def after(self, first: Exchange, plan: Plan, principal: Principal) -> Attempts:
        """Return the attempts that may follow the `first` one."""


class FirstAttempt:
    """One question to the place that was chosen."""

    __slots__ = ("_attempt", "_attempts", "_exchange", "_is_asked", "_others", "_plan", "_principal", "_wisdom")

    def __init__(self, exchange: Exchange, plan: Plan, principal: Principal, wisdom: Wisdom, others: Others) -> None:
        """`plan` is that of the whole request."""
        self._exchange = exchange
        self._plan = plan
        self._principal = principal
        self._wisdom = wisdom
        self._others = others
        self._attempt: Attempt | None = None
        self._attempts: Attempts | None = None
        self._is_asked = False
        exchange.judge = self._goes_on
        exchange.record = plan.record

    async def run(self, drive: Step, began_s: float) -> None:
        """Ask, having entered; where that fails, go on as it is decided. `began_s` is the time by `Wisdom.clock`.

        Raises:
            GatewayError: the last attempt's, or what the client has to mend.
        """
        exchange, wisdom = self._exchange, self._wisdom
        lane, health = exchange.lane, wisdom.health
        provider = lane.to.provider
        self._is_asked = True
        wisdom.repeats.asked(provider)
        problem: GatewayError | None = None
        exchange.load = load = lane.load
        load.in_flight += 1
        try:
            await drive(exchange)
        except GatewayError as error:
            problem = error
        except asyncio.CancelledError:
            health.left_idle(lane.target)
            raise
        finally:
            load.in_flight -= 1
            exchange.judge = None  # it has answered, and leaves no circle behind for the garbage collector
        if problem is not None:
            load.failed(problem, began_s, wisdom.clock())
            await self.resume(problem)
        elif exchange.status >= 300:
            health.left_idle(lane.target)
        elif self._attempts is None:
            if not exchange.peeked.stream:
                load.answered(exchange.charged.output_tokens, began_s, wisdom.clock())
            health.succeeded(lane.target)
            wisdom.count("attempts", provider, "answered")

    async def enter_and_run(self, enter: Step, drive: Step) -> None:
        """Do the same, having to wait for what it needs.

        Raises:
            GatewayError: as `run`.
        """
        try:
            await enter(self._exchange)
        except GatewayError as error:
            await self.resume(error)
        else:
            self._wisdom.health.began(self._exchange.lane.target)  # of which something may be known by now
            await self.run(drive, self._wisdom.clock())

    async def resume(self, error: GatewayError) -> None:
        """Go on after `error`, if that was decided when the exchange asked about it.

        Raises:
            GatewayError: as `run`.
        """
        if self._attempts is None or self._attempt is None:
            raise error
        await self._attempts.resume(self._attempt, error)

    def _goes_on(self, error: GatewayError) -> bool:
        """Return whether another attempt follows."""
        if self._attempts is None or self._attempt is None:
            self._attempts = self._others.after(self._exchange, self._plan, self._principal)
            self._attempt = Attempt(self._exchange.lane, 1, self._exchange)
        self._attempt.is_asked = self._is_asked
        return self._attempts.goes_on(self._attempt, error)

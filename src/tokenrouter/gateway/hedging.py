"""Asking a second target when the first one lets its client wait: when that is done, and how two share one client.

The faster answer counts: the first that has content of a stream, or its whole answer. In that moment, before a byte of
it goes out, the other one loses its client, is settled and cancelled; so no two answers can mix. A provider that is to
be drained (`on_disconnect`) is read to its end all the same, because it bills what it has begun.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ledger import Operation
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.nobody import Nobody
from tokenrouter.gateway.roads import abandon

HEDGED: Final[frozenset[Operation]] = frozenset(
    (
        "chat",
        "completions",
        "responses",
        "messages",
        "generate_content",
        "embeddings",
        "embed_content",
        "batch_embed_contents",
        "rerank",
        "moderations",
    )
)
"""Questions that leave nothing behind at a provider and whose answers are no files: to ask twice costs, and no more."""
MOST: Final = 5.0
"""So many may come at once, also where little is asked."""
MAX_ALIASES: Final = 4096


class HedgeBudget:
    """How many second questions each alias has left: a share of its requests. One per data process."""

    def __init__(self) -> None:
        self._left: dict[str, float] = {}

    def asked(self, alias: str, percent: float) -> None:
        """Note a request of `alias`, of which so many of a hundred may be asked twice; it begins with one."""
        left = self._left.get(alias, 1.0 if percent else 0.0)
        if alias not in self._left and len(self._left) >= MAX_ALIASES:
            self._left.clear()
        self._left[alias] = min(left + percent / 100, MOST)

    def allows(self, alias: str) -> bool:
        """Return whether one may be asked twice."""
        return self._left.get(alias, 0.0) >= 1

    def spent(self, alias: str) -> None:
        """Note that one is."""
        self._left[alias] = self._left.get(alias, 0.0) - 1


@dataclass(slots=True, eq=False)
class _Runner:
    """One exchange that runs. A task that is cancelled before its first step never takes it, so that is told apart."""

    exchange: Exchange
    task: asyncio.Task[None] | None = None
    is_started: bool = False
    is_withdrawn: bool = False
    has_failed: bool = False
    has_lost: bool = False

    async def run(self, road: Coroutine[Any, Any, None]) -> None:
        if self.is_withdrawn:
            road.close()
            return
        self.is_started = True
        await road

    @property
    def runs(self) -> bool:
        """Whether its answer may still count."""
        is_out = self.has_failed or self.has_lost or self.is_withdrawn
        return self.task is not None and not (is_out or self.task.done())


class Race:
    """The exchanges of one request that run at once, two at most.

    Attributes:
        winner: the one whose answer counts, once there is one.
    """

    def __init__(self, withdraw: Callable[[Exchange], None], on_lost: Callable[[Exchange], None]) -> None:
        """`withdraw` gives back what one holds that has not begun; `on_lost` is told who was not fast enough."""
        self._withdraw = withdraw
        self._on_lost = on_lost
        self._runners: list[_Runner] = []
        self.winner: Exchange | None = None

    @property
    def is_over(self) -> bool:
        """Whether nobody's answer is waited for any more."""
        return self.winner is not None or not any(runner.runs for runner in self._runners)

    @property
    def _tasks(self) -> list[asyncio.Task[None]]:
        return [runner.task for runner in self._runners if runner.task is not None]

    def start(self, exchange: Exchange, road: Coroutine[Any, Any, None]) -> None:
        """Let one run; it needs a task of its own, because either may have to be cancelled alone."""
        runner = _Runner(exchange)
        exchange.on_win = partial(self._won, runner)
        runner.task = asyncio.get_running_loop().create_task(runner.run(road))
        runner.task.add_done_callback(_problem)  # of whoever nobody waits for any more, it is nobody's
        self._runners.append(runner)

    async def is_slow(self, after_s: float) -> bool:
        """Wait so long for an answer to begin; return whether none has."""
        done, _ = await asyncio.wait(self._tasks, timeout=after_s)
        return not done and self.winner is None

    async def finish(self) -> None:
        """Wait until all have ended, and raise what the winner, or else the last to fail, has raised."""
        await asyncio.wait(self._tasks)
        problems = {runner.exchange: _problem(runner.task) for runner in self._runners}
        unforeseen = next((one for one in problems.values() if not isinstance(one, GatewayError | None)), None)
        last = next((runner.exchange for runner in self._runners if not runner.has_failed), None)
        decisive = self.winner or last
        problem = unforeseen or (problems[decisive] if decisive is not None else None)
        if problem is not None:
            raise problem

    def goes_on_without(self, exchange: Exchange) -> bool:
        """Note that one has failed; return whether another one runs whose answer may count."""
        if self.winner is not None:
            return False
        own = next(runner for runner in self._runners if runner.exchange is exchange)
        own.has_failed = any(runner.runs for runner in self._runners if runner is not own)
        return own.has_failed

    async def stop(self, *reason: object) -> None:
        """Cancel all, because the client has left: one of them counts as its request."""
        running = [runner for runner in self._runners if runner.runs]
        for number, runner in enumerate(running):
            runner.exchange.judge = _goes_unheard if number else None
            if number:
                runner.exchange.requests = 0
            self._cancel(runner, *reason)
        await asyncio.wait(self._tasks)

    def _won(self, winner: _Runner) -> None:
        self.winner = winner.exchange
        for runner in self._runners:
            if runner is not winner and runner.runs:
                self._lose(runner)

    def _lose(self, runner: _Runner) -> None:
        loser = runner.exchange
        loser.requests, loser.left_as, loser.responder = 0, "hedge_lost", Nobody()
        loser.on_win, loser.judge, runner.has_lost = None, _goes_unheard, True
        if runner.is_started and not loser.lane.drains:
            abandon(loser, "hedge_lost")
        self._cancel(runner)
        self._on_lost(loser)

    def _cancel(self, runner: _Runner, *reason: object) -> None:
        if runner.is_started and runner.task is not None:
            runner.task.cancel(*reason)
        else:
            runner.is_withdrawn = True
            self._withdraw(runner.exchange)


def _goes_unheard(_: GatewayError) -> bool:
    """What goes wrong with an answer that lost is told to nobody, and counts as no request."""
    return True


def _problem(task: asyncio.Task[None] | None) -> BaseException | None:
    return None if task is None or task.cancelled() else task.exception()

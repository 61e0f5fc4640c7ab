"""Two machines that share a Valkey and a ledger, each with journals, a data process and a drain of its own."""

import asyncio
from collections.abc import Collection, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.limits.money import TABLE, MoneyInterleavings, Process
from tests.limits.redis_keeper import RedisKeeper, SyncReservation
from tests.limits.suite import SCOPES, Held
from tokenrouter.domain.limits import Amounts
from tokenrouter.jobs.ledger_drain import LedgerDrain
from tokenrouter.limits.adjusting import AdjustingThere
from tokenrouter.limits.redis_corrections import Correction, RedisCorrections, Remains
from tokenrouter.limits.redis_restore import LedgerUse
from tokenrouter.redis.address import parse_redis_url
from tokenrouter.testing.valkey import ValkeyServer

T = TypeVar("T")


class Machine:
    """One machine's journals, and its control process's drain, which works in a thread as the real one does."""

    def __init__(self, folder: Path, drain: LedgerDrain) -> None:
        self.folder = folder
        self.ledger = drain

    async def drain(self) -> None:
        await asyncio.to_thread(self.ledger.drain)

    async def load_used(self, limit_ids: Collection[str], counted: Mapping[str, Collection[str]]) -> LedgerUse:
        return await asyncio.to_thread(self.ledger.sums, limit_ids, counted)


class FromThreads:
    """Tells of dead processes from a drain's thread, while the loop runs."""

    def __init__(self, corrections: RedisCorrections, loop: asyncio.AbstractEventLoop) -> None:
        self._corrections = corrections
        self._loop = loop

    def bury(self, node: str) -> Remains:
        return self._wait_for(self._corrections.bury(node))

    def correct(self, corrections: Sequence[Correction]) -> bool:
        for correction in corrections:
            self._wait_for(self._corrections.correct(correction))
        return True

    def _wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


class RedisMoney(MoneyInterleavings):
    """Subclasses say which server."""

    server: ClassVar[ValkeyServer]

    def __init__(self) -> None:
        super().__init__()
        self.server.ask("FLUSHALL")
        self.loop = asyncio.new_event_loop()
        self.corrections = RedisCorrections(parse_redis_url(self.server.url), clock=self.clock)
        self.correcting = self.loop.create_task(self.corrections.run())
        self.elsewhere = FromThreads(self.corrections, self.loop)
        self.dead: list[str] = []
        self.machines = {self.folder / name: self.new_machine(self.folder / name) for name in ("a", "b")}
        for folder in self.machines:
            self.start(folder)

    def new_machine(self, folder: Path) -> Machine:
        return Machine(folder, self.new_drain(folder, self.elsewhere))

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def start(self, folder: Path) -> None:
        """Start a data process on a machine."""
        process = Process(folder, None)
        # What is left of those that died is noticed later: nobody waits for them.
        options: dict[str, Any] = {"patience_s": 20.0} if self.processes else {"patience_s": 0.0}
        machine = self.machines[folder]
        options |= {"sums": machine, "loop": self.loop, "name": process.journal.name}
        keeper = RedisKeeper(self.server, tuple(TABLE), self.clock, **options)
        keeper.limiter._restorer._patience_s = 20.0
        process.keeper = keeper
        self.processes.append(process)
        self.meet()
        self.tell_adjustments()

    def tell_adjustments(self) -> None:
        for process in self.processes:
            # A process that has just begun knows of none.
            there = AdjustingThere(process.keeper.limiter.adjust)
            there.take(self.adjustments())
            assert self.wait_for(there.tell())

    @property
    def keepers(self) -> list[RedisKeeper]:
        return [process.keeper for process in self.processes]

    def meet(self) -> None:
        """Let every node see every other, as a second does."""
        for keeper in self.keepers:
            keeper.step()

    def settle_down(self) -> None:
        """Wait until all nodes are there and every ending is told."""
        self.keepers[0].wait_until(
            lambda: all(
                keeper.limiter.is_up_to_date and not keeper.limiter.unrestored and not keeper.limiter.unsettled
                for keeper in self.keepers
            )
        )
        self.meet()

    def close(self) -> None:
        for keeper in self.keepers:
            keeper.close()
        self.correcting.cancel()
        self.loop.run_until_complete(asyncio.gather(self.correcting, return_exceptions=True))
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        super().close()

    def reserve_at(self, process: Process, request_id: str, scopes: Sequence[str], amounts: Amounts) -> Held:
        keeper: RedisKeeper = process.keeper
        return SyncReservation(keeper, keeper.wait_for(keeper.limiter.reserve(request_id, scopes, amounts)))

    def drain(self, folder: Path) -> None:
        self.wait_for(self.machines[folder].drain())

    @rule(number=st.integers(0, 1))
    def restart_control(self, number: int) -> None:
        folder = self.processes[number].folder
        self.machines[folder].ledger = self.new_drain(folder, self.elsewhere)

    @rule(number=st.integers(0, 1))
    def crash(self, number: int) -> None:
        """A data process dies; nobody knows yet. Another starts in its place."""
        process = self.processes.pop(number)
        process.keeper.close(leaves=False)
        process.kill()
        self.dead.append(process.keeper.name)
        self.start(process.folder)

    @precondition(lambda self: self.begun())
    @rule(data=st.data(), share=st.integers(0, 100))
    def crash_at_an_end(self, data: st.DataObject, share: int) -> None:
        """A request's end is the last thing that a process does."""
        process, request = data.draw(st.sampled_from(self.begun()))
        self.write_end(process, request, share)
        self.crash(self.processes.index(process))

    @precondition(lambda self: self.dead)
    @rule()
    def lease_ends(self) -> None:
        """It is noticed that a node is dead: what it held is charged."""
        self.end_lease(self.dead.pop())
        self.meet()

    @rule(number=st.integers(0, 1))
    def is_thought_dead(self, number: int) -> None:
        """A process pauses for longer than its lease, is charged what it held, and goes on as if nothing had been."""
        keeper = self.keepers[number]
        self.end_lease(keeper.name)
        self.keepers[1 - number].step()
        keeper.states(SCOPES)
        self.settle_down()

    def end_lease(self, name: str) -> None:
        self.server.ask("ZADD", f"{self.keepers[0].limiter._node.base}leases", "0", name)

    @rule(number=st.integers(0, 1))
    def cut(self, number: int) -> None:
        """A connection breaks."""
        self.keepers[number].limiter._connection.abort("the test cut it")
        self.settle_down()

    @rule()
    def server_is_emptied(self) -> None:
        """Everything is gone; the nodes notice when they ask. Nobody waits for the dead: they have been missed."""
        while self.dead:
            self.lease_ends()
        self.server.ask("FLUSHALL")
        self.restarted_s = self.clock.now_s
        for keeper in self.keepers:
            keeper.states(SCOPES)
        self.settle_down()

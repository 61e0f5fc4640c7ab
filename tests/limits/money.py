"""Processes with real journals, a real ledger and one limiter of either kind, under everything that can happen to them.

What is shown is "It must show" 1 from end to end: in any order of reservations, growth, endings, crashes, node deaths,
drains and time, no hard limit is passed; and when everything has settled, what each counter shows is the sum of the
ledger's rows since its window began, as plain SQL finds them. Subclasses say where limits are counted.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import text

from tests.limits.suite import ALICE, BOB, CHANGING, LIMITS, SCOPES, Clock, Held, part_of
from tokenrouter.domain.errors import LimitReached
from tokenrouter.domain.ledger import Begun, Ended, Subject, Usage
from tokenrouter.domain.limits import Amounts, Limit, LimitState, LimitTable
from tokenrouter.domain.windows import window_start
from tokenrouter.jobs.ledger_drain import Elsewhere, LedgerDrain
from tokenrouter.jobs.limit_adjustments import reset_limit
from tokenrouter.journal.writer import JournalWriter
from tokenrouter.limits.adjusting import Adjusted
from tokenrouter.store.adjustments import adjustments_since
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.limit_use import first_uses, limit_use

SMALL: Final = 4096
"""Segments so small that some requests end in another one than that in which they began."""
SUBJECTS: Final = {
    ALICE: Subject("chat", "key_alice", "alice", "ann", "physics", ("key_alice",), provider="p", price_source="x"),
    BOB: Subject("chat", "key_bob", "bob", "", "physics", ("key_bob",), provider="p", price_source="x"),
}
ROWS_OF: Final = {
    "key:alice": "key_id = 'key_alice'",
    "key:bob": "key_id = 'key_bob'",
    "user:ann": "\"user\" = 'ann'",
    "team:physics": "team = 'physics'",
    "global": "1 = 1",
}
SUM_OF: Final = {
    "requests": "count(*)",
    "tokens": "sum(input_tokens + output_tokens)",
    "input_tokens": "sum(input_tokens)",
    "output_tokens": "sum(output_tokens)",
    "cost_usd": "sum(cost_nano_usd)",
}
TABLE: Final = LimitTable((*LIMITS, *CHANGING))
RESET: Final = [limit for limit in TABLE if limit.window.kind in ("lifetime", "hour", "day")]
"""Limits whose windows begin when the calendar says: of others counters and ledger may know different beginnings."""


@dataclass(slots=True)
class Request:
    """One request that runs in a process; `is_begun`: its journal has a begin."""

    id: str
    scopes: tuple[str, ...]
    reserved_s: float
    reservation: Held
    is_begun: bool = False


class Process:
    """A data process: what dies with it."""

    def __init__(self, folder: Path, keeper: Any) -> None:
        self.folder = folder
        self.keeper = keeper
        self.journal = JournalWriter(folder, segment_bytes=SMALL, reserve_bytes=SMALL)
        self.running: list[Request] = []

    def kill(self) -> None:
        """Leave its files as `kill -9` does: unlocked, and nothing else."""
        journal = self.journal
        for segment in (journal._segment, journal._spare, journal._reserve, *journal._full):
            if segment is not None:
                os.close(segment.fd)


class MoneyInterleavings(RuleBasedStateMachine):
    """Subclasses give a database for each example, and make and restore keepers.

    Attributes:
        restarted_s: when counters were last restored: of sliding windows they show what they were given in one part.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.folder = Path(tempfile.mkdtemp(prefix="money-"))
        self.store: Store = open_store(self.new_database(self.folder))
        self.ids = count(1)
        self.restarted_s = float("-inf")
        self.processes: list[Process] = []

    def new_database(self, folder: Path) -> str:
        """Return the address of an empty database with our tables; `folder` may be used for it."""
        raise NotImplementedError

    def new_drain(self, folder: Path, elsewhere: Elsewhere | None = None) -> LedgerDrain:
        """Return a control process's drain that knows nothing yet."""
        limits = TABLE, lambda key_id: key_id.removeprefix("key_")
        return LedgerDrain(self.store, folder, lambda: limits, self.clock, elsewhere)

    def drain(self, folder: Path) -> None:
        """Bring what the journals of a machine hold into the ledger."""
        raise NotImplementedError

    def bring_back(self) -> None:
        """Make whole whatever is dead or cut off."""

    def teardown(self) -> None:
        try:
            self.books_are_closed()
        finally:
            self.close()

    def close(self) -> None:
        """Give everything back."""
        for process in self.processes:
            process.kill()
        self.store.close()
        shutil.rmtree(self.folder)

    @property
    def running(self) -> list[tuple[Process, Request]]:
        return [(process, request) for process in self.processes for request in process.running]

    def begun(self) -> list[tuple[Process, Request]]:
        return [(process, request) for process, request in self.running if request.is_begun]

    def waiting(self) -> list[tuple[Process, Request]]:
        return [(process, request) for process, request in self.running if not request.is_begun]

    @rule(
        number=st.integers(0, 1),
        scopes=st.sampled_from([ALICE, BOB]),
        tokens=st.integers(0, 120),
        cost=st.integers(0, 4000),
        is_begun=st.sampled_from([True, True, True, False]),
    )
    def reserve(self, number: int, scopes: tuple[str, ...], tokens: int, cost: int, is_begun: bool) -> None:
        process = self.processes[number % len(self.processes)]
        request_id = f"req_{next(self.ids):06d}"
        try:
            reservation = self.reserve_at(process, request_id, scopes, Amounts(1, tokens, tokens // 2, cost))
        except LimitReached:
            return
        request = Request(request_id, scopes, self.clock.now_s, reservation)
        process.running.append(request)
        if is_begun:
            self.begin(process, request)

    def reserve_at(self, process: Process, request_id: str, scopes: Sequence[str], amounts: Amounts) -> Held:
        reservation: Held = process.keeper.reserve(scopes, amounts)
        return reservation

    def begin(self, process: Process, request: Request) -> None:
        subject = process.journal.subject(SUBJECTS[request.scopes])
        process.journal.begin(subject, Begun(request.id, _us(request.reserved_s)), request.reservation.held)
        request.is_begun = True

    @precondition(lambda self: self.waiting())
    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        """One that has reserved is about to ask its provider."""
        self.begin(*data.draw(st.sampled_from(self.waiting())))

    @precondition(lambda self: self.begun())
    @rule(data=st.data(), more=st.integers(0, 200), is_noted=st.booleans())
    def grow(self, data: st.DataObject, more: int, is_noted: bool) -> None:
        """A stream holds more; its process may die before it notes that, and then has passed nothing more on."""
        process, request = data.draw(st.sampled_from(self.begun()))
        held = request.reservation.held
        wanted = Amounts(1, held.input_tokens, held.output_tokens + more, held.cost_nano_usd + 3 * more)
        if request.reservation.extend(wanted) and is_noted:
            process.journal.progress(request.id, wanted)

    @precondition(lambda self: self.begun())
    @rule(data=st.data(), share=st.integers(0, 100))
    def end(self, data: st.DataObject, share: int) -> None:
        self.finish(*data.draw(st.sampled_from(self.begun())), share)

    def finish(self, process: Process, request: Request, share: int) -> None:
        used = self.write_end(process, request, share)
        request.reservation.settle(used)

    def write_end(self, process: Process, request: Request, share: int) -> Amounts:
        """Write down how a request ended; its limits have not heard of it."""
        used = part_of(request.reservation.held, share)
        usage = Usage(used.input_tokens, used.output_tokens)
        at_us, cost = _us(request.reserved_s), used.cost_nano_usd
        process.journal.end(Ended(request.id, at_us, usage, 200, "completed", cost_nano_usd=cost, latency_us=1))
        process.running.remove(request)
        return used

    @precondition(lambda self: self.waiting())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """One that has reserved asks nobody after all."""
        self.give_back(*data.draw(st.sampled_from(self.waiting())))

    def give_back(self, process: Process, request: Request) -> None:
        request.reservation.settle(Amounts())
        at_us = _us(request.reserved_s)
        refused = Ended(request.id, at_us, Usage(provider_requests=0), 400, "client_error")
        process.journal.whole(SUBJECTS[request.scopes], Begun(request.id, at_us), refused)
        process.running.remove(request)

    @rule(seconds=st.sampled_from([0.3, 1, 7, 59, 61, 100, 3600, 90_000]))
    def wait(self, seconds: float) -> None:
        self.clock.now_s += seconds

    @rule(limit=st.sampled_from(RESET))
    def reset(self, limit: Limit) -> None:
        """What the ledger knows to be used is given back, and everybody is told, maybe not for the first time."""
        reset_limit(self.store, limit, None, made_by="test", now_s=self.clock.now_s)
        self.tell_adjustments()

    def adjustments(self) -> list[Adjusted]:
        return [Adjusted(one.number, one.limit_id, one.scope, one.used) for one in adjustments_since(self.store, 0)]

    def tell_adjustments(self) -> None:
        """Tell those who count of everything that was ever adjusted."""
        raise NotImplementedError

    @rule(number=st.integers(0, 1))
    def drain_one(self, number: int) -> None:
        self.drain(self.processes[number % len(self.processes)].folder)

    @rule()
    def books_are_closed(self) -> None:
        """Everything ends, every journal is read: then counters, ledger and what the store keeps of limits agree."""
        self.bring_back()
        for process, request in self.running:
            if request.is_begun:
                self.finish(process, request, 50)
            else:
                self.give_back(process, request)
        for folder in {process.folder for process in self.processes}:
            self.drain(folder)
        for process in self.processes:
            for state in process.keeper.states(SCOPES):
                self.require_sum(state)
        self.require_kept_use()

    def require_sum(self, state: LimitState) -> None:
        """Require that a counter shows the sum of the rows of its window."""
        limit, now_s = state.limit, self.clock.now_s
        assert state.held == 0, state
        if limit.metric == "concurrency":
            return
        if limit.window.kind == "sliding":
            since_s = now_s - limit.window.length_s
            early_s = since_s - limit.window.length_s / 60
            # What was restored counts from then on, in one part.
            if self.restarted_s > early_s:
                early_s = min(early_s, self.restarted_s - limit.window.length_s * 61 / 60)
            assert self.row_sum(state, _us(since_s)) <= state.used <= self.row_sum(state, _us(early_s)), state
        elif limit.window.kind == "interval":
            assert state.resets_in_s is not None
            start_us = _us(now_s + state.resets_in_s - limit.window.length_s)
            is_first = abs(start_us - self.first_uses().get((limit.id, state.scope), 0)) < 10_000
            # What began before the first use that is known was written down later, and belongs to that window.
            assert state.used in (self.row_sum(state, start_us - 10_000), self.row_sum(state, 0) if is_first else -1), (
                state
            )
        else:
            assert state.used == self.row_sum(state, _us(window_start(limit.window, now_s, now_s))), state

    def row_sum(self, state: LimitState, since_us: int, until_us: int = 2**62) -> int:
        """Return what the ledger's rows and adjustments say of a counter, without any code of ours."""
        with self.store.read() as connection:
            found = connection.execute(
                text(
                    f"SELECT {SUM_OF[state.limit.metric]} FROM tr_ledger WHERE {ROWS_OF[state.scope]} "
                    "AND started_us >= :since AND started_us < :until "
                    "AND NOT (end_reason = 'client_error' AND latency_us = 0)"
                ),
                {"since": since_us, "until": until_us},
            ).scalar()
            adjusted = connection.execute(
                text(
                    "SELECT sum(amount) FROM tr_adjustments WHERE limit_id = :limit AND scope = :scope "
                    "AND at_us >= :since AND at_us < :until"
                ),
                {"limit": state.limit.id, "scope": state.scope, "since": since_us, "until": until_us},
            ).scalar()
        return int(found or 0) + int(adjusted or 0)

    def first_uses(self) -> dict[tuple[str, str], int]:
        with self.store.read() as connection:
            return first_uses(connection)

    def require_kept_use(self) -> None:
        """Require that what the store keeps of limits is the sum of its rows, window by window."""
        with self.store.read() as connection:
            use = limit_use(connection)
        limits = {limit.id: limit for limit in TABLE}
        first = self.first_uses()
        for (limit_id, scope), windows in use.items():
            limit = limits[limit_id]
            state = LimitState(limit, scope, 0, 0, None)
            starts = [*sorted(windows), 2**62]
            for start_us, next_us in pairwise(starts):
                since_us = 0 if start_us == first.get((limit_id, scope)) else start_us
                assert windows[start_us] == self.row_sum(state, since_us, next_us), (limit_id, scope, start_us)

    @invariant()
    def no_hard_limit_is_passed(self) -> None:
        for process in self.processes[-1:]:
            for state in process.keeper.states(SCOPES):
                # What a boost allowed is used still when the boost is over.
                most = max(state.amount, state.limit.amount + state.limit.boost)
                assert 0 <= state.used + state.held <= most, state
                assert state.held >= 0, state


def _us(at_s: float) -> int:
    return round(at_s * 1e6)

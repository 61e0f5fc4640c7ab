"""Nodes that share a Valkey, their journals and one ledger, under everything that can happen to them.

What is shown is "It must show" 1: in any order of beginnings, growth, endings, crashes, lost connections, an emptied
server and time, no hard limit is passed; and whenever the nodes are whole, what a counter shows is what the books say.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.limits.redis_keeper import RedisKeeper, SyncReservation
from tests.limits.suite import ALICE, BOB, LIMITS, SCOPES, Clock, part_of
from tokenrouter.domain.errors import LimitReached
from tokenrouter.domain.limits import Amounts, CounterPast, Limit, LimitState, LimitTable, UsedByCounter
from tokenrouter.domain.windows import window_start
from tokenrouter.limits.redis_corrections import Correction, RedisCorrections
from tokenrouter.limits.redis_restore import LedgerUse
from tokenrouter.redis.address import parse_redis_url
from tokenrouter.testing.valkey import ValkeyServer


@dataclass(slots=True)
class Request:
    """One request as the books have it; `used` while it runs is what its journal would charge after a crash."""

    node: str
    scopes: Sequence[str]
    reserved_s: float
    reservation: SyncReservation
    used: Amounts | None = None
    in_ledger: bool = False

    @property
    def id(self) -> str:
        return self.reservation.inner.id


@dataclass
class Books:
    """All journals and the ledger."""

    clock: Clock
    limits: Sequence[Limit]
    requests: list[Request] = field(default_factory=list)

    def drain(self, node: str) -> None:
        for request in self.requests:
            if request.node == node and request.used is not None:
                request.in_ledger = True

    def since(self, limit: Limit, scope: str) -> float:
        """Return when the window of now began."""
        return window_start(limit.window, self.clock.now_s, self.first_use_s(scope))

    def first_use_s(self, scope: str) -> float:
        return next((one.reserved_s for one in self.requests if scope in one.scopes), self.clock.now_s)

    def charged(self, request: Request) -> list[tuple[Limit, str]]:
        table = LimitTable(self.limits)
        return [(limit, limit.counted_for(scope)) for scope in request.scopes for limit in table.of(scope)]

    def sums(self, counted: Mapping[str, Collection[str]]) -> UsedByCounter:
        """Return what the ledger's rows used in the windows of now, sliding ones with their oldest part whole."""
        sums: dict[tuple[str, str], int] = {}
        for request in self.requests:
            if not request.in_ledger or request.used is None:
                continue
            for limit, scope in self.charged(request):
                part_s = limit.window.length_s / 60 if limit.window.kind == "sliding" else 0
                if request.id in counted.get(limit.id, ()) or limit.metric == "concurrency":
                    continue
                if request.reserved_s >= self.since(limit, scope) - part_s:
                    key = limit.id, scope
                    sums[key] = sums.get(key, 0) + request.used.of(limit.metric)
        return sums


@dataclass
class NodeSums:
    """The ledger as one node sees it."""

    books: Books
    node: str

    async def drain(self) -> None:
        self.books.drain(self.node)

    async def load_used(self, limit_ids: Collection[str], counted: Mapping[str, Collection[str]]) -> LedgerUse:
        books = self.books
        past = {
            (limit.id, scope): CounterPast(request.reserved_s)
            for request in reversed(books.requests)
            for limit, scope in books.charged(request)
            if limit.window.kind == "interval"
        }
        return LedgerUse(books.sums(counted), past)


class ClusterInterleavings(RuleBasedStateMachine):
    """Two nodes and everything that may happen. Subclasses say which server."""

    server: ValkeyServer

    def __init__(self) -> None:
        super().__init__()
        self.server.ask("FLUSHALL")
        self.clock = Clock()
        self.books = Books(self.clock, LIMITS)
        self.loop = asyncio.new_event_loop()
        self.numbers = count(1)
        self.corrections = RedisCorrections(parse_redis_url(self.server.url), clock=self.clock)
        self.correcting = self.loop.create_task(self.corrections.run())
        self.nodes: list[RedisKeeper] = []
        self.dead: list[str] = []
        self.unread: list[str] = []
        self.emptied_s = float("-inf")
        for _ in range(2):
            self.start_node()

    def start_node(self) -> None:
        name = f"node-{next(self.numbers)}"
        # What is left of those that died is noticed later: nobody waits for them.
        options: dict[str, Any] = {"patience_s": 20.0} if self.nodes else {"patience_s": 0.0}
        node = RedisKeeper(
            self.server, LIMITS, self.clock, sums=NodeSums(self.books, name), loop=self.loop, name=name, **options
        )
        node.limiter._restorer._patience_s = 20.0
        self.nodes.append(node)
        self.meet()

    def teardown(self) -> None:
        for node in self.nodes:
            node.close()
        self.correcting.cancel()
        self.loop.run_until_complete(asyncio.gather(self.correcting, return_exceptions=True))
        self.loop.close()

    def wait_until(self, is_true: Callable[[], object]) -> None:
        self.nodes[0].wait_until(is_true)

    def settle_down(self) -> None:
        """Wait until all nodes are there and every ending is told."""
        self.wait_until(
            lambda: all(
                node.limiter.is_up_to_date and not node.limiter.unrestored and not node.limiter.unsettled
                for node in self.nodes
            )
        )
        self.meet()

    def meet(self) -> None:
        """Let every node see every other, as a second does."""
        for node in self.nodes:
            node.step()

    def running(self) -> list[Request]:
        alive = {node.name for node in self.nodes}
        return [one for one in self.books.requests if one.used is None and one.node in alive]

    @rule(
        number=st.integers(0, 1),
        scopes=st.sampled_from([ALICE, BOB]),
        tokens=st.integers(0, 120),
        cost=st.integers(0, 4000),
    )
    def begin(self, number: int, scopes: Sequence[str], tokens: int, cost: int) -> None:
        node = self.nodes[number % len(self.nodes)]
        try:
            reservation = node.reserve(scopes, Amounts(1, tokens, tokens // 2, cost))
        except LimitReached:
            return
        self.books.requests.append(Request(node.name, scopes, self.clock.now_s, reservation))

    @precondition(lambda self: self.running())
    @rule(data=st.data(), more=st.integers(0, 200))
    def grow(self, data: st.DataObject, more: int) -> None:
        reservation = data.draw(st.sampled_from(self.running())).reservation
        held = reservation.held
        wanted = Amounts(1, held.input_tokens, held.output_tokens + more, held.cost_nano_usd + 3 * more)
        has_grown = reservation.extend(wanted)
        assert reservation.held == (wanted if has_grown else held)

    @precondition(lambda self: self.running())
    @rule(data=st.data(), share=st.integers(0, 100))
    def end(self, data: st.DataObject, share: int) -> None:
        request = data.draw(st.sampled_from(self.running()))
        request.used = part_of(request.reservation.held, share)
        request.reservation.settle(request.used)

    @precondition(lambda self: self.running())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(self.running()))
        request.used = Amounts()
        request.reservation.settle(request.used)

    @rule(seconds=st.sampled_from([0.3, 1, 7, 59, 61, 100, 3600, 90_000]))
    def wait(self, seconds: float) -> None:
        self.clock.now_s += seconds

    @rule(number=st.integers(0, 1))
    def drain(self, number: int) -> None:
        self.books.drain(self.nodes[number % len(self.nodes)].name)

    @rule(number=st.integers(0, 1))
    def cut(self, number: int) -> None:
        """The connection breaks; in one of two cases something ends meanwhile."""
        node = self.nodes[number % len(self.nodes)]
        node.limiter._connection.abort("the test cut it")
        for request in self.running()[:1]:
            if request.node == node.name:
                request.used = part_of(request.reservation.held, 50)
                request.reservation.inner.settle(request.used)
        self.settle_down()

    @precondition(lambda self: not self.dead)
    @rule(number=st.integers(0, 1))
    def crash(self, number: int) -> None:
        """A process dies; nobody knows yet."""
        node = self.nodes.pop(number % len(self.nodes))
        node.close(leaves=False)
        self.dead.append(node.name)
        self.start_node()

    @precondition(lambda self: self.dead)
    @rule()
    def lease_ends(self) -> None:
        """It is noticed that a node is dead: what it held is charged."""
        name = self.dead.pop()
        base = self.nodes[0].limiter._node.base
        self.server.ask("ZADD", f"{base}leases", "0", name)
        self.meet()
        self.unread.append(name)

    @precondition(lambda self: not self.dead)
    @rule(number=st.integers(0, 1))
    def is_thought_dead(self, number: int) -> None:
        """A process pauses for longer than its lease, is charged what it held, and goes on as if nothing had been."""
        node = self.nodes[number % len(self.nodes)]
        self.server.ask("ZADD", f"{node.limiter._node.base}leases", "0", node.name)
        for other in self.nodes:
            if other is not node:
                other.step()
        node.states(SCOPES)
        self.settle_down()

    @precondition(lambda self: self.dead or self.unread)
    @rule(share=st.integers(0, 100), times=st.integers(1, 2))
    def journal_is_read(self, share: int, times: int) -> None:
        """The journal of a dead process is read, before or after it was noticed; maybe by two."""
        name = (self.dead + self.unread)[-1]
        for request in self.books.requests:
            if request.node == name and not request.in_ledger:
                is_interrupted = request.used is None
                used = part_of(request.reservation.held, share) if is_interrupted else request.used
                assert used is not None
                for _ in range(times):
                    correction = Correction(request.id, request.reserved_s, used, self.books.charged(request))
                    self.nodes[0].wait_for(self.corrections.correct(correction))
                request.used, request.in_ledger = used, True
        if name in self.unread:
            self.unread.remove(name)

    @precondition(lambda self: not self.dead and not self.unread)
    @rule()
    def server_is_emptied(self) -> None:
        """Everything is gone; the nodes notice when they ask."""
        self.server.ask("FLUSHALL")
        self.emptied_s = self.clock.now_s
        for node in self.nodes:
            node.states(SCOPES)
        self.settle_down()

    @invariant()
    def no_hard_limit_is_passed_and_the_books_agree(self) -> None:
        for state in self.nodes[-1].states(SCOPES):
            assert 0 <= state.used + state.held <= state.amount, state
            assert state.held >= 0, state
            least, most = self.expected(state)
            assert least <= state.used <= most, (state, least, most)

    def expected(self, state: LimitState) -> tuple[int, int]:
        """Return the least and the most that a counter may show as used."""
        limit, scope = state.limit, state.scope
        if limit.metric == "concurrency":
            return 0, 0
        start_s = self.books.since(limit, scope)
        length_s = limit.window.length_s
        early_s = start_s
        if limit.window.kind == "sliding":
            early_s -= length_s / 60
            # What was restored counts from then on, in one part.
            if self.clock.now_s - self.emptied_s <= length_s + length_s / 60:
                early_s = min(early_s, self.emptied_s - length_s - length_s / 60)
        least = most = 0
        for request in self.books.requests:
            used = self.charge_of(request)
            if used is not None and scope in request.scopes:
                least += used.of(limit.metric) if request.reserved_s >= start_s else 0
                most += used.of(limit.metric) if request.reserved_s >= early_s else 0
        return least, most

    def charge_of(self, request: Request) -> Amounts | None:
        """Return what a request is charged now: what it used, or held when its node was found dead."""
        if request.used is None and request.node in self.unread:
            return request.reservation.held
        return request.used

from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.limits.suite import (
    ALICE,
    CHANGING,
    ONE,
    SCOPES,
    Clock,
    Interleavings,
    Keeper,
    LimiterSuite,
    a_limit,
    counted,
    part_of,
)
from tokenrouter.domain.limits import Amounts, CounterPast, Limit, LimitTable
from tokenrouter.domain.windows import window_before, window_start
from tokenrouter.limits import memory
from tokenrouter.limits.memory import MemoryLimiter


class TestMemoryLimiter(LimiterSuite):
    def make(self, limits: Sequence[Limit], clock: Clock, *, restored: bool) -> Keeper:
        return MemoryLimiter(limits, clock=clock, restored=restored)


class MemoryInterleavings(Interleavings):
    def make(self, limits: Sequence[Limit], clock: Clock) -> Keeper:
        self.limits = (*limits, *CHANGING)
        return MemoryLimiter(self.limits, clock=clock, restored=True)

    @rule(share=st.integers(0, 100))
    def crash(self, share: int) -> None:
        """The process dies; the next one charges what ran, and reads from the ledger what was used."""
        for request in self.running:
            request.used = part_of(request.reservation.held, share)
        self.restarted_s = self.clock.now_s
        keeper = MemoryLimiter(self.limits, clock=self.clock)
        used, past = {}, {}
        known = {scope for request in self.requests for scope in request.scopes}
        for scope in known.intersection(SCOPES):
            for limit in LimitTable(self.limits).of(scope):
                if limit.metric != "concurrency":
                    counter = limit.id, scope
                    used[counter], past[counter] = self.in_ledger(limit, scope)
        keeper.restore(used, keeper.unrestored, past)
        self.keeper = keeper

    def in_ledger(self, limit: Limit, scope: str) -> tuple[int, CounterPast]:
        """Return what the ledger's rows used in the window of now, and what must be known of the time before."""
        window, metric = limit.window, limit.metric
        first_s = self.first_use_s(scope)
        start_s = window_start(window, self.clock.now_s, first_s)
        before_s = window_before(window, start_s)
        since_s = start_s - window.length_s / 60 if window.kind == "sliding" else start_s
        used_before = 0 if before_s is None else self.used_since(before_s, scope, metric, start_s)
        return self.used_since(since_s, scope, metric), CounterPast(first_s, used_before)


TestInterleavings = MemoryInterleavings.TestCase
TestInterleavings.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_counters_of_many_keys_are_forgotten_when_they_are_over() -> None:
    clock = Clock()
    keeper = MemoryLimiter([a_limit("key:*", "requests", "60s", 9)], clock=clock, restored=True)
    for number in range(memory.MAX_REMEMBERED):
        keeper.reserve((f"key:{number}",), ONE).settle(ONE)
    clock.now_s += 100

    keeper.reserve(("key:next",), ONE)

    assert len(keeper._counters) == 1


def test_counters_in_use_outlive_any_number_of_others() -> None:
    clock = Clock()
    keeper = MemoryLimiter([a_limit("key:*", "tokens", "lifetime", 100)], clock=clock, restored=True)
    running = keeper.reserve(ALICE, ONE)
    keeper.reserve(("key:used",), ONE).settle(ONE)
    for number in range(memory.MAX_REMEMBERED + 1):
        keeper.reserve((f"key:{number}",), ONE).settle(Amounts())

    running.settle(ONE)

    assert counted(keeper, ALICE) == [(30, 0)]
    assert counted(keeper, ["key:used"]) == [(30, 0)]
    assert len(keeper._counters) < 10


def test_an_adjustment_counts_where_its_limit_is_known_and_restored() -> None:
    tokens, requests = a_limit("key:*", "tokens", "lifetime", 100), a_limit("key:*", "requests", "lifetime", 100)
    keeper = MemoryLimiter([tokens, requests], clock=Clock())
    keeper.restore({(tokens.id, "key:alice"): 70}, [tokens.id])

    for limit_id in (tokens.id, requests.id, "gone"):
        keeper.adjust(limit_id, "key:alice", -70)
    keeper.restore({(requests.id, "key:alice"): 7}, [requests.id])

    assert counted(keeper, ALICE) == [(0, 0), (7, 0)]


def test_what_a_soft_limit_counted_before_is_in_what_it_is_restored_to() -> None:
    limit = a_limit("global", "tokens", "day", 100, "soft")
    keeper = MemoryLimiter([limit], clock=Clock())
    keeper.reserve(ALICE, ONE).settle(ONE)
    running = keeper.reserve(ALICE, ONE)

    keeper.restore({(limit.id, "global"): 60}, [limit.id])
    running.settle(ONE)

    assert counted(keeper, ALICE) == [(60, 0)]

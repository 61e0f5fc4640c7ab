from collections.abc import Sequence

from hypothesis import settings

from tests.limits.suite import ALICE, ONE, Clock, Interleavings, Keeper, LimiterSuite, a_limit, counted
from tokenrouter.domain.limits import Amounts, Limit
from tokenrouter.limits import memory
from tokenrouter.limits.memory import MemoryLimiter


class TestMemoryLimiter(LimiterSuite):
    def make(self, limits: Sequence[Limit], clock: Clock, *, restored: bool) -> Keeper:
        return MemoryLimiter(limits, clock=clock, restored=restored)


class MemoryInterleavings(Interleavings):
    def make(self, limits: Sequence[Limit], clock: Clock) -> Keeper:
        return MemoryLimiter(limits, clock=clock, restored=True)


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

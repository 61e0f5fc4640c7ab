import asyncio

from tests.redis.test_connection import until
from tokenrouter.limits.adjusting import Adjusted, Adjusting, AdjustingThere


def adjusting() -> tuple[Adjusting, list[tuple[str, str, int]]]:
    done: list[tuple[str, str, int]] = []
    return Adjusting(lambda limit_id, scope, amount: done.append((limit_id, scope, amount))), done


FIRST = Adjusted(3, "a", "key:x", -10)
SECOND = Adjusted(4, "a", "key:y", -20)


def test_an_adjustment_counts_once_however_often_it_comes() -> None:
    order, done = adjusting()
    order.restored(["a"], 2)

    for _ in range(2):
        order.take([FIRST, SECOND])

    assert done == [("a", "key:x", -10), ("a", "key:y", -20)]


def test_what_the_figures_contain_is_not_counted_again() -> None:
    order, done = adjusting()
    order.restored(["a"], 3)

    order.take([FIRST, SECOND])

    assert done == [("a", "key:y", -20)]


def test_what_comes_before_the_figures_waits_for_them() -> None:
    order, done = adjusting()
    order.take([SECOND, FIRST])
    assert not done

    order.restored(["b"], 9)
    assert not done
    order.restored(["a"], 3)

    assert done == [("a", "key:y", -20)]


def test_a_limit_that_comes_back_comes_with_new_figures() -> None:
    order, done = adjusting()
    order.restored(["a"], 2)
    order.reload(["b"])
    order.reload(["a", "b"])

    order.take([FIRST])
    assert not done
    order.restored(["a"], 2)

    assert done == [("a", "key:x", -10)]


class Shared:
    """Counters elsewhere that take in what concerns limits that are `ready`."""

    def __init__(self, *ready: str) -> None:
        self.ready = set(ready)
        self.told: list[int] = []

    async def adjust(self, one: Adjusted) -> bool:
        if one.limit_id in self.ready:
            self.told.append(one.number)
        return one.limit_id in self.ready


OTHER = Adjusted(5, "b", "key:x", -30)


async def test_counters_elsewhere_are_told_each_limits_adjustments_in_order_until_they_take_them() -> None:
    shared = Shared("b")
    there = AdjustingThere(shared.adjust, again_s=0.01)
    there.take([FIRST, SECOND, OTHER])
    running = asyncio.create_task(there.run())
    await until(lambda: shared.told == [5])
    shared.ready.add("a")
    await until(lambda: shared.told == [5, 3, 4])

    there.take([SECOND, OTHER, Adjusted(6, "a", "key:x", 1)])
    await until(lambda: shared.told == [5, 3, 4, 6])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_behind_an_adjustment_that_waits_those_of_its_limit_wait_too() -> None:
    first, later = Shared(), Shared("a", "b")
    there = AdjustingThere(lambda one: (first if one is FIRST else later).adjust(one))
    there.take([FIRST, SECOND, OTHER])

    assert not await there.tell()
    assert later.told == [5]

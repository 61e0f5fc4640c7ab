import asyncio
import time

import pytest

from tokenrouter.gateway.patience import Patience, Queue


async def waiting(queue: Queue, order: list[int], number: int) -> None:
    place = await queue.line_up(10.0)
    assert place is not None
    order.append(number)
    await asyncio.sleep(0)
    queue.leave(place)


async def test_first_come_first_served() -> None:
    queue, order = Queue(), list[int]()
    await asyncio.gather(*(waiting(queue, order, number) for number in range(10)))

    assert order == list(range(10))
    assert len(queue) == 0


async def test_who_waits_too_long_leaves_and_holds_nobody_up() -> None:
    queue, order = Queue(), list[int]()
    first = await queue.line_up(10.0)
    assert first is not None
    assert await queue.line_up(0.01) is None

    last = asyncio.create_task(waiting(queue, order, 3))
    await asyncio.sleep(0)
    queue.leave(first)
    await last
    assert order == [3]


async def test_who_is_cancelled_leaves() -> None:
    queue = Queue()
    first = await queue.line_up(10.0)
    task = asyncio.create_task(queue.line_up(10.0))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert first is not None
    assert len(queue) == 1


async def test_a_settled_request_wakes_the_first_of_its_own_key_only() -> None:
    patience = Patience()
    mine, others = await patience.line_up("a", 1.0), await patience.line_up("b", 1.0)
    assert mine is not None
    assert others is not None

    patience.settled("a")
    await mine.wait(60.0)
    begun_s = time.monotonic()
    await others.wait(0.05)
    assert time.monotonic() - begun_s >= 0.04
    assert patience.waiting == 2


async def test_an_empty_queue_is_forgotten_and_another_begins_anew() -> None:
    patience = Patience()
    first = await patience.line_up("a", 1.0)
    waiting = asyncio.create_task(patience.line_up("a", 1.0))
    await asyncio.sleep(0)
    patience.leave("a", None)
    assert patience.waiting == 2

    patience.leave("a", first)
    patience.leave("a", await waiting)
    assert not patience.is_waited_for("a")
    patience.leave("a", None)
    assert await patience.line_up("a", 1.0) is not None

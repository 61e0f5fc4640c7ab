import asyncio

import pytest

from tokenrouter.domain.errors import RateLimited
from tokenrouter.gateway.admission import Admission


async def test_without_a_bound_everybody_enters() -> None:
    door = Admission()

    assert all(door.try_enter() for _ in range(1000))


async def test_who_came_first_enters_first() -> None:
    door = Admission(1)
    assert door.try_enter()
    order: list[int] = []

    async def come(number: int) -> None:
        await door.enter()
        order.append(number)
        door.leave()

    tasks = [asyncio.create_task(come(number)) for number in range(5)]
    await asyncio.sleep(0)
    assert not door.try_enter()
    door.leave()
    await asyncio.gather(*tasks)

    assert order == [0, 1, 2, 3, 4]
    assert (door.running, door.waiting) == (0, 0)


async def test_a_wait_is_bounded_in_time_and_in_number() -> None:
    door = Admission(1, max_wait_s=0.05, max_waiting=1)
    door.try_enter()
    first = asyncio.create_task(door.enter())
    await asyncio.sleep(0)
    with pytest.raises(RateLimited) as caught:
        await door.enter()
    assert caught.value.retry_after_s
    with pytest.raises(RateLimited):
        await first

    door.leave()
    assert door.try_enter()


async def test_who_gives_up_takes_no_place_with_them() -> None:
    door = Admission(1)
    door.try_enter()
    waiting = [asyncio.create_task(door.enter()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    door.leave()
    waiting[1].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    assert door.running == 1
    assert waiting[2].exception() is None


async def test_a_wider_door_lets_the_waiting_in() -> None:
    door = Admission(1)
    door.try_enter()
    waiting = asyncio.create_task(door.enter())
    await asyncio.sleep(0)
    door.configure(2, max_wait_s=1, max_waiting=1)
    await waiting

    assert door.running == 2

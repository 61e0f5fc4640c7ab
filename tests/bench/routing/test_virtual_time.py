import asyncio
import time

import pytest

from bench.routing.virtual_time import run


async def _hours() -> list[float]:
    loop, seen = asyncio.get_running_loop(), []
    for pause_s in (3600.0, 7200.0):
        await asyncio.sleep(pause_s)
        seen.append(loop.time())
    return seen


def test_hours_are_over_at_once() -> None:
    begun_s = time.monotonic()
    assert run(_hours()) == [3600.0, 10_800.0]
    assert time.monotonic() - begun_s < 60


async def _race() -> list[str]:
    order: list[str] = []

    async def note(name: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        order.append(name)

    async with asyncio.TaskGroup() as tasks:
        for name, after_s in (("third", 3.0), ("first", 1.0), ("second", 2.0)):
            tasks.create_task(note(name, after_s))
    return order


def test_timers_come_in_their_order() -> None:
    assert run(_race()) == ["first", "second", "third"]


async def _never() -> None:
    await asyncio.get_running_loop().create_future()


def test_waiting_for_nothing_is_told() -> None:
    with pytest.raises(RuntimeError, match="never happen"):
        run(_never())

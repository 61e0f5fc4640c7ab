import asyncio

import pytest

from tokenrouter.upstream.wakeup import Wakeup


async def test_a_task_is_woken_through_the_loop() -> None:
    waiting = Wakeup(asyncio.get_running_loop())
    seen: list[str] = []

    async def work() -> None:
        await waiting
        seen.append("woken")

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    waiting.wake()
    assert not seen
    await task
    assert seen == ["woken"]


async def test_an_error_is_raised_where_it_is_awaited() -> None:
    waiting = Wakeup(asyncio.get_running_loop())
    waiting.wake(ValueError("no answer"))
    waiting.wake()

    with pytest.raises(ValueError, match="no answer"):
        await waiting


async def test_a_task_that_waits_can_be_cancelled() -> None:
    waiting = Wakeup(asyncio.get_running_loop())

    async def work() -> None:
        await waiting

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel("client_disconnect")
    with pytest.raises(asyncio.CancelledError, match="client_disconnect"):
        await task
    assert not waiting.cancel()

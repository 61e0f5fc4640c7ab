import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tokenrouter.edge.eager import EagerTask
from tokenrouter.upstream.wakeup import Wakeup


class Ending:
    """Counts how often it was called, and with what."""

    def __init__(self) -> None:
        self.times = 0
        self.error: Exception | None = None

    def __call__(self, error: Exception | None) -> None:
        self.times += 1
        self.error = error


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0)


async def test_it_runs_at_once_and_goes_on_in_the_call_that_wakes_it() -> None:
    seen: list[str] = []
    waiting = Wakeup(asyncio.get_running_loop())

    async def work() -> None:
        seen.append("begun")
        await waiting
        seen.append("woken")

    done = Ending()
    EagerTask(work(), done).start()
    assert seen == ["begun"]
    waiting.wake()
    assert seen == ["begun", "woken"]
    assert done.times == 1


async def test_it_awaits_whatever_asyncio_offers() -> None:
    seen: list[object] = []
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> None:
        await asyncio.sleep(0)
        seen.append(await future)
        seen.append(await asyncio.get_running_loop().create_task(asyncio.sleep(0.001, "slept")))

    done = Ending()
    EagerTask(work(), done).start()
    future.set_result(7)
    await until(lambda: done.times == 1)
    assert seen == [7, "slept"]


@pytest.mark.parametrize("kind", ["wakeup", "future", "task"])
async def test_cancelling_raises_where_it_waits_and_says_why(kind: str) -> None:
    loop = asyncio.get_running_loop()
    seen: list[object] = []
    awaited: Awaitable[None] = loop.create_future()
    if kind == "wakeup":
        awaited = Wakeup(loop)
    elif kind == "task":
        awaited = loop.create_task(asyncio.sleep(60))

    async def work() -> None:
        try:
            await awaited
        except asyncio.CancelledError as error:
            seen.extend(error.args)
            raise

    done = Ending()
    task = EagerTask(work(), done)
    task.start()
    task.cancel("shutdown")
    await until(lambda: done.times == 1)
    assert seen == ["shutdown"]


async def test_cancelling_what_is_being_woken_strikes_at_the_next_wait() -> None:
    loop = asyncio.get_running_loop()
    seen: list[str] = []
    future: asyncio.Future[None] = loop.create_future()

    async def work() -> None:
        await future
        seen.append("woken")
        await loop.create_future()

    done = Ending()
    task = EagerTask(work(), done)
    task.start()
    future.set_result(None)
    task.cancel("client_disconnect")
    await until(lambda: done.times == 1)
    assert seen == ["woken"]


async def test_what_it_raises_is_given_to_who_started_it() -> None:
    async def work() -> None:
        raise ValueError("unforeseen")

    done = Ending()
    EagerTask(work(), done).start()
    assert isinstance(done.error, ValueError)
    assert done.times == 1

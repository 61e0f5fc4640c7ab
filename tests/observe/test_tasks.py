import asyncio

import structlog

from tokenrouter.observe.tasks import BackgroundTasks


async def test_a_task_that_fails_is_heard() -> None:
    tasks = BackgroundTasks()

    async def fail() -> None:
        raise ValueError("broken")

    with structlog.testing.capture_logs() as logs:
        task = tasks.start(fail(), "failing")
        await asyncio.wait([task])
        await asyncio.sleep(0)

    assert logs[0]["task"] == "failing"


async def test_the_end_cancels_what_still_runs() -> None:
    tasks = BackgroundTasks()
    task = tasks.start(asyncio.sleep(60), "sleeping")
    await tasks.close()

    assert task.cancelled()

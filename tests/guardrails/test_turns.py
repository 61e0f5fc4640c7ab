"""Long work that lets others have their turn."""

import asyncio

from tokenrouter.guardrails.turns import turn


async def test_others_run_in_the_middle_of_long_work() -> None:
    order: list[str] = []

    async def work(name: str) -> None:
        for part in range(2):
            order.append(f"{name}{part}")
            await turn()

    await asyncio.gather(work("a"), work("b"))
    assert order == ["a0", "b0", "a1", "b1"]

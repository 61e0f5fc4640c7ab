import asyncio

from tokenrouter.domain.catalog import Provider
from tokenrouter.jobs.automatic_providers import MISSES, AutomaticProviders


def provider(name: str, port: int = 1) -> Provider:
    return Provider(name, "ollama", f"http://127.0.0.1:{port}/v1", origin="automatic")


class Scripted:
    """Finds what it is told."""

    def __init__(self, *names: str) -> None:
        self.found: dict[str, Provider] | None = {name: provider(name) for name in names}
        self.looks = 0

    async def look(self) -> dict[str, Provider] | None:
        self.looks += 1
        return None if self.found is None else dict(self.found)


class Joined:
    def __init__(self, *finders: Scripted, remembered: tuple[Provider, ...] = ()) -> None:
        self.changes = 0
        self.automatic = AutomaticProviders(self._changed)
        self.finders = finders
        for finder in finders:
            self.automatic.add(finder, lambda: 0.001, longest_pause_s=0.004, remembered=remembered)
            remembered = ()

    def _changed(self) -> None:
        self.changes += 1

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.automatic.providers()]

    async def look(self, times: int = 1) -> None:
        for _ in range(times):
            for finder in self.finders:
                await self.automatic.look(finder)


async def test_who_is_found_joins_and_that_is_told_once() -> None:
    joined = Joined(Scripted("a"), Scripted("b"))
    assert joined.names == []

    await joined.look(3)

    assert joined.names == ["a", "b"]
    assert joined.changes == 2


async def test_who_is_missed_again_and_again_leaves() -> None:
    finder = Scripted("a")
    joined = Joined(finder)
    await joined.look()
    finder.found = {}
    await joined.look(MISSES - 1)
    assert (joined.names, joined.changes) == (["a"], 1)

    await joined.look()
    assert (joined.names, joined.changes) == ([], 2)


async def test_a_restart_in_between_is_no_change() -> None:
    finder = Scripted("a")
    joined = Joined(finder)
    for found in ({"a": provider("a")}, {}, {}) * 3:
        finder.found = dict(found)
        await joined.look()

    assert (joined.names, joined.changes) == (["a"], 1)


async def test_one_that_moved_is_a_change() -> None:
    finder = Scripted("a")
    joined = Joined(finder)
    await joined.look()
    finder.found = {"a": provider("a", port=2)}
    await joined.look()

    assert joined.automatic.providers() == (provider("a", port=2),)
    assert joined.changes == 2


async def test_when_looking_is_switched_off_all_leave_at_once() -> None:
    finder = Scripted("a")
    joined = Joined(finder)
    await joined.look()
    finder.found = None
    await joined.look()

    assert (joined.names, joined.changes) == ([], 2)


async def test_those_of_the_last_start_are_there_until_they_are_missed() -> None:
    finder = Scripted()
    joined = Joined(finder, remembered=(provider("a"),))
    assert joined.names == ["a"]
    finder.found = {"a": provider("a")}
    await joined.look()
    assert joined.changes == 0
    finder.found = {}
    await joined.look(MISSES)
    assert joined.names == []


async def test_after_a_change_it_is_looked_at_once() -> None:
    finder = Scripted("a")
    automatic = AutomaticProviders(lambda: None)
    automatic.add(finder, lambda: 1000.0)
    running = asyncio.create_task(automatic.run())
    async with asyncio.timeout(60):
        for looks in (1, 2, 3):
            while finder.looks < looks:
                automatic.look_now()
                await asyncio.sleep(0.001)
    running.cancel()


async def test_it_is_looked_for_ever() -> None:
    finder, other = Scripted("a"), Scripted()
    joined = Joined(finder, other)
    running = asyncio.create_task(joined.automatic.run())
    async with asyncio.timeout(60):
        while finder.looks < 3 or other.looks < 3:
            await asyncio.sleep(0.001)
    running.cancel()

    assert joined.names == ["a"]

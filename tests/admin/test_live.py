import asyncio

from sqlalchemy.exc import OperationalError

from tokenrouter.admin.live import LiveChanges


class World:
    """Something to look at; `sleep` is a second that passes as soon as others have had their turn."""

    def __init__(self) -> None:
        self.marks: dict[str, object] = {"keys": 1, "usage": (0, {})}
        self.looks = 0
        self.is_away = False
        self.seconds: asyncio.Queue[None] = asyncio.Queue()

    def look(self) -> dict[str, object]:
        self.looks += 1
        if self.is_away:
            raise OperationalError("select", {}, Exception("away"))
        return dict(self.marks)

    async def sleep(self, _seconds: float) -> None:
        await self.seconds.get()


async def test_what_has_changed_is_counted_by_its_scope() -> None:
    world, live = World(), LiveChanges()
    await live.look_once(world.look)
    world.marks["keys"] = 2
    await live.look_once(world.look)
    await live.look_once(world.look)

    assert live.counts == {"keys": 1}


async def test_one_look_is_for_all_who_listen_and_nobody_looks_for_nobody() -> None:
    world = World()
    live = LiveChanges(sleep=world.sleep)
    async with live.listening(world.look), live.listening(world.look):
        both = asyncio.gather(live.next_look(), live.next_look())
        assert all(await both)
        assert world.looks == 1
        world.seconds.put_nowait(None)
        assert await live.next_look()
        assert (world.looks, live.listeners) == (2, 2)
    world.seconds.put_nowait(None)
    await asyncio.sleep(0)

    assert (world.looks, live.listeners) == (2, 0)
    assert not await live.next_look()


async def test_what_changed_while_nobody_listened_is_no_news_to_whoever_comes() -> None:
    world = World()
    live = LiveChanges(sleep=world.sleep)
    async with live.listening(world.look):
        assert await live.next_look()
    world.marks["keys"] = 2
    async with live.listening(world.look):
        assert await live.next_look()

    assert live.counts == {}


async def test_a_database_that_is_away_has_not_changed() -> None:
    world, live = World(), LiveChanges()
    await live.look_once(world.look)
    world.is_away = True
    await live.look_once(world.look)
    world.is_away = False
    world.marks["usage"] = (1, {})
    await live.look_once(world.look)

    assert live.counts == {"usage": 1}


async def test_whoever_waits_is_not_left_waiting_when_looking_has_failed() -> None:
    def fail() -> dict[str, object]:
        raise ValueError("a mistake")

    live = LiveChanges()
    async with live.listening(fail):
        assert not await live.next_look()
        assert not await live.next_look()

"""The supervisor's socket with both of its other ends: real sockets, and who answers at which."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tokenrouter.app.arguments import InheritedListener
from tokenrouter.app.listener_feed import follow_listeners
from tokenrouter.app.listener_road import ListenerRoad
from tokenrouter.app.listeners import CannotListen, Listeners
from tokenrouter.app.moving import Mover
from tokenrouter.app.plan import Bound
from tokenrouter.jobs.listener_desk import CannotMove, ListenerDesk
from tokenrouter.testing.processes import free_port


class Follower:
    """What a data process would serve."""

    def __init__(self) -> None:
        self.serving: dict[int, socket.socket] = {}
        self.served: list[list[int]] = []
        self.news = asyncio.Event()

    async def follow(self, listeners: Sequence[InheritedListener]) -> None:
        wanted = {one.id for one in listeners}
        for one in listeners:
            self.serving.setdefault(one.id, socket.socket(fileno=one.fd))
        for number in [number for number in self.serving if number not in wanted]:
            self.serving.pop(number).close()
        self.served.append(self.ports())
        self.news.set()

    def ports(self) -> list[int]:
        return [one.getsockname()[1] for one in self.serving.values()]


class Installed:
    """Supervisor, control process and data process in one."""

    def __init__(self, folder: Path, patience_s: float) -> None:
        self.listeners, self.follower, self.heard = Listeners(), Follower(), asyncio.Event()
        self.road = ListenerRoad(folder / "road", self.listeners, patience_s)
        self.desk = ListenerDesk(folder / "road", self.heard.set)
        self.port = free_port()

    async def until(self, ports: list[int]) -> None:
        """Return when these are served, or were since the last time."""
        async with asyncio.timeout(60):
            while ports not in self.follower.served:
                self.follower.news.clear()
                await self.follower.news.wait()
        del self.follower.served[: self.follower.served.index(ports) + 1]


@asynccontextmanager
async def installing(tmp_path: Path, patience_s: float) -> AsyncIterator[Installed]:
    here = Installed(tmp_path, patience_s)
    await here.listeners.bind(Bound("http", "127.0.0.1", here.port))
    here.road.start()
    tasks = [
        asyncio.create_task(follow_listeners(tmp_path / "road", here.follower.follow)),
        asyncio.create_task(here.desk.run()),
    ]
    await here.until([here.port])
    async with asyncio.timeout(60):
        await here.heard.wait()
    yield here
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    here.road.close()
    here.listeners.close_all()


@pytest.fixture
async def installed(tmp_path: Path) -> AsyncIterator[Installed]:
    async with installing(tmp_path, 3600.0) as here:
        yield here


async def test_what_listens_is_told_with_its_sockets(installed: Installed) -> None:
    (told,) = installed.desk.listeners

    assert (told.kind, told.setting, told.address) == ("http", "listen_addr", f"127.0.0.1:{installed.port}")
    assert installed.desk.pending is None


async def test_a_move_that_is_kept_gives_up_the_old_address(installed: Installed) -> None:
    new = free_port()
    move = await installed.desk.move("listen_addr", "127.0.0.1", new)
    await installed.until([installed.port, new])
    assert [one.address for one in installed.desk.lasting] == [f"127.0.0.1:{installed.port}"]

    await installed.desk.end(move.id, keep=True)
    await installed.until([new])

    assert [one.address for one in installed.desk.lasting] == [f"127.0.0.1:{new}"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", installed.port))


async def test_a_move_that_is_cancelled_leaves_all_as_it_was(installed: Installed) -> None:
    move = await installed.desk.move("listen_addr", "127.0.0.1", free_port())
    await installed.desk.end(move.id, keep=False)
    await installed.until([installed.port])

    with pytest.raises(CannotMove, match="no such move any more"):
        await installed.desk.end(move.id, keep=True)


async def test_without_a_word_a_move_undoes_itself(tmp_path: Path) -> None:
    async with installing(tmp_path, 0.3) as hasty:
        new = free_port()
        move = await hasty.desk.move("listen_addr", "127.0.0.1", new)
        await hasty.until([hasty.port, new])
        await hasty.until([hasty.port])

        with pytest.raises(CannotMove, match="no such move any more"):
            await hasty.desk.end(move.id, keep=True)


async def test_the_same_port_of_every_address_may_be_moved_to_and_nobody_else_gets_it(installed: Installed) -> None:
    move = await installed.desk.move("listen_addr", "0.0.0.0", installed.port)
    await installed.desk.end(move.id, keep=True)
    await installed.until([installed.port])

    assert installed.desk.lasting[0].address == f"0.0.0.0:{installed.port}"
    with pytest.raises(OSError, match="in use"):
        socket.create_server(("127.0.0.1", installed.port))


async def test_what_cannot_be_moved_is_told_with_why(installed: Installed) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CannotMove, match="in use"):
        await installed.desk.move("listen_addr", "127.0.0.1", taken.getsockname()[1])
    with pytest.raises(CannotMove, match="listens already"):
        await installed.desk.move("listen_addr", "127.0.0.1", installed.port)
    with pytest.raises(CannotMove, match=r"nothing listens because of tls\.listen_addr"):
        await installed.desk.move("tls.listen_addr", "127.0.0.1", free_port())
    await installed.desk.move("listen_addr", "127.0.0.1", free_port())
    with pytest.raises(CannotMove, match="being moved already"):
        await installed.desk.move("listen_addr", "127.0.0.1", free_port())


async def test_a_name_is_looked_up_by_whoever_asks_and_never_by_the_supervisor(installed: Installed) -> None:
    new = free_port()
    move = await installed.desk.move("listen_addr", "localhost", new)
    await installed.desk.end(move.id, keep=False)

    assert move.new.address == f"127.0.0.1:{new}"
    with pytest.raises(CannotListen, match="localhost is a name"):
        await Mover(installed.listeners, lambda: None).begin("listen_addr", "localhost", new)
    with pytest.raises(CannotMove, match=r"nobody knows which address nowhere\.invalid is"):
        await installed.desk.move("listen_addr", "nowhere.invalid", new)


async def test_the_name_of_where_it_listens_already_is_told_so(installed: Installed) -> None:
    with pytest.raises(CannotMove, match="is where it listens already"):
        await installed.desk.move("listen_addr", "localhost", installed.port)


async def test_a_data_process_that_comes_in_the_middle_of_a_move_has_both(installed: Installed, tmp_path: Path) -> None:
    new = free_port()
    await installed.desk.move("listen_addr", "127.0.0.1", new)
    late = Follower()
    task = asyncio.create_task(follow_listeners(tmp_path / "road", late.follow))
    async with asyncio.timeout(60):
        await late.news.wait()
    task.cancel()

    assert late.ports() == [installed.port, new]


async def test_whoever_talks_nonsense_is_hung_up_on_and_nobody_else_notices(
    installed: Installed, tmp_path: Path
) -> None:
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / "road"))
    writer.write(b"nonsense\n")
    with suppress(ConnectionError):
        async with asyncio.timeout(60):
            assert await reader.read() == b""

    move = await installed.desk.move("listen_addr", "127.0.0.1", free_port())
    await installed.desk.end(move.id, keep=False)

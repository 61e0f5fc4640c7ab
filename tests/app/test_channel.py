import asyncio
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import mkdtemp

from tokenrouter.app.channel import (
    MAX_FRAME_BYTES,
    CatalogMessage,
    ChannelClient,
    ChannelServer,
    CountersMessage,
    FiguresMessage,
    Hello,
    ToData,
)
from tokenrouter.domain.catalog import Catalog

HELLO = Hello("w1", 1, "0")


async def welcome() -> AsyncIterator[ToData]:
    yield CatalogMessage(Catalog(version=7))
    yield CountersMessage([("l", "key:a", 3)])


def socket_path() -> Path:
    return Path(mkdtemp()) / "s"  # short: a Unix socket's path has at most 108 bytes


async def until(condition: object) -> None:
    async with asyncio.timeout(5):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.005)


async def test_a_newcomer_is_told_the_state_and_everybody_what_changes() -> None:
    path, heard = socket_path(), list[ToData]()
    server = ChannelServer(path, welcome)
    client = ChannelClient(path, HELLO, heard.append)
    listening = asyncio.create_task(client.run())
    await server.start()
    await until(lambda: len(heard) == 2 and server.workers)

    server.broadcast(CatalogMessage(Catalog(version=8)))
    assert client.send(FiguresMessage({"gauges": {"x": 1}}))
    await until(lambda: len(heard) == 3 and server.workers["w1"])

    assert heard == [
        CatalogMessage(Catalog(version=7)),
        CountersMessage([("l", "key:a", 3)]),
        CatalogMessage(Catalog(version=8)),
    ]
    assert server.workers == {"w1": {"gauges": {"x": 1}}}
    listening.cancel()
    await server.close()


async def test_a_data_process_comes_back_to_a_new_control_process() -> None:
    path, heard = socket_path(), list[ToData]()
    client = ChannelClient(path, HELLO, heard.append)
    listening = asyncio.create_task(client.run())
    for count in (2, 4):
        server = ChannelServer(path, welcome)
        await server.start()
        await until(lambda count=count: len(heard) == count)
        await server.close()
        await until(lambda: not client.is_connected)

    assert not client.send(HELLO)
    listening.cancel()


async def test_garbage_costs_the_one_who_sent_it_the_connection() -> None:
    path = socket_path()
    server = ChannelServer(path, welcome)
    await server.start()
    for garbage in (struct.pack(">I", MAX_FRAME_BYTES + 1), struct.pack(">I", 3) + b"\xc1\xc1\xc1", b"\0"):
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(garbage)
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 5)
        writer.close()

    assert server.workers == {}
    await server.close()

"""A data process's end of the supervisor's socket: the listeners, as they are opened and given up."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import structlog

from tokenrouter.app.arguments import InheritedListener
from tokenrouter.app.listener_road import MAX_LINE_BYTES

MAX_SOCKETS: Final = 16
RECONNECT_S: Final = 0.25

log = structlog.get_logger(__name__)

Follow = Callable[[Sequence[InheritedListener]], Awaitable[None]]


async def follow_listeners(path: Path, follow: Follow) -> None:
    """Call `follow` with all listeners, whenever they may have changed; runs until cancelled."""
    while True:
        with socket.socket(socket.AF_UNIX) as road:
            road.setblocking(False)
            try:
                await _listen(road, path, follow)
            except (OSError, ValueError) as error:
                log.info("the supervisor is asked again", reason=str(error))
        await asyncio.sleep(RECONNECT_S)


async def _listen(road: socket.socket, path: Path, follow: Follow) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_connect(road, str(path))
    await loop.sock_sendall(road, b'{"do":"follow","sockets":true}\n')
    said, fds = b"", list[int]()
    try:
        while True:
            heard, more = await _receive(road)
            if not heard:
                raise ConnectionResetError("it has hung up")
            fds += more
            *lines, said = (said + heard).split(b"\n")
            for line in lines:
                told = json.loads(line)["listeners"]
                mine, fds = fds[: len(told)], fds[len(told) :]
                await follow(
                    [InheritedListener(one["id"], one["kind"], fd) for one, fd in zip(told, mine, strict=True)]
                )
    finally:
        for fd in fds:
            socket.socket(fileno=fd).close()


async def _receive(road: socket.socket) -> tuple[bytes, list[int]]:
    """Return bytes and descriptors, as soon as there are any."""
    loop = asyncio.get_running_loop()
    while True:
        arrived = asyncio.Event()
        loop.add_reader(road.fileno(), arrived.set)
        try:
            await arrived.wait()
        finally:
            loop.remove_reader(road.fileno())
        try:
            heard, fds, _flags, _address = socket.recv_fds(road, MAX_LINE_BYTES, MAX_SOCKETS)
        except BlockingIOError:
            continue
        return heard, list(fds)

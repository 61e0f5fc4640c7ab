"""The listeners of a data process over real sockets."""

import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge.talking import Answering, echo, talk
from tests.tls.certificates import settings
from tokenrouter.app.arguments import InheritedListener
from tokenrouter.app.doors import Doors
from tokenrouter.edge.protocol import Bounds, Connections
from tokenrouter.tls.prepare import prepare_certificate


@pytest.fixture
async def doors(tmp_path: Path) -> AsyncIterator[Doors]:
    ours = settings(tmp_path, mode="self_signed")
    prepare_certificate(ours)
    service = Answering(echo)
    connections = Connections(service, Bounds())
    doors = Doors(connections, service, ours)
    yield doors
    doors.close()
    connections.abort("shutdown")


def listening() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    return listener


def inherited(number: int, kind: str, listener: socket.socket) -> InheritedListener:
    return InheritedListener(number, kind, os.dup(listener.fileno()))


async def test_while_https_is_being_moved_visitors_are_led_to_where_it_was_reached(doors: Doors) -> None:
    old, new, plain = listening(), listening(), listening()
    port = plain.getsockname()[1]

    async def led_to() -> str:
        told = (await talk(port, b"GET / HTTP/1.1\r\nhost: ai.test\r\n\r\n")).decode()
        return told.partition("location: https://ai.test:")[2].partition("/")[0]

    with old, new, plain:
        await doors.follow([inherited(1, "tls", old), inherited(2, "redirect", plain)])
        await doors.follow([inherited(1, "tls", old), inherited(2, "redirect", plain), inherited(3, "tls", new)])
        assert await led_to() == str(old.getsockname()[1])

        await doors.follow([inherited(2, "redirect", plain), inherited(3, "tls", new)])
        assert await led_to() == str(new.getsockname()[1])

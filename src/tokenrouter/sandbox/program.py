"""The sandbox as a program: listens, says where, and ends when it is told to or when its parent has gone."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tokenrouter.sandbox.aws.routes import AwsAccess
from tokenrouter.sandbox.books import Books
from tokenrouter.sandbox.google.access import GoogleAccess
from tokenrouter.sandbox.routes import Sandbox
from tokenrouter.sandbox.server import Connection

BACKLOG: Final = 4096


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. `fd` is a listening socket, `parent_fd` a pipe whose end means ours."""

    host: str = "127.0.0.1"
    port: int = 0
    fd: int | None = None
    parent_fd: int | None = None
    books: Path | None = None
    api_keys: Sequence[str] = ()
    aws: AwsAccess | None = None
    google: GoogleAccess | None = None


async def run(options: Options) -> None:
    """Serve until SIGTERM, SIGINT or the end of the parent's pipe; requests still running are ended at once."""
    books = Books(options.books)
    sandbox = Sandbox(books, frozenset(options.api_keys), options.aws, options.google)
    connections: set[Connection] = set()
    stopped = _stopped(options.parent_fd)
    listener = _listener(options)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(sandbox, connections), sock=listener, backlog=BACKLOG)
    sys.stdout.write(f"sandbox listening on {_address(listener)}/v1\n")
    sys.stdout.flush()
    await stopped.wait()
    server.close()
    running = [connection.stop() for connection in list(connections)]
    await asyncio.gather(*(task for task in running if task is not None), return_exceptions=True)
    books.close()


def _stopped(parent_fd: int | None) -> asyncio.Event:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if parent_fd is not None:
        loop.add_reader(parent_fd, lambda: None if os.read(parent_fd, 4096) else stopped.set())
    return stopped


def _listener(options: Options) -> socket.socket:
    if options.fd is not None:
        return socket.socket(fileno=options.fd)
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    return socket.create_server((options.host, options.port), family=family, backlog=BACKLOG)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

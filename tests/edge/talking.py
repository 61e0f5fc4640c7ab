"""A real listener with the edge's protocol, and a plain socket to speak to it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from tokenrouter.domain.errors import GatewayError
from tokenrouter.edge.protocol import Bounds, Connections
from tokenrouter.edge.request import Request
from tokenrouter.edge.responder import HttpResponder

Answer = Callable[[Request, HttpResponder], Coroutine[Any, Any, None]]


async def echo(request: Request, responder: HttpResponder) -> None:
    """Answer with what was understood."""
    told = b"%b %b %b" % (request.head.method, request.head.path, request.body)
    responder.answer(200, b"content-type: text/plain\r\n", told)


class Answering:
    """A service that answers every request in one way."""

    def __init__(self, answer: Answer) -> None:
        self.handle = answer

    def fail(self, error: Exception, request: Request, responder: HttpResponder) -> None:
        """Tell status and code."""
        assert isinstance(error, GatewayError)
        self.refuse(error, request.head.path, responder)

    def refuse(self, error: GatewayError, path: bytes, responder: HttpResponder) -> None:
        """Tell status and code."""
        responder.answer(error.status, b"", error.code.encode())


@asynccontextmanager
async def listening(answer: Answer = echo, bounds: Bounds | None = None) -> AsyncIterator[tuple[Connections, int]]:
    """Serve on a free port."""
    connections = Connections(Answering(answer), bounds or Bounds())
    server = await asyncio.get_running_loop().create_server(connections.new, "127.0.0.1", 0)
    sweeping = asyncio.create_task(connections.sweep(0.05))
    try:
        yield connections, server.sockets[0].getsockname()[1]
    finally:
        sweeping.cancel()
        server.close()
        connections.abort("shutdown")


async def talk(port: int, sent: bytes, *, patience_s: float = 5.0) -> bytes:
    """Send bytes, and return everything until the server closes or falls silent for a moment."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    received = b""
    try:
        async with asyncio.timeout(patience_s):
            while data := await asyncio.wait_for(reader.read(65536), 0.25 if received else patience_s):
                received += data
    except (TimeoutError, ConnectionError):
        pass
    writer.close()
    return received

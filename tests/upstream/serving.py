"""A tiny real server that answers each connection by a script."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tokenrouter.domain.catalog import Timeouts
from tokenrouter.providers.base import Origin
from tokenrouter.providers.outbound import Destination, UpstreamRequest

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@asynccontextmanager
async def serving(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve on a free port."""

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(run, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Return one request of which the body is `ping`."""
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(4)


def answering(*pieces: bytes, pause_s: float = 0.0) -> Script:
    """Give these pieces to every request of a connection."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause_s)

    return script


def request(
    port: int, *, whole: int = 2**20, host: str = "127.0.0.1", tls: bool = False, **times: float
) -> UpstreamRequest:
    """A request to it; `times` are time limits."""
    origin = Origin("https" if tls else "http", host, port)
    return UpstreamRequest(
        Destination(origin, Timeouts(**times), "acme", allow_private=True),
        [b"POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\n", b"ping"],
        whole_limit=whole,
    )

"""A TLS connection through an HTTP proxy: CONNECT (RFC 9110, 9.3.6), then the handshake inside the tunnel."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final, cast

from tokenrouter.providers.base import Origin
from tokenrouter.upstream.connection import UpstreamConnection
from tokenrouter.upstream.proxies import Proxy

MAX_REPLY_BYTES: Final = 16 * 2**10


class _TunnelReply(asyncio.Protocol):
    """Collects the proxy's answer to CONNECT."""

    def __init__(self) -> None:
        self.reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._seen = b""

    def data_received(self, data: bytes) -> None:
        self._seen += data
        if b"\r\n\r\n" in self._seen and not self.reply.done():
            self.reply.set_result(self._seen)
        elif len(self._seen) > MAX_REPLY_BYTES and not self.reply.done():
            self.reply.set_exception(OSError("the proxy's answer to CONNECT has no end"))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.reply.done():
            self.reply.set_exception(OSError("the proxy closed the connection"))


async def open_tunnel(
    proxy: Proxy, origin: Origin, tls: ssl.SSLContext, factory: Callable[[], UpstreamConnection]
) -> UpstreamConnection:
    """Return a connection to `origin` inside a tunnel through `proxy`.

    Raises:
        OSError: the proxy refused, or broke the connection.
        ssl.SSLError: the handshake with `origin` failed.
    """
    loop = asyncio.get_running_loop()
    transport, waiting = await loop.create_connection(_TunnelReply, proxy.host, proxy.port)
    try:
        transport.write(proxy.connect_request(origin))
        status_line = (await waiting.reply).partition(b"\r\n")[0].decode("latin-1")
        if status_line.split(" ")[1:2] != ["200"]:
            raise OSError(f"the proxy {proxy.host}:{proxy.port} refused the tunnel: {status_line}")
        connection = factory()
        secured = await loop.start_tls(transport, connection, tls, server_hostname=origin.host)
    except BaseException:
        transport.abort()
        raise
    connection.connection_made(cast(asyncio.Transport, secured))
    return connection

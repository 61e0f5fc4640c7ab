"""Taking in connections of a listener that speaks TLS.

Until a handshake is done there is no connection of `protocol.py` that could be counted or be too slow, so both are
looked after here: unfinished handshakes count as connections, and each must be done within the time that a request's
head may take.
"""

import asyncio
import socket

from tokenrouter.edge.protocol import ClientConnection, Connections, Door
from tokenrouter.edge.tls import ServerTls
from tokenrouter.edge.tls_transport import READ_BYTES, TlsTransport


class TlsListener:
    """One listening socket: the `Entrance` of all that come by it.

    Attributes:
        handshakes: that were begun and are not done; `failed`: how many came to nothing.
    """

    def __init__(self, listener: socket.socket, tls: ServerTls, connections: Connections, door: Door) -> None:
        self._listener = listener
        self._connections = connections
        self._door = door
        self._server: asyncio.Server | None = None
        self.tls = tls
        self.buffer = bytearray(READ_BYTES)
        self.handshakes: set[TlsTransport] = set()
        self.failed = 0

    async def start(self, backlog: int = 100) -> None:
        """Take in whoever comes; so many may wait for it."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: TlsTransport(self), sock=self._listener, backlog=backlog)

    def close(self) -> None:
        """Take in nobody any more; handshakes that go on are given up."""
        if self._server is not None:
            self._server.close()
            self._server = None
            for transport in self.handshakes:
                transport.abort()

    def begin(self, transport: TlsTransport) -> float | None:
        bounds = self._connections.bounds
        if len(self._connections.open) + len(self.handshakes) >= bounds.max_connections:
            return None
        self.handshakes.add(transport)
        return bounds.head_timeout_s

    def end(self, transport: TlsTransport, *, failed: bool) -> None:
        self.handshakes.discard(transport)
        self.failed += failed

    def through(self) -> ClientConnection:
        return self._connections.through(self._door)

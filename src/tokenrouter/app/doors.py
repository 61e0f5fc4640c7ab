"""The listeners of a data process: opened when it starts, and others opened and given up while it runs.

The supervisor binds them and every data process serves all of them, so which process a client gets is the kernel's
choice. What each is for is in its kind; what they answer is one service.
"""

import asyncio
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from tokenrouter.app.arguments import InheritedListener
from tokenrouter.app.channel import TlsMessage
from tokenrouter.config.settings import Settings
from tokenrouter.edge.plain_http import PlainHttp
from tokenrouter.edge.protocol import Connections, Door, Service
from tokenrouter.edge.tls import ServerTls
from tokenrouter.edge.tls_listener import TlsListener
from tokenrouter.tls.folder import served_file

BACKLOG: Final = 4096

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Open:
    kind: str
    port: int
    door: Door
    serving: asyncio.Server | TlsListener

    def close(self) -> None:
        self.serving.close()


class Doors:
    """Every way into this process."""

    def __init__(self, connections: Connections, service: Service, settings: Settings) -> None:
        """The certificate that was kept last is served until another one is told of.

        Raises:
            OSError: HTTPS is on, and there is no certificate that can be served.
        """
        self._connections = connections
        self._service = service
        self._tls = ServerTls(served_file(settings)) if settings.tls.enabled else None
        self._hsts_s = settings.tls.hsts_max_age_s
        self._open: dict[int, _Open] = {}

    async def follow(self, listeners: Iterable[InheritedListener]) -> None:
        """Serve `listeners` and no others; of those that are served already, the descriptors are closed.

        Whoever came by one that is given up gets the answer that is on its way, and no more.
        """
        wanted = {one.id: one for one in listeners}
        for number, one in wanted.items():
            if number in self._open:
                socket.socket(fileno=one.fd).close()
            else:
                self._open[number] = await self._serve(one)
        for number in [number for number in self._open if number not in wanted]:
            gone = self._open.pop(number)
            gone.close()
            self._connections.close_door(gone.door)

    def take_certificate(self, message: TlsMessage) -> None:
        """Serve another certificate; one that cannot be used changes nothing."""
        if self._tls is None:
            return
        try:
            if message.path:
                self._tls.use(Path(message.path))
            challenges = {name: Path(path) for name, path in message.challenges.items()}
            self._tls.answer_challenges(message.answers, challenges)
        except OSError as error:
            log.error("a certificate cannot be used; the one before stays", reason=str(error))

    @property
    def handshakes(self) -> int:
        """How many handshakes go on."""
        return sum(len(listener.handshakes) for listener in self._tls_listeners())

    @property
    def failed_handshakes(self) -> int:
        """How many came to nothing since the start, at listeners that are open."""
        return sum(listener.failed for listener in self._tls_listeners())

    def close(self) -> None:
        """Take in nobody any more; whoever is in stays."""
        for one in self._open.values():
            one.close()

    async def _serve(self, inherited: InheritedListener) -> _Open:
        listener = socket.socket(fileno=inherited.fd)
        port = listener.getsockname()[1]
        if inherited.kind == "tls":
            return _Open("tls", port, *await self._serve_tls(listener))
        service = self._service
        if self._tls is not None:
            service = PlainHttp(service, self._tls, self._https_port, redirects=inherited.kind == "redirect")
        door = self._connections.add_door(service)
        server = await asyncio.get_running_loop().create_server(
            lambda: self._connections.through(door), sock=listener, backlog=BACKLOG
        )
        return _Open(inherited.kind, port, door, server)

    async def _serve_tls(self, listener: socket.socket) -> tuple[Door, TlsListener]:
        if self._tls is None:
            raise ValueError("a listener speaks TLS, and [tls] is off")
        hsts = b"strict-transport-security: max-age=%d\r\n" % self._hsts_s if self._hsts_s else b""
        door = self._connections.add_door(self._service, more_headers=hsts, is_secure=True)
        serving = TlsListener(listener, self._tls, self._connections, door)
        await serving.start(BACKLOG)
        return door, serving

    def _https_port(self) -> int:
        """Return where HTTPS is reached; while it is being moved, the older one is known to be."""
        return next((one.port for one in self._open.values() if one.kind == "tls"), 443)

    def _tls_listeners(self) -> list[TlsListener]:
        return [one.serving for one in self._open.values() if isinstance(one.serving, TlsListener)]

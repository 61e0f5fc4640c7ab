"""The listening sockets of a server: bound by the supervisor, inherited by every data process.

A number tells each from every other that this server has had, so that whoever is told of them anew knows which are new.
"""

import asyncio
import socket
import time
from dataclasses import dataclass, field
from typing import Final

from tokenrouter.app.arguments import InheritedListener
from tokenrouter.app.plan import Bound
from tokenrouter.domain.system_errors import reason

BACKLOG: Final = 4096
BIND_PATIENCE_S: Final = 3.0
"""How long a dying predecessor may still hold the address."""
_SCHEMES: Final = {"tls": "https"}


class CannotListen(Exception):
    """An address cannot be had; the message says why."""


@dataclass(frozen=True, slots=True)
class Listening:
    """One socket that listens.

    Attributes:
        bound: what was asked for; its port may be 0 where the socket's is not.
    """

    id: int
    bound: Bound
    listener: socket.socket = field(repr=False)

    @property
    def kind(self) -> str:
        return self.bound.kind

    @property
    def address(self) -> str:
        """`host:port`, as it was bound."""
        host, port = self.listener.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def url(self, name: str = "") -> str:
        """Return what clients put before a path; `name` stands for the host."""
        host, _, port = self.address.rpartition(":")
        scheme = _SCHEMES.get(self.kind, "http")
        if name and self.kind == "tls":
            return f"https://{name}" if port == "443" else f"https://{name}:{port}"
        return f"{scheme}://{host}:{port}"

    def inherited(self) -> InheritedListener:
        """Return it as a child is told of it."""
        return InheritedListener(self.id, self.kind, self.listener.fileno())


class Listeners:
    """All of them, the oldest first."""

    def __init__(self) -> None:
        self._open: dict[int, Listening] = {}
        self._last = 0

    def all(self) -> list[Listening]:
        """Return those that are open."""
        return list(self._open.values())

    def inherited(self) -> list[InheritedListener]:
        """Return those that are open, as a child is told of them."""
        return [one.inherited() for one in self._open.values()]

    async def bind(
        self, bound: Bound, patience_s: float = BIND_PATIENCE_S, beside: Listening | None = None
    ) -> Listening:
        """Listen at an address; whoever connects waits until somebody serves it.

        `beside`: one of ours that may have the same port, of one address or of every one.

        Raises:
            CannotListen: it is taken, or none of this machine's.
        """
        deadline_s = time.monotonic() + patience_s
        while True:
            try:
                listener = _bind(bound, None if beside is None else beside.listener)
            except OSError as error:
                if time.monotonic() >= deadline_s or error.errno is None:
                    raise CannotListen(f"cannot listen on {bound.host}:{bound.port}: {reason(error)}") from None
                await asyncio.sleep(0.05)
            else:
                listener.setblocking(False)
                listener.set_inheritable(True)
                self._last += 1
                self._open[self._last] = Listening(self._last, bound, listener)
                return self._open[self._last]

    def close(self, number: int) -> None:
        """Listen there no more."""
        if (one := self._open.pop(number, None)) is not None:
            one.listener.close()

    def close_all(self) -> None:
        """Listen nowhere."""
        for number in list(self._open):
            self.close(number)


def _bind(bound: Bound, beside: socket.socket | None) -> socket.socket:
    """Return a socket that listens; one port is shared with `beside` for the moment in which it is bound, no longer."""
    family = socket.AF_INET6 if ":" in bound.host else socket.AF_INET
    if beside is None or not hasattr(socket, "SO_REUSEPORT"):
        return socket.create_server((bound.host, bound.port), family=family, backlog=BACKLOG)
    beside.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener = socket.create_server((bound.host, bound.port), family=family, backlog=BACKLOG, reuse_port=True)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0)
    finally:
        beside.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0)
    return listener

"""Moving a listener while the server runs: the new one is opened beside the old one, and stays only if it is reached.

Whoever moves it looks from outside whether the new address leads here, and says so. Without a word within a minute, or
with a bad one, the new one is closed and all is as before: an address that nobody reaches cannot be mended over it. The
supervisor keeps the time, because it is the one that dies last.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from tokenrouter.app.listeners import CannotListen, Listeners, Listening
from tokenrouter.app.plan import Bound

PATIENCE_S: Final = 60.0
"""How long nobody needs to say anything."""


@dataclass(frozen=True, slots=True)
class Move:
    """A move that is not decided.

    Attributes:
        until_s: when it is undone, in seconds since the epoch.
    """

    id: str
    old: Listening
    new: Listening
    until_s: float


class Mover:
    """Moves listeners, one at a time.

    Attributes:
        pending: the move that is not decided, if any.
    """

    def __init__(self, listeners: Listeners, changed: Callable[[], None], patience_s: float = PATIENCE_S) -> None:
        """`changed` is called whenever others listen than before."""
        self._listeners = listeners
        self._changed = changed
        self._patience_s = patience_s
        self._timer: asyncio.TimerHandle | None = None
        self.pending: Move | None = None

    async def begin(self, setting: str, host: str, port: int) -> Move:
        """Open the new listener in place of the one that `setting` names.

        Raises:
            CannotListen: there is no such listener, it is there already, the address is taken, or a move goes on; or
                `host` is a name, which nobody looks up here while the supervisor has children to keep.
        """
        if not _is_address(host):
            raise CannotListen(f"{host} is a name, not an address")
        if self.pending is not None:
            raise CannotListen(f"{self.pending.old.bound.setting} is being moved already; wait for that, or cancel it")
        old = next((one for one in self._listeners.all() if one.bound.setting == setting), None)
        if old is None:
            raise CannotListen(f"nothing listens because of {setting}")
        if old.address == _shown(host, port):
            raise CannotListen(f"{old.address} is where it listens already")
        new = await self._listeners.bind(Bound(old.kind, host, port, setting), patience_s=0.0, beside=old)
        self.pending = Move(secrets.token_hex(8), old, new, time.time() + self._patience_s)
        self._timer = asyncio.get_running_loop().call_later(self._patience_s, self.end, self.pending.id, False)
        self._changed()
        return self.pending

    def end(self, move_id: str, keep: bool) -> bool:
        """Give up the old listener, or the new one; False when there is no such move any more."""
        move = self.pending
        if move is None or not secrets.compare_digest(move.id, move_id):
            return False
        if self._timer is not None:
            self._timer.cancel()
        self.pending = None
        self._listeners.close((move.old if keep else move.new).id)
        self._changed()
        return True


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

"""A temporary key of whoever runs a program: made, said to be wanted every 15 seconds, revoked.

A key that nobody speaks for is suspended by the server after 90 seconds, so it is of no use to anybody even where
`toro` was killed and could revoke nothing; it is good again when somebody speaks for it, until its time is over.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from tokenrouter.cli.client import ClientMistake, NoAnswer, Refused, Server

PATH: Final = "/api/v1/keys"
BEAT_S: Final = 15.0
_LOOK_S: Final = 3.0
"""How often it is looked whether it is time: a laptop that was asleep is heard of soon after it wakes."""
_TIMEOUT_S: Final = 10.0
_PAUSES_S: Final = (1.0, 2.0, 4.0)
"""Between attempts to revoke: a server that starts anew is back within these."""


@dataclass(frozen=True, slots=True)
class TemporaryKey:
    """A key as the server has made it; `key` is what a program shows."""

    id: str
    name: str
    ends: str
    key: str = field(repr=False)


def usual_name(program: str) -> str:
    """Return a name that tells program and time, and that nobody else has who starts one in the same second."""
    return f"toro-{program}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def make_key(server: Server, name: str, *, ttl_s: float, comment: str) -> TemporaryKey:
    """Make a temporary key below the server's own.

    Raises:
        NoAnswer, Refused: there is none; a request that was cut may have made it nonetheless.
    """
    wanted = {"name": name, "temporary": True, "heartbeat": True, "ttl_s": ttl_s, "comment": comment}
    return _read(server.ask("POST", PATH, wanted))


def _read(told: Any) -> TemporaryKey:
    """Return what a server has made.

    Raises:
        NoAnswer: it is nothing that a program could be given.
    """
    fields = [told.get(name) for name in ("id", "name", "expires_at", "key")] if isinstance(told, dict) else [None]
    texts = [text for text in fields if isinstance(text, str) and text]
    if len(texts) != len(fields) or not (texts[-1].isascii() and texts[-1].isprintable()):
        raise NoAnswer(
            "the server's answer is not what toro expects; is it a TokenRouter, and not much older or newer?"
        )
    return TemporaryKey(*texts)


def revoke(server: Server, id_or_name: str, pause: Callable[[float], bool]) -> str:
    """Revoke a key; return "" when it is gone, else why it is not.

    A server that is away is waited for, seven seconds; `pause` waits, and says whether there is time to go on.
    """
    asked = replace(server, timeout_s=_TIMEOUT_S, patience_s=0.0)  # what waits here is `pause`, which can be ended
    problem = ""
    for pause_s in (0.0, *_PAUSES_S):
        if pause_s and not pause(pause_s):
            break
        try:
            asked.ask("DELETE", f"{PATH}/{id_or_name}")
        except (NoAnswer, ClientMistake) as error:
            problem = str(error)
        except Refused as error:
            if error.status == 404:
                return ""
            problem = str(error)
            if error.status < 500:
                break
        else:
            return ""
    return problem


class Heartbeat:
    """Says every 15 seconds, on a thread of its own, that a key is still wanted, as long as it is entered.

    It says nothing to people meanwhile: the terminal is the program's.

    Attributes:
        is_gone: the server no longer knows the key.
    """

    def __init__(self, server: Server, key_id: str, clock: Callable[[], float] = time.time) -> None:
        self._server = replace(server, timeout_s=_TIMEOUT_S)
        self._path = f"{PATH}/{key_id}/heartbeat"
        self._clock = clock
        self._begun_s = clock()
        self._wake = threading.Event()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self.is_gone = False

    def start(self) -> None:
        """Begin; the key was made just now, so the first word is due in 15 seconds."""
        self._thread.start()

    def now(self) -> None:
        """Say it at once: we were stopped, nobody knows how long."""
        self._wake.set()

    def stop(self) -> None:
        """Say nothing any more; what is being said now is not waited for."""
        self._is_over = True
        self._wake.set()

    def join(self) -> None:
        """Wait until nothing more is said: after `stop`, or when the key is gone."""
        self._thread.join()

    def _run(self) -> None:
        said_s = self._begun_s
        while True:
            is_woken = self._wake.wait(_LOOK_S)
            self._wake.clear()
            if self._is_over or self.is_gone:
                return
            now_s = self._clock()
            is_due = is_woken or abs(now_s - said_s) >= BEAT_S
            if is_due and self._say():
                said_s = now_s

    def _say(self) -> bool:
        """Return whether the server has heard it; if not, it is said again at the next look."""
        try:
            self._server.ask("POST", self._path)
        except (NoAnswer, ClientMistake):  # a certificate's file that is being exchanged is there again
            return False
        except Refused as error:
            self.is_gone = error.status == 404
            return error.status < 500
        return True

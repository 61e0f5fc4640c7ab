"""Suspending temporary keys of which nobody says any more that they are wanted.

Silence is what this process has itself seen, by its own steady clock: that a key's last word is still the same one. So
clocks of nodes may differ or be set; after a start, or when another node takes over, every key has its whole time
anew; and while the database was away, when nothing could be heard, hardly any time has passed.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tokenrouter.domain.catalog import Key
from tokenrouter.store.engine import Store
from tokenrouter.store.heartbeats import heartbeats, suspend_silent_keys

BEAT_S: Final = 15.0
"""How often it is said that a key is wanted."""
SILENCE_S: Final = 90.0
"""After so much silence no request with a key is let in any more: six words were missed."""
LOOK_S: Final = 1.0
_SUSPENDED_AFTER_S: Final = SILENCE_S - 2 * LOOK_S
"""A look is up to a second late, and all nodes know within one more."""
_LONGEST_STEP_S: Final = 5.0
"""A look that comes later than this after the last one was kept from looking: that was nobody's silence."""


@dataclass(frozen=True, slots=True)
class _Silence:
    heard_at_s: float
    length_s: float


class HeartbeatWatch:
    """Looks, when asked to; one node of a cluster does."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._silences: dict[str, _Silence] = {}
        self._looked_s: float | None = None

    def forget(self) -> None:
        """Begin anew at the next look: another node looks meanwhile."""
        self._silences, self._looked_s = {}, None

    def look(self) -> tuple[Key, ...]:
        """Suspend whom nobody has spoken for long enough, and return them; blocks.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away.
        """
        heard = heartbeats(self._store)
        now_s = self._clock()
        step_s = 0.0 if self._looked_s is None else min(now_s - self._looked_s, _LONGEST_STEP_S)
        self._looked_s = now_s
        self._silences = {key_id: self._silence(key_id, at_s, step_s) for key_id, at_s in heard.items()}
        due = {
            key_id: silence.heard_at_s
            for key_id, silence in self._silences.items()
            if silence.length_s >= _SUSPENDED_AFTER_S
        }
        return suspend_silent_keys(self._store, due) if due else ()

    def _silence(self, key_id: str, heard_at_s: float, step_s: float) -> _Silence:
        before = self._silences.get(key_id)
        is_silent = before is not None and before.heard_at_s == heard_at_s
        return _Silence(heard_at_s, before.length_s + step_s if is_silent and before is not None else 0.0)

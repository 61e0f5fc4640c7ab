"""Holding back the beginning of a stream until it is known to be fast enough (pure, given a clock).

A provider that is overloaded often begins at once and then drips. As long as nothing of it is at the client, another
place can still be asked, so the beginning waits until as much has come as a provider that is just fast enough gives in
the whole time of looking; a fast one has given that after a fraction of it. What is counted is text, hidden reasoning
has none: time begins with the first text, and where none comes in the time of looking the stream is let go, because
the model may be thinking.
"""

from collections.abc import Callable
from typing import Final

from tokenrouter.domain.errors import ProviderSlow

MAX_HELD_BYTES: Final = 512 * 2**10
"""Most that is held of one stream: what is longer within the time of looking is not slow."""


class SpeedGuard:
    """The beginning of one stream.

    Attributes:
        probe_s: how long it is looked at, at most, from the first text on.
        is_open: whether everything goes out at once.
    """

    __slots__ = ("_clock", "_enough_bytes", "_first_text_s", "_held", "_size", "is_open", "probe_s")

    def __init__(self, least_bytes_per_s: float, probe_s: float, clock: Callable[[], float]) -> None:
        """`clock` is monotonic, in seconds."""
        self._clock = clock
        self._enough_bytes = least_bytes_per_s * probe_s
        self._first_text_s = -1.0
        self._held: list[bytes] = []
        self._size = 0
        self.probe_s = probe_s
        self.is_open = False

    def hold(self, events: bytes, content_bytes: int) -> bytes:
        """Return what may go out, now that `events` came and `content_bytes` of text did so far."""
        if self.is_open:
            return events
        self._held.append(events)
        self._size += len(events)
        if content_bytes and self._first_text_s < 0:
            self._first_text_s = self._clock()
        return self.open() if content_bytes >= self._enough_bytes or self._size > MAX_HELD_BYTES else b""

    def left_s(self, content_bytes: int) -> float:
        """Return how long it has still to be looked at, after `probe_s`; not at all where no text has come."""
        return self._first_text_s + self.probe_s - self._clock() if content_bytes else 0.0

    def problem(self, provider: str, content_bytes: int) -> ProviderSlow | None:
        """Return what is wrong, now that the time is over; None where that cannot be said."""
        if not 0 < content_bytes < self._enough_bytes:
            return None
        return ProviderSlow(
            f"Provider {provider!r} began its stream with {content_bytes} bytes in {self.probe_s:g} s, too slowly for "
            "this alias.",
            provider=provider,
        )

    def open(self) -> bytes:
        """Return all that is held; from now on nothing is."""
        self.is_open = True
        held, self._held = b"".join(self._held), []
        return held

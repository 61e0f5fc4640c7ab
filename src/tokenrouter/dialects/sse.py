"""Server-sent events: where one ends and the next begins, no I/O.

Every streaming dialect arrives in this framing (WHATWG HTML, 9.2.6). A relay needs whole events to
look at, and the network cuts anywhere, so `EventCutter` keeps what is unfinished. An event longer than
its bound is let through in pieces: nothing a gateway looks for is that long, and memory stays bounded.
"""

import re
from collections.abc import Iterator
from typing import Final

MAX_HELD_BYTES: Final = 64 * 2**10
"""Most bytes of one unfinished event that are held back."""

_EVENT_END: Final = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_DATA_LINE: Final = re.compile(rb"^data: ?(.*?)\r?$", re.MULTILINE)


class EventCutter:
    """Passes bytes on in whole events.

    Attributes:
        is_clean: whether the next bytes begin an event.
        oversize: whether the bytes returned last belong to an event that is longer than the bound.
    """

    __slots__ = ("_held", "is_clean", "oversize")

    def __init__(self) -> None:
        self._held = b""
        self.is_clean = True
        self.oversize = False

    def feed(self, chunk: bytes) -> bytes:
        """Return the whole events that `chunk` completes, as one piece of bytes."""
        if self._held:
            chunk = self._held + chunk
            self._held = b""
        if chunk.endswith((b"\n\n", b"\r\n\r\n")):
            self.is_clean = True
            self.oversize = False
            return chunk
        self.is_clean = False
        return self._keep_unfinished(chunk)

    def _keep_unfinished(self, chunk: bytes) -> bytes:
        end = last_event_end(chunk)
        if len(chunk) - end <= MAX_HELD_BYTES:
            self._held = chunk[end:]
            self.oversize = False
            return chunk[:end]
        self.oversize = True
        return chunk

    @property
    def pending(self) -> bytes:
        """The bytes of an unfinished event that are held."""
        return self._held


def last_event_end(text: bytes) -> int:
    """Return the index after the last blank line in `text`, 0 when there is none."""
    return max(
        text.rfind(b"\n\n") + 2 if b"\n\n" in text else 0,
        text.rfind(b"\r\n\r\n") + 4 if b"\r\n\r\n" in text else 0,
    )


def split_events(text: bytes) -> Iterator[bytes]:
    """Yield each whole event of `text` with its blank line, and what is left after the last."""
    start = 0
    for match in _EVENT_END.finditer(text):
        yield text[start : match.end()]
        start = match.end()
    if start < len(text):
        yield text[start:]


def payload_of(event: bytes) -> bytes:
    """Return the event's data lines joined by newlines, without the field name."""
    if event.startswith(b"data: ") and event.endswith(b"\n\n") and event.count(b"\n") == 2 and b"\r" not in event:
        return event[6:-2]
    return b"\n".join(_DATA_LINE.findall(event))

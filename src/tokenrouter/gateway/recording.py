"""An answer while it passes, remembered as long as there is room for it.

Each recording has a bound, and all of a process have one together: a thousand streams that are recorded at once must
not take a thousand times the longest answer. What outgrows either is forgotten at once; the answer itself goes on.
"""

import time

from tokenrouter.gateway.kept_answers import KeptAnswer, lasting


class Room:
    """The bytes that all recordings of one kind may have together."""

    __slots__ = ("max_bytes", "used_bytes")

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.used_bytes = 0


class Recording:
    """One answer.

    Attributes:
        status: 0 before it has begun.
        length: of its body where that was told, else None.
        is_too_long: whether it was forgotten.
    """

    __slots__ = ("_max_bytes", "_pieces", "_room", "_size", "headers", "is_too_long", "length", "status")

    def __init__(self, room: Room, max_bytes: int) -> None:
        self._room = room
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []
        self._size = 0
        self.status = 0
        self.headers = b""
        self.length: int | None = None
        self.is_too_long = False

    def begin(self, status: int, headers: bytes, length: int | None) -> None:
        """Take in the head."""
        self.status, self.headers, self.length = status, lasting(headers), length

    def add(self, piece: bytes) -> None:
        """Take in a piece of the body."""
        if self.is_too_long:
            return
        room, size = self._room, len(piece)
        if self._size + size > self._max_bytes or room.used_bytes + size > room.max_bytes:
            self.is_too_long = True
            self.release()
            return
        self._pieces.append(piece)
        self._size += size
        room.used_bytes += size

    @property
    def body(self) -> bytes:
        """What there is of the body."""
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def kept(self, origin_id: str, cost_nano_usd: int) -> KeptAnswer:
        """Return the whole of it, as it is kept."""
        is_stream = self.length is None
        return KeptAnswer(self.status, self.headers, self.body, is_stream, origin_id, cost_nano_usd, time.time())

    def release(self) -> None:
        """Give its room back, and forget it."""
        self._room.used_bytes -= self._size
        self._size = 0
        self._pieces = []

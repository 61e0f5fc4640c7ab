"""Amazon's event stream framing: bytes in, messages out, no I/O.

Bedrock streams in `application/vnd.amazon.eventstream`, not in server-sent events. A message is (Smithy 2.0, "Amazon
Event Stream Specification", smithy.io/2.0/aws/amazon-eventstream.html, and "Event stream encoding" in AWS's developer
guides, read 2026-11; all numbers are big-endian):

    total length u32 | headers length u32 | CRC32 of these eight bytes
    headers: name length u8, name, value type u8, value
    payload | CRC32 of everything before

Both checksums are compared, although TLS guards the bytes: a length that was misread would otherwise show only
much later, as JSON that makes no sense.
"""

import uuid
from collections.abc import Callable, Mapping
from struct import Struct, error
from typing import Final, NamedTuple
from zlib import crc32

from tokenrouter.domain.errors import ProviderProtocolError

HeaderValue = bool | int | str | bytes | uuid.UUID
"""Times are whole milliseconds since the epoch."""

MAX_HEADERS_BYTES: Final = 128 * 2**10
"""Bound of the specification."""
MAX_PAYLOAD_BYTES: Final = 24 * 2**20
"""Bound of AWS's own SDKs (botocore 1.44, `eventstream.py`)."""
MAX_KNOWN_HEADERS: Final = 64
"""Header blocks whose meaning is remembered: a stream repeats the same few."""

_PRELUDE_BYTES: Final = 12
_OVERHEAD_BYTES: Final = 16
_prelude: Final = Struct("!III")
_checksum: Final = Struct("!I")


class EventStreamMessage(NamedTuple):
    """One message."""

    headers: Mapping[str, HeaderValue]
    payload: bytes


class EventStreamDecoder:
    """Turns the chunks of one body into messages, wherever it was cut."""

    __slots__ = ("_held", "_known", "_need", "_provider", "_seen")

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._held = bytearray()
        self._need = _PRELUDE_BYTES
        self._known: dict[bytes, dict[str, HeaderValue]] = {}
        self._seen = 0

    @property
    def pending(self) -> bool:
        """Whether bytes of an unfinished message are held."""
        return bool(self._held)

    def feed(self, chunk: bytes) -> list[EventStreamMessage]:
        """Return the messages that `chunk` completes, oldest first.

        Raises:
            ProviderProtocolError: a checksum or a length is wrong, a header cannot be read, or a message is over the
                bounds; the error says which message of the stream it was. The decoder is of no use afterwards.
        """
        if self._held:
            self._held += chunk
            if len(self._held) < self._need:
                return []
            chunk = bytes(self._held)
            self._held.clear()
        messages: list[EventStreamMessage] = []
        start, size = 0, len(chunk)
        while size - start >= _PRELUDE_BYTES:
            total, headers = self._lengths(chunk, start)
            if size - start < total:
                self._need = total
                break
            messages.append(self._message(chunk, start, start + total, headers))
            start += total
        else:
            self._need = _PRELUDE_BYTES
        self._held += chunk[start:]
        return messages

    def _lengths(self, chunk: bytes, start: int) -> tuple[int, int]:
        total, headers, checksum = _prelude.unpack_from(chunk, start)
        if crc32(chunk[start : start + 8]) != checksum:
            raise self._unreadable("the checksum of its lengths is wrong")
        if headers > MAX_HEADERS_BYTES or total - headers - _OVERHEAD_BYTES > MAX_PAYLOAD_BYTES:
            raise self._unreadable(f"it is longer ({total} bytes) than the protocol allows")
        if total < headers + _OVERHEAD_BYTES:
            raise self._unreadable("its headers are longer than itself")
        return total, headers

    def _message(self, chunk: bytes, start: int, end: int, headers: int) -> EventStreamMessage:
        if crc32(chunk[start : end - 4]) != _checksum.unpack_from(chunk, end - 4)[0]:
            raise self._unreadable("its checksum is wrong")
        head_end = start + _PRELUDE_BYTES + headers
        head = chunk[start + _PRELUDE_BYTES : head_end]
        known = self._known.get(head)
        if known is None:
            known = self._remember(head)
        self._seen += 1
        return EventStreamMessage(known, chunk[head_end : end - 4])

    def _remember(self, head: bytes) -> dict[str, HeaderValue]:
        try:
            read = _headers(head)
        except (error, IndexError, KeyError, ValueError):
            raise self._unreadable("its headers cannot be read") from None
        if len(self._known) < MAX_KNOWN_HEADERS:
            self._known[head] = read
        return read

    def _unreadable(self, why: str) -> ProviderProtocolError:
        told = f"Provider {self._provider!r} sent an event stream that cannot be read: message {self._seen + 1}: {why}."
        return ProviderProtocolError(told, provider=self._provider)


def _headers(head: bytes) -> dict[str, HeaderValue]:
    """Raises: struct.error, IndexError, KeyError, ValueError."""
    headers: dict[str, HeaderValue] = {}
    at = 0
    while at < len(head):
        name_end = at + 1 + head[at]
        name = head[at + 1 : name_end].decode()
        if not name or name in headers:
            raise ValueError("a header without a name, or two with the same")
        headers[name], at = _READERS[head[name_end]](head, name_end + 1)
    return headers


_Reader = Callable[[bytes, int], tuple[HeaderValue, int]]


def _fixed(form: str) -> _Reader:
    number = Struct(form)

    def read(head: bytes, at: int) -> tuple[HeaderValue, int]:
        value: int = number.unpack_from(head, at)[0]
        return value, at + number.size

    return read


_length: Final = Struct("!H")


def _bytes(head: bytes, at: int) -> tuple[bytes, int]:
    start = at + 2
    end = start + _length.unpack_from(head, at)[0]
    if end > len(head):
        raise ValueError("a value longer than the headers")
    return head[start:end], end


def _text(head: bytes, at: int) -> tuple[HeaderValue, int]:
    value, end = _bytes(head, at)
    return value.decode(), end


def _uuid(head: bytes, at: int) -> tuple[HeaderValue, int]:
    return uuid.UUID(bytes=head[at : at + 16]), at + 16


_READERS: Final[Mapping[int, _Reader]] = {
    0: lambda _, at: (True, at),
    1: lambda _, at: (False, at),
    2: _fixed("!b"),
    3: _fixed("!h"),
    4: _fixed("!i"),
    5: _fixed("!q"),
    6: _bytes,
    7: _text,
    8: _fixed("!q"),
    9: _uuid,
}
"""By value type: true, false, byte, short, integer, long, byte array, string, timestamp, UUID."""

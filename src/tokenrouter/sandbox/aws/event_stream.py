"""Amazon's event stream framing: one message of headers and payload as bytes, with both of its checksums.

From the "Amazon Event Stream Specification" (smithy.io/2.0/aws/amazon-eventstream.html, read 2026-11):

    total length u32 | headers length u32 | CRC32 of the eight bytes before
    headers: name length u8, name, value type u8, value length u16, value …
    payload | CRC32 of everything before

All numbers are big-endian. Of the ten value types only strings (7) are needed here.
"""

import struct
import zlib
from typing import Final

MEDIA_TYPE: Final = "application/vnd.amazon.eventstream"

_STRING: Final = 7
_PRELUDE_BYTES: Final = 12
_CHECKSUM_BYTES: Final = 4


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """One message; header names are at most 255 bytes, values 65,535."""
    packed = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    total = _PRELUDE_BYTES + len(packed) + len(payload) + _CHECKSUM_BYTES
    lengths = struct.pack("!II", total, len(packed))
    whole = lengths + _checksum(lengths) + packed + payload
    return whole + _checksum(whole)


def event(kind: str, payload: bytes) -> bytes:
    """A message that carries an event of an operation's output stream, as JSON."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return message(headers, payload)


def exception(kind: str, payload: bytes) -> bytes:
    """A message with which a modelled error ends a stream."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return message(headers, payload)


def _header(name: bytes, value: bytes) -> bytes:
    return struct.pack(f"!B{len(name)}sBH", len(name), name, _STRING, len(value)) + value


def _checksum(data: bytes) -> bytes:
    return struct.pack("!I", zlib.crc32(data))

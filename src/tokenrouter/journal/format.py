"""How a record stands in a journal file.

A file begins with `MAGIC`; each record is its length and its CRC-32 (both 32 bits, little-endian) and a
msgpack array whose first element is the kind. A length of zero ends the data: files are preallocated
with zeros. A record that does not match its checksum was being written when the machine died, and ends
the data too. Arrays may grow at their end; older ones are read with the defaults.

A request is written in two halves: `begin` says who asks for what, `end` only what `begin` could not
know, and the reader puts them together. Who asks for what hardly changes between two requests of a key,
so that part (the *subject*) is encoded once and copied into each `begin`.
"""

import struct
import zlib
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from tokenrouter.domain.ledger import OWN_ANSWER, Begun, Borrowed, Ended, Subject, Usage
from tokenrouter.domain.limits import Amounts

MAGIC: Final = b"TRJ1\0\0\0\0"
HEADER: Final = struct.Struct("<II")
MAX_RECORD_BYTES: Final = 64 * 2**10
"""Longer than any record: every text in an entry is bounded."""

BEGIN, PROGRESS, END, WHOLE = 1, 2, 3, 4

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder().decode
_pack_header: Final = HEADER.pack
_crc32: Final = zlib.crc32


class Begin(NamedTuple):
    """What was known before a provider was asked, and what the request was allowed to consume."""

    subject: Subject
    begun: Begun
    held: Amounts


class Progress(NamedTuple):
    """What the request `entry_id` may consume by now."""

    entry_id: str
    held: Amounts


class End(NamedTuple):
    """How a request ended that has a `Begin`."""

    ended: Ended


class Whole(NamedTuple):
    """An entry in one record: of a request that no provider was asked for; `times` is how many it stands for."""

    subject: Subject
    begun: Begun
    ended: Ended
    times: int = 1
    borrowed: Borrowed = OWN_ANSWER


Record = Begin | Progress | End | Whole


def encode_subject(subject: Subject) -> bytes:
    """Return the part of a `begin` record that two requests of a key for one model share."""
    return _encode(subject)


def encode_begin(subject: bytes, begun: Begun, held: Amounts) -> bytes:
    """Return the framed record; `subject` as `encode_subject` gives it."""
    payload = _encode((BEGIN, msgspec.Raw(subject), begun, held))
    return _pack_header(len(payload), _crc32(payload)) + payload


def encode_progress(entry_id: str, held: Amounts) -> bytes:
    """Return the framed record."""
    payload = _encode((PROGRESS, entry_id, held))
    return _pack_header(len(payload), _crc32(payload)) + payload


def encode_end(ended: Ended) -> bytes:
    """Return the framed record of how a request ended whose `begin` was written."""
    payload = _encode((END, ended))
    return _pack_header(len(payload), _crc32(payload)) + payload


def encode_whole(
    subject: Subject, begun: Begun, ended: Ended, count: int = 1, borrowed: Borrowed = OWN_ANSWER
) -> bytes:
    """Return the framed record of a request without a `begin`."""
    payload = _encode((WHOLE, subject, begun, ended, count, borrowed))
    return _pack_header(len(payload), _crc32(payload)) + payload


MAX_SUBJECTS: Final = 1000
"""Subjects that a decoder remembers: most records of a busy journal are of a few keys and models."""


class RecordDecoder:
    """Reads records; remembers the subjects it has met, since they come again and again."""

    def __init__(self) -> None:
        self._subjects: dict[bytes, Subject] = {}

    def decode(self, payload: bytes) -> Record:
        """Return the record in `payload`, whose checksum has been verified.

        Raises:
            ValueError: a kind that this version does not know, or a record that is not of its kind.
        """
        kind = payload[1]
        try:
            if kind == BEGIN:
                _, subject, begun, held = _decode_begin(payload)
                return Begin(self._subject(bytes(subject)), begun, held)
            if kind == END:
                return End(_decode_end(payload)[1])
        except msgspec.ValidationError:
            pass  # written by another version: with more or fewer fields
        return _decode_by_name(payload)

    def _subject(self, encoded: bytes) -> Subject:
        known = self._subjects.get(encoded)
        if known is None:
            if len(self._subjects) >= MAX_SUBJECTS:
                self._subjects.clear()
            known = self._subjects[encoded] = _subject(_decode(encoded))
        return known


def decode(payload: bytes) -> Record:
    """Return one record; see `RecordDecoder`."""
    return RecordDecoder().decode(payload)


def _decode_by_name(payload: bytes) -> Record:
    """Read a record of any version: what is missing has its default, what is new at the end is passed over."""
    kind, *values = _decode(payload)
    match kind:
        case 1:
            return Begin(_subject(values[0]), _made(Begun, values[1]), _made(Amounts, values[2]))
        case 2:
            return Progress(values[0], _made(Amounts, values[1]))
        case 3:
            return End(_ended(values[0]))
        case 4:
            borrowed = _made(Borrowed, values[4]) if len(values) > 4 else OWN_ANSWER
            return Whole(_subject(values[0]), _made(Begun, values[1]), _ended(values[2]), values[3], borrowed)
    raise ValueError(f"journal record of unknown kind {kind!r}; it was written by a newer version")


_decode_begin: Final = msgspec.msgpack.Decoder(tuple[int, msgspec.Raw, Begun, Amounts]).decode
_decode_end: Final = msgspec.msgpack.Decoder(tuple[int, Ended]).decode
_Fields = TypeVar("_Fields", Subject, Begun, Borrowed, Ended, Usage, Amounts)


def _made(kind: type[_Fields], values: list[Any]) -> _Fields:
    return kind(*values[: len(kind._fields)])


def _subject(values: list[Any]) -> Subject:
    return _made(Subject, [*values[:_CHAIN], tuple(values[_CHAIN]), *values[_CHAIN + 1 :]])


def _ended(values: list[Any]) -> Ended:
    return _made(Ended, [*values[:_USAGE], _made(Usage, values[_USAGE]), *values[_USAGE + 1 :]])


_CHAIN: Final = Subject._fields.index("chain")
_USAGE: Final = Ended._fields.index("usage")

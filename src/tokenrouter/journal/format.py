"""How a record stands in a journal file.

A file begins with `MAGIC`; each record is its length and its CRC-32 (both 32 bits, little-endian) and a
msgpack array whose first element is the kind. A length of zero ends the data: files are preallocated
with zeros. A record that does not match its checksum was being written when the machine died, and ends
the data too. Arrays may grow at their end; older ones are read with the defaults.
"""

import struct
import zlib
from dataclasses import dataclass, fields
from typing import Final

import msgspec

from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.domain.limits import Amounts

MAGIC: Final = b"TRJ1\0\0\0\0"
HEADER: Final = struct.Struct("<II")
MAX_RECORD_BYTES: Final = 64 * 2**10
"""Longer than any record: every text in an entry is bounded."""

BEGIN, PROGRESS, END = 1, 2, 3
_ENTRY_FIELDS: Final = tuple(field.name for field in fields(LedgerEntry) if field.name not in ("usage", "chain"))
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder().decode


@dataclass(frozen=True, slots=True)
class Begin:
    """`entry` as far as it was known, and what it was allowed to consume."""

    entry: LedgerEntry
    held: Amounts


@dataclass(frozen=True, slots=True)
class Progress:
    """What the request `entry_id` may consume by now."""

    entry_id: str
    held: Amounts


@dataclass(frozen=True, slots=True)
class End:
    """The finished entry."""

    entry: LedgerEntry


Record = Begin | Progress | End


def encode_begin(entry: LedgerEntry, held: Amounts) -> bytes:
    """Return the framed record."""
    return _framed(_encode((BEGIN, _held(held), *_entry(entry))))


def encode_progress(entry_id: str, held: Amounts) -> bytes:
    """Return the framed record."""
    return _framed(_encode((PROGRESS, entry_id, _held(held))))


def encode_end(entry: LedgerEntry) -> bytes:
    """Return the framed record."""
    return _framed(_encode((END, *_entry(entry))))


def _framed(payload: bytes) -> bytes:
    return HEADER.pack(len(payload), zlib.crc32(payload)) + payload


def _held(held: Amounts) -> tuple[int, int, int, int]:
    return (held.requests, held.input_tokens, held.output_tokens, held.cost_nano_usd)


def _entry(entry: LedgerEntry) -> tuple[object, ...]:
    usage = entry.usage
    return (
        (
            usage.input_tokens,
            usage.output_tokens,
            usage.cached_input_tokens,
            usage.cache_write_tokens,
            usage.reasoning_tokens,
            usage.audio_tokens,
        ),
        entry.chain,
        entry.id,
        entry.started_us,
        entry.operation,
        entry.key_id,
        entry.key_name,
        entry.user,
        entry.team,
        entry.client_ip,
        entry.client_tool,
        entry.client_request_id,
        entry.alias,
        entry.requested_model,
        entry.provider,
        entry.model,
        entry.stream,
        entry.status,
        entry.end_reason,
        entry.error_code,
        entry.estimated,
        entry.overrun,
        entry.cost_nano_usd,
        entry.price_source,
        entry.latency_us,
        entry.first_token_us,
        entry.bytes_in,
        entry.bytes_out,
        entry.changed,
        entry.provider_request_id,
        entry.count,
    )


def decode(payload: bytes) -> Record:
    """Return the record in `payload`, whose checksum has been verified.

    Raises:
        ValueError: a kind that this version does not know.
    """
    kind, *values = _decode(payload)
    if kind == PROGRESS:
        return Progress(values[0], Amounts(*values[1]))
    if kind == BEGIN:
        return Begin(_decode_entry(values[1:]), Amounts(*values[0]))
    if kind == END:
        return End(_decode_entry(values))
    raise ValueError(f"journal record of unknown kind {kind!r}; it was written by a newer version")


def _decode_entry(values: list[object]) -> LedgerEntry:
    usage, chain, *rest = values
    named = dict(zip(_ENTRY_FIELDS, rest, strict=False))
    return LedgerEntry(usage=Usage(*usage), chain=tuple(chain), **named)  # type: ignore[misc, arg-type]

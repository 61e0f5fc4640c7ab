import struct
import uuid
import zlib
from itertools import pairwise
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.bedrock import eventstream
from tokenrouter.dialects.bedrock.eventstream import EventStreamDecoder, EventStreamMessage
from tokenrouter.domain.errors import ProviderProtocolError


def packed(name: str, kind: int, value: bytes) -> bytes:
    encoded = name.encode()
    return bytes((len(encoded),)) + encoded + bytes((kind,)) + value


def message(headers: bytes, payload: bytes) -> bytes:
    lengths = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    whole = lengths + struct.pack("!I", zlib.crc32(lengths)) + headers + payload
    return whole + struct.pack("!I", zlib.crc32(whole))


def text(name: str, value: str) -> bytes:
    return packed(name, 7, struct.pack("!H", len(value.encode())) + value.encode())


def read(*chunks: bytes) -> list[EventStreamMessage]:
    decoder = EventStreamDecoder("aws")
    return [message for chunk in chunks for message in decoder.feed(chunk)]


NUMBERS = {2: "!b", 3: "!h", 4: "!i", 5: "!q", 8: "!q"}
ONE = message(text(":event-type", "messageStart"), b'{"role":"assistant"}')


@st.composite
def header_values(draw: st.DrawFn) -> tuple[int, bytes]:
    kind = draw(st.integers(0, 9))
    if kind in NUMBERS:
        bits = 8 * struct.calcsize(NUMBERS[kind])
        return kind, struct.pack(NUMBERS[kind], draw(st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)))
    if kind == 6:
        value = draw(st.binary(max_size=40))
        return kind, struct.pack("!H", len(value)) + value
    if kind == 7:
        value = draw(st.text(max_size=20)).encode()
        return kind, struct.pack("!H", len(value)) + value
    return kind, draw(st.binary(min_size=16, max_size=16)) if kind == 9 else b""


names = st.text(min_size=1, max_size=12).filter(lambda name: len(name.encode()) < 256)
header_blocks = st.dictionaries(names, header_values(), max_size=5).map(
    lambda found: b"".join(packed(name, kind, value) for name, (kind, value) in found.items())
)
messages = st.builds(message, header_blocks, st.binary(max_size=200))


def by_botocore(wire: bytes) -> list[tuple[Any, bytes]]:
    buffer = EventStreamBuffer()
    buffer.add_data(wire)
    return [(event.headers, event.payload) for event in buffer]


def comparable(value: object) -> object:
    return value.bytes if isinstance(value, uuid.UUID) else value


@given(st.lists(messages, max_size=4), st.data())
def test_messages_are_those_that_botocore_reads_wherever_the_bytes_are_cut(
    framed: list[bytes], data: st.DataObject
) -> None:
    wire = b"".join(framed)
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=10))
    edges = [0, *sorted(cuts), len(wire)]

    found = read(*(wire[a:b] for a, b in pairwise(edges)))

    told = [({name: comparable(value) for name, value in each.headers.items()}, each.payload) for each in found]
    assert told == by_botocore(wire)


@given(messages, st.data())
def test_one_wrong_bit_is_seen(wire: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(wire) - 1))
    wrong = bytearray(wire)
    wrong[at] ^= 1 << data.draw(st.integers(0, 7))

    with pytest.raises(ProviderProtocolError, match="message 1"):
        read(bytes(wrong))


def test_a_stream_fed_byte_by_byte_is_the_same() -> None:
    wire = ONE * 3

    assert read(*(wire[i : i + 1] for i in range(len(wire)))) == read(wire)
    assert len(read(wire)) == 3


def test_what_is_unfinished_is_held_and_said_to_be() -> None:
    decoder = EventStreamDecoder("aws")

    assert decoder.feed(ONE[:-1]) == []
    assert decoder.pending
    assert decoder.feed(ONE[-1:])[0].payload == b'{"role":"assistant"}'
    assert not decoder.pending


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        (text("a", "x") + text("a", "y"), "headers"),
        (text("", "x"), "headers"),
        (packed("a", 10, b""), "headers"),
        (packed("a", 7, b"\x00\x09x"), "headers"),
        (packed("a", 7, b"\x00\x01\xff"), "headers"),
        (packed("a", 9, b"short"), "headers"),
        (packed("a", 4, b"\x00"), "headers"),
        (b"\x05ab", "headers"),
    ],
)
def test_headers_that_cannot_be_read_are_told_with_the_place(headers: bytes, why: str) -> None:
    with pytest.raises(ProviderProtocolError, match=f"'aws'.*message 2: its {why}"):
        read(ONE + message(headers, b""))


def prelude(total: int, headers: int) -> bytes:
    lengths = struct.pack("!II", total, headers)
    return lengths + struct.pack("!I", zlib.crc32(lengths))


@pytest.mark.parametrize(
    ("total", "headers", "why"),
    [
        (eventstream.MAX_PAYLOAD_BYTES + 17, 0, "longer"),
        (eventstream.MAX_HEADERS_BYTES + 100, eventstream.MAX_HEADERS_BYTES + 1, "longer"),
        (15, 0, "longer than itself"),
        (20, 8, "longer than itself"),
    ],
)
def test_lengths_out_of_bounds_are_refused_before_anything_is_held(total: int, headers: int, why: str) -> None:
    with pytest.raises(ProviderProtocolError, match=why):
        read(prelude(total, headers))


def test_only_so_many_header_blocks_are_remembered() -> None:
    decoder = EventStreamDecoder("aws")
    wire = b"".join(message(text("n", str(number)), b"") for number in range(eventstream.MAX_KNOWN_HEADERS + 10))

    found = decoder.feed(wire)

    assert [each.headers["n"] for each in found[-2:]] == ["72", "73"]

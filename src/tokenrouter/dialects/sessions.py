"""Which conversation a request belongs to, so that all of it goes to where its beginning is in the prompt cache.

Coding agents say it: in a header or in the body (seen in recordings of 2026-11). Of other requests it is worked out
from what stays the same as a conversation grows: what the model is told to be, and the first turn of the user. That
turn is read by its text alone, because clients move their marks for the prompt cache from turn to turn.

All that is needed is a number that is the same for the same conversation, on every node; that two conversations share
one does no harm. So a checksum does, and what is long is looked at by its length and its ends.
"""

import zlib
from collections.abc import Mapping
from typing import Final

import msgspec

from tokenrouter.dialects.json import RawObject
from tokenrouter.domain.ledger import Operation

SESSION_HEADERS: Final = (
    b"x-claude-code-session-id",
    b"session-id",
    b"session_id",
    b"x-session-id",
    b"x-session-affinity",
    b"thread-id",
)
"""Claude Code's; Codex's, its former one, and its thread; opencode's two."""
CONVERSING: Final[frozenset[Operation]] = frozenset(
    ("chat", "responses", "compact", "messages", "generate_content", "converse")
)
"""Operations that go on from turn to turn."""
_TOLD: Final = ("system", "instructions", "systemInstruction", "system_instruction")
_TURNS: Final = ("messages", "input", "contents")
_SAMPLE_BYTES: Final = 256
_FIRST_TURNS: Final = 16
"""So many turns are looked through for the user's first; before it stand those of the operator."""
_KNOWN: Final = 1 << 32
"""Keeps a number from being 0, which means no conversation."""
_QUOTE, _BRACKET = b'"['


class _Part(msgspec.Struct):
    text: msgspec.Raw = msgspec.Raw(b"")


class _Turn(msgspec.Struct):
    role: str = "user"
    content: msgspec.Raw = msgspec.Raw(b"")
    parts: msgspec.Raw = msgspec.Raw(b"")


class _Metadata(msgspec.Struct):
    user_id: str = ""


class _User(msgspec.Struct):
    session_id: str = ""


_text: Final = msgspec.json.Decoder(str)
_array: Final = msgspec.json.Decoder(list[msgspec.Raw])
_turn: Final = msgspec.json.Decoder(_Turn)
_parts: Final = msgspec.json.Decoder(list[_Part])
_metadata: Final = msgspec.json.Decoder(_Metadata)
_user: Final = msgspec.json.Decoder(_User)


def session_in_headers(headers: Mapping[bytes, bytes]) -> bytes:
    """Return the conversation that headers (of lower-case names) name, or b""."""
    for name in SESSION_HEADERS:
        if name in headers:
            return headers[name]
    return b""


def session_of(tenant: str, said: bytes, operation: Operation, fields: RawObject) -> int:
    """Return what stands for the conversation of a request, or 0 where it is none.

    `tenant` keeps the conversations of different keys apart; `said` is what the headers name; `fields` are those of
    the body.
    """
    if operation not in CONVERSING:
        return 0
    start = zlib.crc32(tenant.encode())
    if said:
        return zlib.crc32(said, start) | _KNOWN
    try:
        named = _named(fields)
        return zlib.crc32(named.encode(), start) | _KNOWN if named else _beginning(fields, start)
    except (msgspec.DecodeError, RecursionError):
        return 0  # the provider is to say what is wrong


def _named(fields: RawObject) -> str:
    """Return the conversation that the body names: Codex's key of the prompt cache, Claude Code's in its user."""
    if "prompt_cache_key" in fields:
        return _text.decode(fields["prompt_cache_key"])
    if "metadata" not in fields or b"session_" not in bytes(fields["metadata"]):
        return ""
    user = _metadata.decode(fields["metadata"]).user_id
    if user.startswith("{"):
        return _user.decode(user).session_id
    return user.partition("_session_")[2]


def _beginning(fields: RawObject, sum_: int) -> int:
    for name in _TOLD:
        if name in fields:
            sum_ = _sampled(fields[name], sum_)
    for name in _TURNS:
        if name in fields:
            return _first_turns(fields[name], sum_)
    return 0


def _first_turns(turns: msgspec.Raw, sum_: int) -> int:
    if memoryview(turns)[0] == _QUOTE:
        return zlib.crc32(turns, sum_) | _KNOWN
    for raw in _array.decode(turns)[:_FIRST_TURNS]:
        turn = _turn.decode(raw)
        if turn.role == "user":
            return _texts(turn.content or turn.parts, sum_) | _KNOWN
        sum_ = _sampled(raw, sum_)
    return 0


def _texts(content: msgspec.Raw, sum_: int) -> int:
    """Add up the text of a turn, which is a text or an array of parts."""
    if not content or memoryview(content)[0] != _BRACKET:
        return zlib.crc32(content, sum_)
    for part in _parts.decode(content):
        sum_ = zlib.crc32(part.text, sum_)
    return sum_


def _sampled(raw: msgspec.Raw, sum_: int) -> int:
    """Add up a long value: its ends and its length."""
    size = len(raw)
    if size <= 2 * _SAMPLE_BYTES:
        return zlib.crc32(raw, sum_)
    view = memoryview(raw)
    return zlib.crc32(view[-_SAMPLE_BYTES:], zlib.crc32(view[:_SAMPLE_BYTES], sum_ ^ size))

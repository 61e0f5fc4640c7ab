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
_SHAPES: Final[Mapping[Operation, tuple[tuple[str, ...], str]]] = {
    "chat": ((), "messages"),
    "responses": (("instructions",), "input"),
    "compact": (("instructions",), "input"),
    "messages": (("system",), "messages"),
    "generate_content": (("systemInstruction", "system_instruction"), "contents"),
    "converse": (("system",), "messages"),
}
"""Where operations that go on from turn to turn have what the model is told to be, and the turns."""
_SAMPLE_BYTES: Final = 256
_TEXT_SAMPLE_BYTES: Final = 1024
"""So much of each end of a long text counts, of which all would take longer than everything else here."""
_USUAL_START: Final = b'[{"role":"user","content":"'
"""How most clients write the beginning of turns; what follows is found without reading them all."""
_FIRST_TURNS: Final = 16
"""So many turns are looked through for the user's first; before it stand those of the operator."""
_KNOWN: Final = 1 << 32
"""Keeps a number from being 0, which means no conversation."""
_QUOTE, _BRACKET, _BACKSLASH = b'"[\\'


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


def tenant_of(name: str) -> int:
    """Return what keeps the conversations of one tenant apart from those of others."""
    return zlib.crc32(name.encode())


def session_of(tenant: int, said: bytes, operation: Operation, fields: RawObject) -> int:
    """Return what stands for the conversation of a request, or 0 where it is none.

    `tenant` is a number of `tenant_of`; `said` is what the headers name; `fields` are those of the body.
    """
    shape = _SHAPES.get(operation)
    if shape is None:
        return 0
    if said:
        return zlib.crc32(said, tenant) | _KNOWN
    try:
        if "prompt_cache_key" in fields or "metadata" in fields:
            named = _named(fields)
            if named:
                return zlib.crc32(named.encode(), tenant) | _KNOWN
        told, turns = shape
        for name in told:
            if name in fields:
                tenant = _sampled(fields[name], tenant)
        return _first_turns(fields[turns], tenant) if turns in fields else 0
    except (msgspec.DecodeError, RecursionError):
        return 0  # the provider is to say what is wrong


def _named(fields: RawObject) -> str:
    """Return the conversation that the body names: Codex's key of the prompt cache, Claude Code's in its user."""
    if "prompt_cache_key" in fields:
        return _text.decode(fields["prompt_cache_key"])
    if b"session_" not in bytes(fields["metadata"]):
        return ""
    user = _metadata.decode(fields["metadata"]).user_id
    if user.startswith("{"):
        return _user.decode(user).session_id
    return user.partition("_session_")[2]


def _first_turns(turns: msgspec.Raw, sum_: int) -> int:
    view = memoryview(turns)
    if view[0] == _QUOTE:
        return _sampled(view, sum_, _TEXT_SAMPLE_BYTES) | _KNOWN
    if bytes(view[: len(_USUAL_START)]) == _USUAL_START:
        text = _plain_text(bytes(view), len(_USUAL_START) - 1)
        if text:
            return _sampled(text, sum_, _TEXT_SAMPLE_BYTES) | _KNOWN
    for raw in _array.decode(turns)[:_FIRST_TURNS]:
        turn = _turn.decode(raw)
        if turn.role == "user":
            content = turn.content or turn.parts
            if len(content) > 0 and memoryview(content)[0] == _BRACKET:
                return _texts(content, sum_) | _KNOWN
            return _sampled(content, sum_, _TEXT_SAMPLE_BYTES) | _KNOWN
        sum_ = _sampled(raw, sum_)
    return 0


def _plain_text(json: bytes, start: int) -> bytes:
    """Return the string that begins at `start`, with its quotes; b"" where a quote in it may be escaped."""
    end = json.find(b'"', start + 1)
    return b"" if json[end - 1] == _BACKSLASH else json[start : end + 1]


def _texts(content: msgspec.Raw, sum_: int) -> int:
    """Add up the texts of a turn's parts."""
    for part in _parts.decode(content):
        sum_ = _sampled(part.text, sum_, _TEXT_SAMPLE_BYTES)
    return sum_


def _sampled(raw: msgspec.Raw | bytes | memoryview, sum_: int, sample_bytes: int = _SAMPLE_BYTES) -> int:
    """Add up a long value: its ends and its length."""
    size = len(raw)
    if size <= 2 * sample_bytes:
        return zlib.crc32(raw, sum_)
    view = memoryview(raw)
    return zlib.crc32(view[-sample_bytes:], zlib.crc32(view[:sample_bytes], sum_ ^ size))

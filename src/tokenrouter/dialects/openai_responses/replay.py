"""Encrypted reasoning that must not go back to OpenAI, in a request that is relayed as it is.

A client that talked to another provider before brings back reasoning items whose `encrypted_content` we have sealed, or
that never had any and are told by an id of ours, which OpenAI does not find; it answers 400 to both, on every later
turn. A conversation that we have compacted becomes the words it stands for. Everything else of the body stays as it
was sent.
"""

import re
from typing import Final

import msgspec

from tokenrouter.dialects.base import Fields, RequestBody
from tokenrouter.dialects.openai_responses.compaction import KIND, summary_message
from tokenrouter.domain.items import text_of

_SEALED: Final = b"trs1."
_MADE_ID: Final = re.compile(rb'"(rs_[0-9A-Za-z]+_[0-9]+)"')
"""An id that `openai_responses_output.Manner` made for reasoning; OpenAI's own have one underscore."""


class _Item(msgspec.Struct):
    type: str | None = None
    id: str | None = None
    encrypted_content: str | None = None


_items: Final = msgspec.json.Decoder(list[msgspec.Raw])
_item: Final = msgspec.json.Decoder(_Item)


def without_foreign_reasoning(body: RequestBody) -> Fields:
    """Return the changed `input` of a Responses request, nothing where there is nothing to change."""
    given = body.fields.get("input")
    if given is None or not (raw := bytes(given)).startswith(b"[") or not _is_suspect(raw):
        return {}
    kept = [told for item in _items.decode(raw) if (told := _told(bytes(item))) is not None]
    return {"input": b"[" + b",".join(kept) + b"]"}


def _is_suspect(raw: bytes) -> bool:
    return _SEALED in raw or _MADE_ID.search(raw) is not None


def _told(raw: bytes) -> bytes | None:
    """Return an item as it goes on, None where it stays behind."""
    if not _is_suspect(raw):
        return raw
    try:
        item = _item.decode(raw)
    except msgspec.DecodeError:
        return raw
    sealed = item.encrypted_content or ""
    if item.type == KIND and (summary := summary_message(sealed)) is not None:
        return msgspec.json.encode({"type": "message", "role": summary.role, "content": text_of(summary.parts)})
    is_made = not sealed and _MADE_ID.fullmatch(f'"{item.id}"'.encode()) is not None
    return None if item.type == "reasoning" and (is_made or _SEALED.decode() in sealed) else raw

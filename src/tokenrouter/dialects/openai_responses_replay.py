"""Encrypted reasoning that must not go back to OpenAI, in a request that is relayed as it is.

A client that talked to another provider before brings back reasoning items whose `encrypted_content` we have sealed;
OpenAI answers 400 to them, on every later turn. A conversation that we have compacted becomes the words it stands for.
Everything else of the body stays as it was sent.
"""

from typing import Final

import msgspec

from tokenrouter.dialects.base import Fields, RequestBody
from tokenrouter.dialects.openai_responses_compaction import KIND, summary_message
from tokenrouter.domain.items import text_of

_SEALED: Final = b"trs1."


class _Item(msgspec.Struct):
    type: str | None = None
    encrypted_content: str | None = None


_items: Final = msgspec.json.Decoder(list[msgspec.Raw])
_item: Final = msgspec.json.Decoder(_Item)


def without_foreign_reasoning(body: RequestBody) -> Fields:
    """Return the changed `input` of a Responses request, nothing where there is nothing to change."""
    given = body.fields.get("input")
    if given is None or _SEALED not in (raw := bytes(given)) or not raw.startswith(b"["):
        return {}
    kept = [told for item in _items.decode(raw) if (told := _told(bytes(item))) is not None]
    return {"input": b"[" + b",".join(kept) + b"]"}


def _told(raw: bytes) -> bytes | None:
    """Return an item as it goes on, None where it stays behind."""
    if _SEALED not in raw:
        return raw
    try:
        item = _item.decode(raw)
    except msgspec.DecodeError:
        return raw
    sealed = item.encrypted_content or ""
    if item.type == KIND and (summary := summary_message(sealed)) is not None:
        return msgspec.json.encode({"type": "message", "role": summary.role, "content": text_of(summary.parts)})
    return None if item.type == "reasoning" and _SEALED.decode() in sealed else raw

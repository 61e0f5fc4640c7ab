"""Thoughts that must not go back to Anthropic, in a request that is relayed as it is.

A client that talked to another provider before brings back thinking blocks without a signature, or with state that we
have sealed; Anthropic answers 400 to both, on every later turn. Everything else of the body stays as it was sent.
"""

import re
from typing import Final

import msgspec

from tokenrouter.dialects.anthropic.blocks import read_block
from tokenrouter.dialects.anthropic.signatures import is_anthropics_own
from tokenrouter.dialects.base import Fields
from tokenrouter.dialects.json import JsonObject
from tokenrouter.dialects.wire_reading import read_request
from tokenrouter.domain.errors import InvalidRequest

_SUSPECT: Final = re.compile(rb'"signature"\s*:\s*"(?:"|tr[sc]1\.)')
_turns: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_blocks: Final = msgspec.json.Decoder(list[msgspec.Raw])


def without_foreign_thoughts(body: JsonObject) -> Fields:
    """Return the changed `messages` field of a Messages request, nothing where there is nothing to change.

    Raises:
        InvalidRequest: a turn or block is not an object.
    """
    messages = body.fields["messages"]
    if _SUSPECT.search(messages) is None:
        return {}
    try:
        kept = [turn for turn in read_request(_turns, messages) if _keeps(turn)]
    except InvalidRequest as error:
        raise InvalidRequest(error.message, param="messages") from None
    return {"messages": msgspec.json.encode(kept)}


def _keeps(turn: dict[str, msgspec.Raw]) -> bool:
    """Take such blocks out of a turn; tell whether anything is left of it."""
    content = bytes(turn.get("content", b""))
    if _SUSPECT.search(content) is None or not content.startswith(b"["):
        return True
    own = [raw for raw in read_request(_blocks, content) if _is_own(raw)]
    turn["content"] = msgspec.Raw(msgspec.json.encode(own))
    return bool(own)


def _is_own(raw: msgspec.Raw) -> bool:
    block = read_block(raw)
    return block.type != "thinking" or is_anthropics_own(block.signature or "")

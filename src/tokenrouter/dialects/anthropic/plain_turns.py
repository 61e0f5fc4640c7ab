"""The turns of most requests, read in one go.

What only Anthropic has must be kept as it was written, so `blocks.py` reads blocks one by one. Agents send
words, thoughts, calls and their outputs by the hundred, so here all turns are first read together. A conversation in
which anything is otherwise is read block by block.
"""

from typing import Final

import msgspec

from tokenrouter.dialects.anthropic.blocks import PLAIN, plain_said_items, plain_user_items, text_parts
from tokenrouter.dialects.anthropic.wire import WireBlock, WirePlainMessage
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import Item, Message

_turns: Final = msgspec.json.Decoder(list[WirePlainMessage])


def read_plain_turns(raw: msgspec.Raw | bytes) -> list[Item] | None:
    """Return the items of all turns; None where a block is of a rarer type, or wrong in any way."""
    items: list[Item] = []
    try:
        for turn in _turns.decode(raw):
            items += _turn(turn)
    except (msgspec.DecodeError, InvalidRequest, KeyError, RecursionError):
        return None
    return items


def _turn(turn: WirePlainMessage) -> list[Item]:
    """Raises: KeyError, for what is not plain."""
    content = turn.content
    if turn.role not in ("user", "assistant"):
        raise KeyError(turn.role)
    if not isinstance(content, list):
        parts = text_parts(content)
        return [Message("user" if turn.role == "user" else "assistant", parts)] if parts else []
    _require_plain(content)
    return plain_user_items(content) if turn.role == "user" else plain_said_items(content)


def _require_plain(blocks: list[WireBlock]) -> None:
    for block in blocks:
        if block.type not in PLAIN:
            raise KeyError(block.type)

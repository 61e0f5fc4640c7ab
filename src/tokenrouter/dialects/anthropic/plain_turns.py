"""The turns of most requests, read in one go.

What only Anthropic has must be kept as it was written, so `blocks.py` reads blocks one by one. Agents send words,
thoughts, calls and their outputs by the hundred, so here all turns are first read together, and the commonest blocks
made into items without a detour. A conversation in which anything is otherwise is read block by block.
"""

from typing import Final

import msgspec

from tokenrouter.dialects.anthropic.blocks import cache_ttl, call_of, parsed_said_items, picture_of, text_part
from tokenrouter.dialects.anthropic.wire import WireBlock, WirePlainMessage
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import CallOutput, Item, Message, Part, Text

_SAID: Final = frozenset(("text", "image", "thinking", "redacted_thinking", "tool_use"))
"""Types of blocks in assistants' turns of which nothing has to be kept as it was written."""
_turns: Final = msgspec.json.Decoder(list[WirePlainMessage])
_content: Final = msgspec.json.Decoder(str | list[WireBlock] | None)


def read_plain_turns(raw: msgspec.Raw | bytes) -> list[Item] | None:
    """Return the items of all turns; None where a block is of a rarer type, or wrong in any way."""
    items: list[Item] = []
    try:
        for turn in _turns.decode(raw):
            _take(turn, items)
    except (msgspec.DecodeError, InvalidRequest, KeyError, RecursionError):
        return None
    return items


def _take(turn: WirePlainMessage, items: list[Item]) -> None:
    """Raises: KeyError, for what is not plain."""
    content = turn.content
    if turn.role == "user":
        if isinstance(content, list):
            _take_told(content, items)
        elif content:
            items.append(Message("user", (Text(content),)))
    elif turn.role != "assistant":
        raise KeyError(turn.role)
    elif isinstance(content, list):
        _take_said(content, items)
    elif content:
        items.append(Message("assistant", (Text(content),)))


def _take_told(blocks: list[WireBlock], items: list[Item]) -> None:
    """Take a user's turn: the outputs of tools first, whatever stood before them."""
    parts: list[Part] = []
    for block in blocks:
        if block.type == "tool_result":
            items.append(_output(block))
        else:
            _take_part(block, parts)
    if parts:
        items.append(Message("user", tuple(parts)))


def _take_said(blocks: list[WireBlock], items: list[Item]) -> None:
    words: list[Part] = []
    calls: list[Item] = []
    for block in blocks:
        if block.type == "tool_use":
            calls.append(call_of(block))
        elif block.type == "text" and not calls and not len(block.citations):
            if block.text:
                words.append(text_part(block))
        else:
            items += _rarer(blocks)
            return
    if words:
        items.append(Message("assistant", tuple(words)))
    items += calls


def _rarer(blocks: list[WireBlock]) -> list[Item]:
    """Return an assistant's turn with more than words and then calls."""
    for block in blocks:
        if block.type not in _SAID:
            raise KeyError(block.type)
    return parsed_said_items(blocks)


def _output(block: WireBlock) -> CallOutput:
    if not block.tool_use_id:
        raise KeyError("tool_use_id")
    parts: list[Part] = []
    content = _content.decode(block.content) if len(block.content) else None
    if isinstance(content, list):
        for inner in content:
            _take_part(inner, parts)
    elif content:
        parts.append(Text(content))
    return CallOutput(block.tool_use_id, tuple(parts), bool(block.is_error), cache=cache_ttl(block.cache_control))


def _take_part(block: WireBlock, parts: list[Part]) -> None:
    if block.type == "text":
        if block.text:
            parts.append(text_part(block))
    elif block.type == "image":
        parts.append(picture_of(block))
    else:
        raise KeyError(block.type)

"""The input of most requests, read in one go.

Items of the Responses API have as many shapes as types, so `items.py` looks at each twice: for what
it is, and for what it holds. Agents send the same few types by the hundred, so here a whole input is first read as a
list of one struct that has all their fields. An input in which anything is otherwise is read item by item.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from tokenrouter.dialects.openai_responses.items import (
    custom_call_of,
    function_call_of,
    message_of,
    output_of,
    reasoning_of,
)
from tokenrouter.dialects.openai_responses.wire import WireItem, WireReasoning
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import Item

_items: Final = msgspec.json.Decoder(list[WireItem])


def read_plain_input(raw: msgspec.Raw | bytes) -> list[Item] | None:
    """Return the items of an input; None where one is of a rarer type, or wrong in any way."""
    try:
        return [_MAKERS[wire.type or _type_of(wire)](wire) for wire in _items.decode(raw)]
    except (msgspec.DecodeError, InvalidRequest, KeyError, RecursionError):
        return None


def _type_of(wire: WireItem) -> str:
    """An item without a type is a message if it has a role."""
    return "message" if wire.role else ""


def _reasoning(wire: WireItem) -> Item:
    if isinstance(wire.content, str):
        raise InvalidRequest("Reasoning has a list of parts.")
    return reasoning_of(WireReasoning(wire.summary, wire.content, wire.encrypted_content, wire.id))


_MAKERS: Final[dict[str, Callable[[WireItem], Item]]] = {
    "message": lambda wire: message_of(wire, ""),
    "reasoning": _reasoning,
    "function_call": lambda wire: function_call_of(wire, ""),
    "custom_tool_call": lambda wire: custom_call_of(wire, ""),
    "function_call_output": lambda wire: output_of(wire, "", "function"),
    "custom_tool_call_output": lambda wire: output_of(wire, "", "custom"),
}
"""By type. Whoever fails here is asked again with its place, so the place is left out."""

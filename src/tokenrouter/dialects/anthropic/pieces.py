"""Texts in pieces, as Messages streams them: by content block.

Thinking is left as it is: its signature is over the text, and both come back with the next turn.
"""

from collections.abc import Iterator
from typing import Any, Final

from tokenrouter.dialects.pieces import Event, Piece, object_in
from tokenrouter.hooks import TextKind

_FIELDS: Final[dict[Any, tuple[str, TextKind]]] = {
    "text_delta": ("text", "assistant"),
    "input_json_delta": ("partial_json", "tool_call"),
}
_ENDS: Final = frozenset(("message_delta", "message_stop", "error"))


class MessagesPieces:
    """See `pieces.PieceReading`; a channel is (block, type of its deltas)."""

    def pieces(self, event: Event) -> Iterator[Piece]:
        if event.get("type") != "content_block_delta":
            return
        delta = object_in(event, "delta")
        what = delta.get("type")
        if isinstance(what, str) and what in _FIELDS:
            name, kind = _FIELDS[what]
            if isinstance(delta.get(name), str):
                yield Piece((event.get("index"), what), id(delta), name, kind, is_json=name == "partial_json")

    def closes(self, event: Event, channel: Any) -> bool:
        what = event.get("type")
        return what in _ENDS or (what == "content_block_stop" and event.get("index") == channel[0])

    def carrier(self, channel: Any, text: str, last: Event) -> Event:
        index, what = channel
        return {
            "type": "content_block_delta",
            "index": index,
            "delta": {"type": what, _FIELDS[what][0]: text},
        }


MESSAGES_PIECES: Final = MessagesPieces()

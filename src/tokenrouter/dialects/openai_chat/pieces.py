"""Texts in pieces, as Chat Completions and legacy Completions stream them: by choice and field."""

from collections.abc import Iterator
from typing import Any, Final

from tokenrouter.dialects.pieces import Event, Piece, object_in, objects
from tokenrouter.hooks import TextKind

_FIELDS: Final[dict[str, TextKind]] = {
    "content": "assistant",
    "refusal": "assistant",
    "reasoning_content": "reasoning",
    "reasoning": "reasoning",
}
_ENVELOPE: Final = ("id", "object", "created", "model")


class ChatPieces:
    """See `pieces.PieceReading`; a channel is (choice, field, number of the tool call)."""

    def pieces(self, event: Event) -> Iterator[Piece]:
        for choice in objects(event.get("choices")):
            number = choice.get("index", 0)
            if isinstance(choice.get("text"), str):
                yield Piece((number, "text", 0), id(choice), "text", "assistant")
            delta = object_in(choice, "delta")
            for name, kind in _FIELDS.items():
                if isinstance(delta.get(name), str):
                    yield Piece((number, name, 0), id(delta), name, kind)
            for call in objects(delta.get("tool_calls")):
                function, which = object_in(call, "function"), call.get("index", 0)
                if isinstance(function.get("arguments"), str):
                    yield Piece((number, "arguments", which), id(function), "arguments", "tool_call", is_json=True)

    def closes(self, event: Event, channel: Any) -> bool:
        if "error" in event:
            return True
        number, name, _ = channel
        choices = [one for one in objects(event.get("choices")) if one.get("index", 0) == number]
        return any(one.get("finish_reason") is not None or _goes_on(one, name) for one in choices)

    def carrier(self, channel: Any, text: str, last: Event) -> Event:
        number, name, which = channel
        made: Event = {key: last[key] for key in _ENVELOPE if key in last}
        if name == "text":
            return made | {"choices": [{"index": number, "text": text, "finish_reason": None}]}
        delta: Event = {name: text}
        if name == "arguments":
            delta = {"tool_calls": [{"index": which, "function": {"arguments": text}}]}
        return made | {"choices": [{"index": number, "delta": delta, "finish_reason": None}]}


def _goes_on(choice: Event, name: str) -> bool:
    """Whether an answer has gone on from the field `name` to another one: words come in the order of the fields.

    Calls have numbers, so theirs may come in any order.
    """
    delta = object_in(choice, "delta")
    return name in _FIELDS and any(delta.get(other) for other in (*_FIELDS, "tool_calls") if other != name)


CHAT_PIECES: Final = ChatPieces()

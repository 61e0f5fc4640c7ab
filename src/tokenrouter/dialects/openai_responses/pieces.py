"""Texts in pieces, as Responses streams them: every `….delta` whose `delta` is a text, until its `….done`."""

from collections.abc import Iterator
from typing import Any, Final

from tokenrouter.dialects.pieces import Event, Piece
from tokenrouter.hooks import TextKind

_DELTA: Final = ".delta"
_JSON: Final = ("response.function_call_arguments", "response.mcp_call_arguments")
_SOUND: Final = "response.audio"
_ENDS: Final = frozenset(("response.completed", "response.incomplete", "response.failed", "error"))


class ResponsesPieces:
    """See `pieces.PieceReading`; a channel is (type without its ending, item, part)."""

    def pieces(self, event: Event) -> Iterator[Piece]:
        what = event.get("type")
        if not isinstance(what, str) or not what.endswith(_DELTA) or not isinstance(event.get("delta"), str):
            return
        text = what.removesuffix(_DELTA)
        if text != _SOUND:
            yield Piece((text, *_place(event)), id(event), "delta", _kind(text), is_json=text in _JSON)

    def closes(self, event: Event, channel: Any) -> bool:
        text, item, part = channel
        what = event.get("type")
        if what in _ENDS:
            return True
        if what == "response.output_item.done":
            return bool(event.get("output_index") == item)
        return what == f"{text}.done" and _place(event) == (item, part)

    def carrier(self, channel: Any, text: str, last: Event) -> Event:
        made = last | {"delta": text}
        made.pop("obfuscation", None)
        if "logprobs" in made:
            made["logprobs"] = []
        return made


def _place(event: Event) -> tuple[Any, Any]:
    return event.get("output_index"), event.get("content_index", event.get("summary_index"))


def _kind(text: str) -> TextKind:
    if "reasoning" in text:
        return "reasoning"
    return "tool_call" if "_call" in text else "assistant"


RESPONSES_PIECES: Final = ResponsesPieces()

"""Texts in pieces, as Gemini streams them: parts of a candidate, told apart only by being thoughts or not.

The arguments of a call come whole, or leaf by leaf (`partialArgs`), each leaf with its place.
"""

from collections.abc import Iterator
from typing import Any, Final

from tokenrouter.dialects.pieces import Event, Piece, object_in, objects
from tokenrouter.hooks import TextKind

_ENVELOPE: Final = ("modelVersion", "responseId")


class GeminiPieces:
    """See `pieces.PieceReading`; a channel is (candidate, `text`, `thought` or `leaf`, place of the leaf)."""

    def pieces(self, event: Event) -> Iterator[Piece]:
        for number, part in _parts(event):
            if isinstance(part.get("text"), str):
                what = _what(part)
                kind: TextKind = "reasoning" if what == "thought" else "assistant"
                yield Piece((number, what, ""), id(part), "text", kind)
            for leaf in _leaves(part):
                if isinstance(leaf.get("stringValue"), str):
                    yield Piece((number, "leaf", leaf.get("jsonPath")), id(leaf), "stringValue", "tool_call")

    def closes(self, event: Event, channel: Any) -> bool:
        number, what, place = channel
        if "error" in event or any(
            one.get("finishReason") is not None and one.get("index", 0) == number
            for one in objects(event.get("candidates"))
        ):
            return True
        parts = [part for index, part in _parts(event) if index == number]
        if what == "leaf":
            leaves = [leaf for part in parts for leaf in _leaves(part) if leaf.get("jsonPath") == place]
            return any(not leaf.get("willContinue") for leaf in leaves)
        return any(_what(part) != what for part in parts)

    def carrier(self, channel: Any, text: str, last: Event) -> Event:
        number, what, place = channel
        part: Event = {"text": text}
        if what == "thought":
            part["thought"] = True
        if what == "leaf":
            part = {"functionCall": {"partialArgs": [{"jsonPath": place, "stringValue": text}]}}
        made = {key: last[key] for key in _ENVELOPE if key in last}
        return {"candidates": [{"content": {"parts": [part], "role": "model"}, "index": number}]} | made


def _parts(event: Event) -> Iterator[tuple[Any, Event]]:
    for candidate in objects(event.get("candidates")):
        for part in objects(object_in(candidate, "content").get("parts")):
            yield candidate.get("index", 0), part


def _leaves(part: Event) -> Iterator[Event]:
    yield from objects(object_in(part, "functionCall").get("partialArgs"))


def _what(part: Event) -> str:
    if "text" not in part:
        return "other"
    return "thought" if part.get("thought") is True else "text"


GEMINI_PIECES: Final = GeminiPieces()

"""The items of a Responses stream while they are open: each writes its own events, and knows itself whole at the end.

Strict clients build an item from its events and compare it with what the last snapshot holds, so both come from
one place here. What stays the same in every delta of an item is written once, when it opens; a delta costs one
string encoding and one join. The whole text has to be kept, because the dialect repeats it.
"""

from typing import Any, Final, Protocol

import msgspec

from tokenrouter.dialects.openai_responses.output import (
    ItemKind,
    Manner,
    Status,
    Wire,
    annotation,
    call_item,
    message_item,
    reasoning_item,
    refusal_part,
    text_part,
)
from tokenrouter.domain.items import Call, Citation, Message, RawJson, Reasoning

_encode: Final = msgspec.json.encode


class EventWriter:
    """Numbers the events of one stream, from 0."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next = 0

    def event(self, kind: str, **fields: Any) -> bytes:
        """Return an event of type `kind`."""
        number = self._next
        self._next = number + 1
        data = _encode({"type": kind, "sequence_number": number, **fields})
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)

    def delta(self, lead: bytes, place: bytes, text: str) -> bytes:
        """Return an event whose constant pieces `delta_lead` and `delta_place` have made."""
        number = self._next
        self._next = number + 1
        return b"%b%d%b%b}\n\n" % (lead, number, place, _encode(text))

    def opened(self, index: int, item: Wire | msgspec.Raw) -> bytes:
        """Return the event that opens the item at `index` of the output."""
        return self.event("response.output_item.added", output_index=index, item=item)

    def done(self, index: int, item: Wire | msgspec.Raw) -> bytes:
        """Return the event that ends it."""
        return self.event("response.output_item.done", output_index=index, item=item)


def delta_lead(kind: str) -> bytes:
    """Return what stands before the number of a delta of type `kind`."""
    return b'event: %b\ndata: {"type":"%b","sequence_number":' % (kind.encode(), kind.encode())


def delta_place(**fields: object) -> bytes:
    """Return what stands between the number of a delta and its text."""
    return b"," + _encode(fields)[1:-1] + b',"delta":'


_TEXT: Final = delta_lead("response.output_text.delta")
_REFUSAL: Final = delta_lead("response.refusal.delta")
_SUMMARY: Final = delta_lead("response.reasoning_summary_text.delta")
_ARGUMENTS: Final = delta_lead("response.function_call_arguments.delta")
_INPUT: Final = delta_lead("response.custom_tool_call_input.delta")


class OpenItem(Protocol):
    """One item that is open."""

    index: int
    """Its place in the output."""

    def end(self, status: Status) -> tuple[bytes, msgspec.Raw]:
        """Return the events that end it, and the whole item."""


class OpenMessage:
    """A message: parts of words and of refusal, one after the other."""

    __slots__ = ("_annotations", "_content", "_events", "_id", "_logprobs", "_phase", "_pieces", "_place", "index")

    def __init__(self, events: EventWriter, manner: Manner, index: int, message: Message) -> None:
        self.index = index
        self._events = events
        self._id = manner.item_id("message", index)
        self._phase = message.phase
        self._content: list[Wire] = []
        self._pieces: list[str] = []
        self._annotations: list[Wire | msgspec.Raw] = []
        self._logprobs: list[bytes] = []
        self._place: tuple[bytes, bytes] | None = None

    def begin(self) -> bytes:
        """Return the event that opens it."""
        return self._events.opened(self.index, message_item(self._id, [], self._phase, "in_progress"))

    def grow(self, text: str, logprobs: RawJson | None) -> bytes:
        """Return the events of more words."""
        opening = self._part(_TEXT)
        self._pieces.append(text)
        if logprobs is None:
            return opening + self._events.delta(*self._place_of_part(), text)
        self._logprobs.append(logprobs[1:-1])
        told = self._events.event(
            "response.output_text.delta", **self._where(), delta=text, logprobs=msgspec.Raw(logprobs)
        )
        return opening + told

    def decline(self, text: str) -> bytes:
        """Return the events of more words of a refusal."""
        opening = self._part(_REFUSAL)
        self._pieces.append(text)
        return opening + self._events.delta(*self._place_of_part(), text)

    def cite(self, citation: Citation) -> bytes:
        """Return the event of a citation, nothing for one that has no place here."""
        note = annotation(citation)
        if note is None:
            return b""
        opening = self._part(_TEXT)
        number = len(self._annotations)
        self._annotations.append(note)
        told = self._events.event(
            "response.output_text.annotation.added", **self._where(), annotation_index=number, annotation=note
        )
        return opening + told

    def _place_of_part(self) -> tuple[bytes, bytes]:
        return self._place or (b"", b"")

    def _where(self) -> Wire:
        return {"item_id": self._id, "output_index": self.index, "content_index": len(self._content)}

    def _part(self, lead: bytes) -> bytes:
        """Open a part of that kind, unless it is open."""
        if self._place is not None and self._place[0] is lead:
            return b""
        ended = self._end_part()
        is_text = lead is _TEXT
        constant = {**self._where(), "logprobs": []} if is_text else self._where()
        self._place = (lead, delta_place(**constant))
        part = text_part("", []) if is_text else refusal_part("")
        return ended + self._events.event("response.content_part.added", **self._where(), part=part)

    def _end_part(self) -> bytes:
        if self._place is None:
            return b""
        whole, where = "".join(self._pieces), self._where()
        if self._place[0] is _TEXT:
            logprobs = msgspec.Raw(b"[" + b",".join(self._logprobs) + b"]")
            part = text_part(whole, self._annotations, logprobs)
            told = self._events.event("response.output_text.done", **where, text=whole, logprobs=logprobs)
        else:
            part = refusal_part(whole)
            told = self._events.event("response.refusal.done", **where, refusal=whole)
        told += self._events.event("response.content_part.done", **where, part=part)
        self._content.append(part)
        self._pieces, self._annotations, self._logprobs, self._place = [], [], [], None
        return told

    def end(self, status: Status) -> tuple[bytes, msgspec.Raw]:
        told = self._end_part()
        whole = msgspec.Raw(_encode(message_item(self._id, self._content, self._phase, status)))
        return told + self._events.done(self.index, whole), whole


class OpenReasoning:
    """Reasoning: sections of a summary, one after the other.

    Attributes:
        state: what makes it valid, as it will be told at its end.
    """

    __slots__ = ("_events", "_id", "_pieces", "_place", "_section", "_texts", "index", "state")

    def __init__(self, events: EventWriter, manner: Manner, index: int, reasoning: Reasoning) -> None:
        self.index = index
        self.state = manner.encrypted(reasoning.state)
        self._events = events
        self._id = manner.item_id("reasoning", index)
        self._texts: list[str] = []
        self._pieces: list[str] = []
        self._section = 0
        self._place = b""

    def begin(self) -> bytes:
        """Return the event that opens it."""
        return self._events.opened(self.index, reasoning_item(self._id, [], None))

    def grow(self, text: str, section: int) -> bytes:
        """Return the events of more words in the section of that number."""
        opening = b"" if self._place and section == self._section else self._begin_section(section)
        self._pieces.append(text)
        return opening + self._events.delta(_SUMMARY, self._place, text)

    def _where(self) -> Wire:
        return {"item_id": self._id, "output_index": self.index, "summary_index": len(self._texts)}

    def _begin_section(self, section: int) -> bytes:
        ended = self._end_section()
        self._section = section
        self._place = delta_place(**self._where())
        part = {"type": "summary_text", "text": ""}
        return ended + self._events.event("response.reasoning_summary_part.added", **self._where(), part=part)

    def _end_section(self) -> bytes:
        if not self._place:
            return b""
        whole, where = "".join(self._pieces), self._where()
        part = {"type": "summary_text", "text": whole}
        told = self._events.event("response.reasoning_summary_text.done", **where, text=whole)
        told += self._events.event("response.reasoning_summary_part.done", **where, part=part)
        self._texts.append(whole)
        self._pieces, self._place = [], b""
        return told

    def end(self, status: Status) -> tuple[bytes, msgspec.Raw]:
        told = self._end_section()
        whole = msgspec.Raw(_encode(reasoning_item(self._id, self._texts, self.state)))
        return told + self._events.done(self.index, whole), whole


class OpenCall:
    """A call: of a function, of a free-text tool, or a search for tools, whose arguments come only at its end."""

    __slots__ = ("_call", "_events", "_id", "_kind", "_lead", "_pieces", "_place", "index")

    def __init__(self, events: EventWriter, manner: Manner, index: int, call: Call) -> None:
        self.index = index
        self._events = events
        self._call = call
        self._kind: ItemKind = manner.call_kind(call)
        self._id = manner.item_id(self._kind, index)
        self._pieces: list[str] = []
        self._lead = _INPUT if call.kind == "custom" else _ARGUMENTS
        self._place = delta_place(**self._where())

    @property
    def call_id(self) -> str:
        """What its output will be filed under."""
        return self._call.call_id

    def _where(self) -> Wire:
        return {"item_id": self._id, "output_index": self.index}

    def begin(self) -> bytes:
        """Return the event that opens it."""
        return self._events.opened(self.index, call_item(self._kind, self._id, self._call, "", "in_progress"))

    def grow(self, text: str) -> bytes:
        """Return the event of more arguments."""
        self._pieces.append(text)
        return b"" if self._kind == "tool_search_call" else self._events.delta(self._lead, self._place, text)

    def end(self, status: Status) -> tuple[bytes, msgspec.Raw]:
        """Return the events that end it, and the whole item."""
        told = self.grow("{}") if not self._pieces and self._call.kind == "function" else b""
        arguments = "".join(self._pieces)
        if self._kind == "custom_tool_call":
            told += self._events.event("response.custom_tool_call_input.done", **self._where(), input=arguments)
        elif self._kind == "function_call":
            named = {"name": self._call.name, "arguments": arguments}
            told += self._events.event("response.function_call_arguments.done", **self._where(), **named)
        whole = msgspec.Raw(_encode(call_item(self._kind, self._id, self._call, arguments, status)))
        return told + self._events.done(self.index, whole), whole

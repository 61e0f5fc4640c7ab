"""A Responses stream as events.

Items are told apart by their place in the output: some vendors change an item's id from one event to the next.
Deltas, the events that repeat the whole text, and the finished item say the same thing up to three times, and any
of them may be missing; what a later one adds to an earlier one is told when it comes. Kinds of items that only
this dialect has are told when they are finished.
"""

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

from tokenrouter.dialects.event_payloads import EventPayloads
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.openai_responses.answer import output_citation, output_items
from tokenrouter.dialects.openai_responses.items import arguments_text, logprobs_in
from tokenrouter.dialects.openai_responses.stops import error_in, stop_of
from tokenrouter.dialects.openai_responses.wire import (
    WireCall,
    WireError,
    WireEvent,
    WireKind,
    WireMessage,
    WireResponse,
)
from tokenrouter.dialects.openai_responses.wrapped_calls import may_wrap
from tokenrouter.dialects.wire_reading import raw_value, read_answer
from tokenrouter.domain.answers import (
    ArgumentsGrew,
    Begun,
    CitationAdded,
    Ended,
    Failed,
    ItemBegun,
    ItemEnded,
    PartAdded,
    ReasoningGrew,
    RefusalGrew,
    StateArrived,
    Stopped,
    StreamEvent,
    TextGrew,
    UsageReported,
)
from tokenrouter.domain.items import Call, CallKind, Foreign, Item, Message, Reasoning, Refusal, Text

_DONE: Final = b"[DONE]"
_NOTHING: Final = (0, "")
_CALLS: Final[dict[str | None, CallKind]] = {"function_call": "function", "custom_tool_call": "custom"}
_event: Final = msgspec.json.Decoder(WireEvent)
_kind: Final = msgspec.json.Decoder(WireKind)
_message: Final = msgspec.json.Decoder(WireMessage)
_call: Final = msgspec.json.Decoder(WireCall)


class _Open:
    """One item in the making.

    Attributes:
        index: its number, None while there is nothing to tell of it; `kind` is what it was begun as.
        place: where it stands in the output.
        phase: of a message.
        told: how many characters of each of its texts were told, and the last piece of them, by kind and place.
        thinking: which of an item's two kinds of reasoning is told, or empty.
        citations: how many were told.
        needs_arguments: whether it is a call that must not end without any.
    """

    __slots__ = ("citations", "index", "kind", "needs_arguments", "phase", "place", "thinking", "told")

    def __init__(self, place: int) -> None:
        self.index: int | None = None
        self.kind: type[Item] | None = None
        self.place = place
        self.phase = ""
        self.told: dict[tuple[str, int], tuple[int, str]] = {}
        self.thinking = ""
        self.citations = 0
        self.needs_arguments = False

    def tell(self, key: tuple[str, int], text: str) -> None:
        """Count `text` as told."""
        self.told[key] = (self.told.get(key, _NOTHING)[0] + len(text), text)

    def rest(self, key: tuple[str, int], text: str | None) -> str:
        """Return what a whole text adds to its pieces, and count it as told; nothing where the pieces are not of it."""
        told, last = self.told.get(key, _NOTHING)
        if not text or len(text) <= told or not text.startswith(last, told - len(last)):
            return ""
        self.tell(key, text[told:])
        return text[told:]


class ResponsesStreamDecoder:
    """Decodes one stream; see `hub.StreamDecoder`."""

    __slots__ = (
        "_answer_id",
        "_events",
        "_has_calls",
        "_is_over",
        "_last",
        "_next",
        "_open",
        "_payloads",
        "_seen",
        "_takers",
        "_target",
        "_told",
    )

    def __init__(self, target: Target) -> None:
        self._target = target
        self._payloads = EventPayloads(target.provider)
        self._events: list[StreamEvent] = []
        self._open: dict[int, _Open] = {}
        self._told: set[int] = set()
        self._answer_id: str | None = None
        self._has_calls = False
        self._is_over = False
        self._last = 0
        self._next = 0
        self._seen = 0
        self._takers: dict[str, Callable[[WireEvent], None]] = {
            "response.created": self._begin,
            "response.in_progress": self._begin,
            "response.queued": self._begin,
            "response.output_item.added": self._open_item,
            "response.output_item.done": self._finish_item,
            "response.output_text.delta": self._grow_text,
            "response.output_text.done": self._complete_text,
            "response.output_text.annotation.added": self._cite,
            "response.refusal.delta": self._grow_refusal,
            "response.refusal.done": self._complete_refusal,
            "response.reasoning_summary_text.delta": self._grow_summary,
            "response.reasoning_summary_text.done": self._complete_summary,
            "response.reasoning_text.delta": self._grow_thought,
            "response.reasoning_text.done": self._complete_thought,
            "response.function_call_arguments.delta": self._grow_call,
            "response.function_call_arguments.done": self._complete_call,
            "response.custom_tool_call_input.delta": self._grow_call,
            "response.custom_tool_call_input.done": self._complete_call,
            "response.completed": self._end,
            "response.incomplete": self._end,
        }

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        return self._taken(self._payloads.feed(chunk))

    def close(self) -> list[StreamEvent]:
        return self._taken(self._payloads.close())

    def _taken(self, payloads: list[bytes]) -> list[StreamEvent]:
        for payload in payloads:
            if self._is_over:
                break
            self._seen += 1
            if payload != _DONE:
                self._take(payload)
        events, self._events = self._events, []
        return events

    def _take(self, payload: bytes) -> None:
        wire = read_answer(_event, payload, self._target.provider, f"event ({self._seen})")
        taker = self._takers.get(wire.type or "")
        response = wire.response
        if response is not None and (response.error is not None or wire.type == "response.failed"):
            self._report(response)
            self._fail(response.error, payload)
        elif taker is not None:
            taker(wire)
        elif wire.type == "error" or (not wire.type and wire.error is not None):
            self._fail(wire.error or WireError(wire.message, wire.code), payload)

    def _begin(self, wire: WireEvent) -> None:
        if self._answer_id is not None:
            return
        told = wire.response or WireResponse()
        self._answer_id = told.id or ""
        model = told.model or self._target.model
        self._events.append(Begun(self._answer_id, model, int(told.created_at or 0), tier=told.service_tier or ""))

    def _item(self, wire: WireEvent) -> _Open:
        """Return the item that an event is about; vendors that leave its place out mean the last one."""
        if self._answer_id is None:
            self._begin(WireEvent())
        place = self._last if wire.output_index is None else wire.output_index
        known = self._open.get(place)
        if known is None:
            known = self._open[place] = _Open(place)
            self._last = place
        return known

    def _start(self, known: _Open, item: Item) -> int:
        """Begin an item; where vendors give one place to two items, the first ends."""
        if known.index is not None:
            self._events.append(ItemEnded(known.index))
        index = known.index = self._next
        known.kind = type(item)
        self._next = index + 1
        self._events.append(ItemBegun(index, item))
        return index

    def _open_item(self, wire: WireEvent) -> None:
        if raw_value(wire.item) is None:
            return
        kind = read_answer(_kind, wire.item, self._target.provider, f"event ({self._seen})").type
        if wire.output_index is None:
            wire.output_index = max(self._told | self._open.keys(), default=-1) + 1
        known = self._item(wire)
        if kind == "message":
            said = read_answer(_message, wire.item, self._target.provider, f"event ({self._seen})")
            known.phase = said.phase or ""
        elif kind in _CALLS:
            self._open_call(known, wire, _CALLS[kind])

    def _open_call(self, known: _Open, wire: WireEvent, kind: CallKind) -> None:
        """A call without its name or id yet, and one that may hold others, is told when it is finished."""
        told = read_answer(_call, wire.item, self._target.provider, f"event ({self._seen})")
        if not told.name or not told.call_id or may_wrap(told.name):
            return
        self._call(known, Call(told.call_id, told.name, "", kind, told.namespace or "", id=told.id or ""))

    def _call(self, known: _Open, call: Call) -> None:
        self._has_calls = True
        known.needs_arguments = call.kind == "function"
        self._start(known, call)

    def _grow_text(self, wire: WireEvent) -> None:
        text = wire.delta
        if type(text) is str and text:
            known = self._item(wire)
            known.tell(("text", wire.content_index or 0), text)
            self._events.append(TextGrew(self._words(known), text, logprobs_in(wire.logprobs)))

    def _words(self, known: _Open) -> int:
        if known.index is not None and known.kind is Message:
            return known.index
        return self._start(known, Message("assistant", (), phase=known.phase))

    def _complete_text(self, wire: WireEvent) -> None:
        self._complete_words(self._item(wire), wire.text, wire.content_index or 0)

    def _complete_words(self, known: _Open, text: str | None, place: int) -> None:
        if rest := known.rest(("text", place), text):
            self._events.append(TextGrew(self._words(known), rest))

    def _cite(self, wire: WireEvent) -> None:
        known = self._item(wire)
        if raw_value(wire.annotation) is not None:
            known.citations += 1
            self._events.append(CitationAdded(self._words(known), output_citation(wire.annotation, self._target)))

    def _grow_refusal(self, wire: WireEvent) -> None:
        known = self._item(wire)
        if type(wire.delta) is str and wire.delta:
            self._decline(known, wire.delta, wire.content_index or 0)

    def _decline(self, known: _Open, text: str, place: int) -> None:
        known.tell(("refusal", place), text)
        self._events.append(RefusalGrew(self._words(known), text))

    def _complete_refusal(self, wire: WireEvent) -> None:
        self._complete_decline(self._item(wire), wire.refusal, wire.content_index or 0)

    def _complete_decline(self, known: _Open, text: str | None, place: int) -> None:
        if rest := known.rest(("refusal", place), text):
            self._events.append(RefusalGrew(self._words(known), rest))

    def _grow_summary(self, wire: WireEvent) -> None:
        self._think(self._item(wire), "summary", wire.delta, wire.summary_index or 0)

    def _grow_thought(self, wire: WireEvent) -> None:
        self._think(self._item(wire), "content", wire.delta, wire.content_index or 0)

    def _think(self, known: _Open, kind: str, text: object, section: int) -> None:
        """Tell words of reasoning; of its summary and its content, the one that came first."""
        if type(text) is not str or not text or known.thinking not in ("", kind):
            return
        known.tell((kind, section), text)
        self._events.append(ReasoningGrew(self._thoughts(known, kind), text, section))

    def _thoughts(self, known: _Open, kind: str) -> int:
        known.thinking = known.thinking or kind
        if known.index is not None and known.kind is Reasoning:
            return known.index
        return self._start(known, Reasoning((), kind == "summary"))

    def _complete_summary(self, wire: WireEvent) -> None:
        self._complete_thinking(self._item(wire), "summary", wire.text, wire.summary_index or 0)

    def _complete_thought(self, wire: WireEvent) -> None:
        self._complete_thinking(self._item(wire), "content", wire.text, wire.content_index or 0)

    def _complete_thinking(self, known: _Open, kind: str, text: str | None, section: int) -> None:
        if known.thinking in ("", kind) and (rest := known.rest((kind, section), text)):
            self._events.append(ReasoningGrew(self._thoughts(known, kind), rest, section))

    def _grow_call(self, wire: WireEvent) -> None:
        known = self._item(wire)
        if known.index is not None and known.kind is Call and type(wire.delta) is str and wire.delta:
            known.tell(("call", 0), wire.delta)
            self._events.append(ArgumentsGrew(known.index, wire.delta))

    def _complete_call(self, wire: WireEvent) -> None:
        whole = wire.input if wire.input is not None else wire.arguments and arguments_text(wire.arguments)
        self._complete_arguments(self._item(wire), whole or None)

    def _complete_arguments(self, known: _Open, text: str | None) -> None:
        if known.index is not None and known.kind is Call and (rest := known.rest(("call", 0), text)):
            self._events.append(ArgumentsGrew(known.index, rest))

    def _finish_item(self, wire: WireEvent) -> None:
        if raw_value(wire.item) is None:
            return
        known = self._item(wire)
        self._complete_item(known, wire.item)

    def _complete_item(self, known: _Open, raw: msgspec.Raw) -> None:
        """Tell what a finished item adds to what was told of it, and end it."""
        items = output_items(raw, known.place, self._answer_id or "", self._target)
        if items:
            self._complete(known, items[0])
        self._end_item(known)
        for item in items[1:]:
            another = _Open(known.place)
            self._complete(another, item)
            self._end_item(another)

    def _complete(self, known: _Open, item: Item) -> None:
        if isinstance(item, Message):
            known.phase = item.phase
            self._complete_message(known, item)
        elif isinstance(item, Reasoning):
            self._complete_reasoning(known, item)
        elif isinstance(item, Call):
            self._complete_called(known, item)
        elif isinstance(item, Foreign):
            self._start(known, item)

    def _complete_message(self, known: _Open, message: Message) -> None:
        cited = known.citations
        for place, part in enumerate(message.parts):
            if isinstance(part, Text):
                self._complete_words(known, part.text, place)
                for citation in part.citations[cited:] if part.text else ():
                    self._events.append(CitationAdded(self._words(known), citation))
                cited = max(0, cited - len(part.citations))
            elif isinstance(part, Refusal):
                self._complete_decline(known, part.text, place)
            else:
                self._events.append(PartAdded(self._words(known), part))

    def _complete_reasoning(self, known: _Open, reasoning: Reasoning) -> None:
        kind = "summary" if reasoning.is_summary else "content"
        for section, text in enumerate(reasoning.texts):
            self._complete_thinking(known, kind, text, section)
        if reasoning.state is not None:
            self._events.append(StateArrived(self._thoughts(known, known.thinking or kind), reasoning.state))

    def _complete_called(self, known: _Open, call: Call) -> None:
        if known.kind is not Call:
            self._call(known, replace(call, arguments=""))
        self._complete_arguments(known, call.arguments)

    def _end_item(self, known: _Open) -> None:
        self._open.pop(known.place, None)
        self._told.add(known.place)
        if known.index is not None:
            if known.needs_arguments and ("call", 0) not in known.told:
                self._events.append(ArgumentsGrew(known.index, "{}"))
            self._events.append(ItemEnded(known.index))

    def _end(self, wire: WireEvent) -> None:
        """End the stream; an output that was never told in events is told now."""
        self._begin(wire)
        response = wire.response or WireResponse()
        awaited = set(self._open)
        for place, raw in enumerate(response.output or ()) if not self._told else ():
            if place in awaited or not awaited:
                self._complete_item(self._open.get(place) or _Open(place), raw)
        for known in list(self._open.values()):
            self._end_item(known)
        self._report(response)
        if response.status is None:
            response.status = "incomplete" if wire.type == "response.incomplete" else "completed"
        self._events += (Stopped(stop_of(response, has_calls=self._has_calls)), Ended())
        self._is_over = True

    def _report(self, response: WireResponse) -> None:
        if response.usage is not None and (usage := response.usage.usage(response.service_tier)) is not None:
            self._events.append(UsageReported(usage))

    def _fail(self, error: WireError | str | None, payload: bytes) -> None:
        self._is_over = True
        message, code, status = error_in(error)
        self._events.append(Failed(message, payload, code, status))

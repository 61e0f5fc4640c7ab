"""A Chat Completions stream as events.

Vendors differ most here, so nothing is taken for granted: a chunk may hold reasoning, words, several calls, a
finish reason and usage at once; calls come with or without an index, in pieces or whole, all with index 0,
interleaved, with names and ids repeated or empty; `[DONE]` may be missing, usage may follow the end.
(The cases are in the tests by name.) Stops are told at the very end, when nothing can follow them.
"""

import re
from typing import Final

import msgspec

from tokenrouter.dialects import data_urls
from tokenrouter.dialects.event_payloads import EventPayloads
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.openai_chat.calls import CallGatherer
from tokenrouter.dialects.openai_chat.request_decoder import FAMILY, citation_of, thinking_text
from tokenrouter.dialects.openai_chat.stops import stop_of
from tokenrouter.dialects.openai_chat.wire import (
    WireAnswer,
    WireCall,
    WireChoice,
    WireError,
    WireImageUrl,
    WirePart,
    WireSaid,
)
from tokenrouter.dialects.wire_reading import raw_list, raw_value, read_answer
from tokenrouter.domain.answers import (
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
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.items import Image, Message, ProviderState, Reasoning

_DONE: Final = b"[DONE]"
MAX_DETAIL_BYTES: Final = 2**20
"""Most bytes of one item's `reasoning_details` that are kept to be told at its end."""
_LEGACY: Final = -1
"""The index of the one call that the legacy `function_call` can hold."""
_SAYS: Final = Message("assistant", ())
_THINKS: Final = Reasoning()

_STATUS: Final = re.compile("[45][0-9][0-9]")

_chunk: Final = msgspec.json.Decoder(WireAnswer)
_error: Final = msgspec.json.Decoder(WireError)


class _Alternative:
    """What is open in one of the alternatives.

    Attributes:
        words: number of the open message, or None; `thoughts` likewise of the open reasoning.
        finish: the finish reason, None until it came.
        has_said: whether anything came of it.
    """

    __slots__ = ("calls", "details", "finish", "has_said", "thoughts", "words")

    def __init__(self, target: Target) -> None:
        self.words: int | None = None
        self.thoughts: int | None = None
        self.details: list[bytes] = []
        self.calls = CallGatherer(target)
        self.finish: str | None = None
        self.has_said = False


class ChatStreamDecoder:
    """Decodes one stream; see `hub.StreamDecoder`."""

    __slots__ = ("_alternatives", "_answer_id", "_events", "_is_over", "_next", "_payloads", "_seen", "_target")

    def __init__(self, target: Target) -> None:
        self._target = target
        self._payloads = EventPayloads(target.provider)
        self._events: list[StreamEvent] = []
        self._alternatives: dict[int, _Alternative] = {}
        self._answer_id: str | None = None
        self._next = 0
        self._seen = 0
        self._is_over = False

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        return self._told(self._payloads.feed(chunk))

    def close(self) -> list[StreamEvent]:
        events = self._told(self._payloads.close())
        is_whole = bool(self._alternatives) and all(each.finish for each in self._alternatives.values())
        if self._is_over or not is_whole:
            return events
        self._end()
        return [*events, *self._taken()]

    def _told(self, payloads: list[bytes]) -> list[StreamEvent]:
        for payload in payloads:
            if self._is_over:
                break
            self._seen += 1
            if payload == _DONE:
                self._end()
            else:
                self._take(read_answer(_chunk, payload, self._target.provider, f"event ({self._seen})"), payload)
        return self._taken()

    def _taken(self) -> list[StreamEvent]:
        events, self._events = self._events, []
        return events

    def _take(self, wire: WireAnswer, payload: bytes) -> None:
        error = raw_value(wire.error)
        if error is not None or (wire.choices is None and wire.message is not None):
            self._fail(error or payload, payload)
            return
        if self._answer_id is None and (wire.id or wire.choices):
            self._begin(wire)
        for choice in wire.choices or ():
            if choice.delta is not None or choice.message is not None:
                self._grow(choice)
            if choice.finish_reason:
                self._alternative(choice).finish = choice.finish_reason
        if wire.usage is not None and (usage := wire.usage.usage(wire.service_tier)) is not None:
            self._events.append(UsageReported(usage))

    def _begin(self, wire: WireAnswer) -> None:
        self._answer_id = wire.id or ""
        model = wire.model or self._target.model
        begun = Begun(self._answer_id, model, int(wire.created or 0), tier=wire.service_tier or "")
        self._events.append(begun)

    def _alternative(self, choice: WireChoice) -> _Alternative:
        number = choice.index or 0
        known = self._alternatives.get(number)
        if known is None:
            known = self._alternatives[number] = _Alternative(self._target)
        return known

    def _grow(self, choice: WireChoice) -> None:
        said = choice.delta or choice.message or WireSaid()
        alternative, number = self._alternative(choice), choice.index or 0
        if said.reasoning_content or said.reasoning:
            self._think(alternative, number, said.reasoning_content or said.reasoning or "")
        if (details := raw_value(said.reasoning_details)) is not None:
            self._keep_details(alternative, number, details)
        content = said.content
        if type(content) is str:
            if content:
                logprobs = None if choice.logprobs is None else raw_list(choice.logprobs.content)
                self._say(alternative, number, content, logprobs)
        elif type(content) is list:
            self._take_parts(alternative, number, content)
        self._take_rare(alternative, number, said)
        if said.tool_calls or said.function_call is not None:
            self._call(alternative, number, said)

    def _think(self, alternative: _Alternative, number: int, text: str) -> None:
        if alternative.thoughts is None:
            self._end_words(alternative)
            alternative.thoughts = self._open(_THINKS, number)
            alternative.has_said = True
        self._events.append(ReasoningGrew(alternative.thoughts, text))

    def _keep_details(self, alternative: _Alternative, number: int, raw: bytes) -> None:
        """OpenRouter's details come in pieces of a list; told as one list at the end of the reasoning."""
        inner = raw.strip()[1:-1].strip()
        if not inner or raw[:1] != b"[":
            return
        if alternative.thoughts is None:
            self._end_words(alternative)
            alternative.thoughts = self._open(_THINKS, number)
        if sum(map(len, alternative.details)) + len(inner) <= MAX_DETAIL_BYTES:
            alternative.details.append(inner)

    def _say(self, alternative: _Alternative, number: int, text: str, logprobs: bytes | None = None) -> None:
        index = alternative.words
        if index is None:
            index = self._open_words(alternative, number)
        self._events.append(TextGrew(index, text, logprobs))

    def _open_words(self, alternative: _Alternative, number: int) -> int:
        self._end_thoughts(alternative)
        self._events += alternative.calls.end_whole()
        alternative.words = self._open(_SAYS, number)
        alternative.has_said = True
        return alternative.words

    def _take_parts(self, alternative: _Alternative, number: int, parts: list[WirePart]) -> None:
        for part in parts:
            if part.type == "thinking":
                if text := thinking_text(part):
                    self._think(alternative, number, text)
            elif part.text:
                self._say(alternative, number, part.text)

    def _take_rare(self, alternative: _Alternative, number: int, said: WireSaid) -> None:
        if said.refusal:
            self._events.append(RefusalGrew(self._words(alternative, number), said.refusal))
        if said.audio is not None and said.audio.transcript:
            self._say(alternative, number, said.audio.transcript)
        for part in said.images or ():
            image = WireImageUrl(part.image_url) if isinstance(part.image_url, str) else part.image_url
            if image is not None:
                source = data_urls.source_of(image.url, "image/png")
                self._events.append(PartAdded(self._words(alternative, number), Image(source)))
        for wire in said.annotations or ():
            if (citation := citation_of(wire)) is not None:
                self._events.append(CitationAdded(self._words(alternative, number), citation))

    def _words(self, alternative: _Alternative, number: int) -> int:
        return self._open_words(alternative, number) if alternative.words is None else alternative.words

    def _call(self, alternative: _Alternative, number: int, said: WireSaid) -> None:
        self._end_thoughts(alternative)
        self._end_words(alternative)
        alternative.has_said = True
        pieces = said.tool_calls or []
        if said.function_call is not None:
            pieces = [*pieces, WireCall(_LEGACY, function=said.function_call)]
        for piece in pieces:
            events = alternative.calls.take(piece, number, self._next, self._answer_id or "")
            self._next += sum(type(event) is ItemBegun for event in events)
            self._events += events

    def _open(self, item: Message | Reasoning, number: int) -> int:
        index = self._next
        self._next = index + 1
        self._events.append(ItemBegun(index, item, number))
        return index

    def _end_thoughts(self, alternative: _Alternative) -> None:
        index = alternative.thoughts
        if index is None:
            return
        if alternative.details:
            value = (b"[" + b",".join(alternative.details) + b"]").decode()
            self._events.append(StateArrived(index, ProviderState(FAMILY, "details", value, self._target.origin)))
            alternative.details = []
        self._events.append(ItemEnded(index))
        alternative.thoughts = None

    def _end_words(self, alternative: _Alternative) -> None:
        if alternative.words is not None:
            self._events.append(ItemEnded(alternative.words))
            alternative.words = None

    def _end(self) -> None:
        """End what is open, then tell the stops: nothing can follow them now.

        Raises:
            ProviderProtocolError: the stream ends properly and has said nothing at all, not even why it stopped.
        """
        self._is_over = True
        if not any(each.has_said or each.finish for each in self._alternatives.values()):
            provider = self._target.provider
            raise ProviderProtocolError(f"Provider {provider!r} ended its stream without an answer.", provider=provider)
        for each in self._alternatives.values():
            self._end_thoughts(each)
            self._end_words(each)
            self._events += each.calls.end_all()
        for number, each in self._alternatives.items():
            self._events.append(Stopped(stop_of(each.finish, has_calls=each.calls.has_calls), number))
        self._events.append(Ended())

    def _fail(self, raw: bytes, payload: bytes) -> None:
        self._is_over = True
        try:
            error = _error.decode(raw)
        except msgspec.DecodeError:
            error = WireError(raw.decode(errors="replace")[:500])
        code = str(error.code or error.type or "")
        status = next((int(word) for word in (code, str(error.status)) if _STATUS.fullmatch(word)), 502)
        self._events.append(Failed(error.message or "no reason given", payload, code, status))

"""A Gemini stream as events.

Every chunk is a whole response with a piece of each candidate. A call comes in one part or, where Vertex AI streams
arguments, in parts that only their order ties together: the first has the name, the last does not say
`willContinue`, and sometimes there is no last. STOP may come in a later chunk than the call, and chunks may come after
it, so everything is settled when the bytes end.
"""

from typing import Final

import msgspec

from tokenrouter.dialects.call_ids import made_call_id
from tokenrouter.dialects.event_payloads import EventPayloads
from tokenrouter.dialects.gemini.errors import http_status
from tokenrouter.dialects.gemini.grounding import TextPositions, citations_of
from tokenrouter.dialects.gemini.logprobs import chat_logprobs
from tokenrouter.dialects.gemini.partial_arguments import PartialArguments, UnreadablePath
from tokenrouter.dialects.gemini.parts import foreign_part, media_part
from tokenrouter.dialects.gemini.signatures import FAMILY
from tokenrouter.dialects.gemini.stops import blocked, stop_of
from tokenrouter.dialects.gemini.turns import arguments_of
from tokenrouter.dialects.gemini.wire import WireAnswer, WireCall, WireCandidate, WireError, WirePart
from tokenrouter.dialects.hub import Target
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
    StateArrived,
    Stop,
    Stopped,
    StreamEvent,
    TextGrew,
    UsageReported,
)
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.items import Call, Item, Message, ProviderState, RawJson, Reasoning
from tokenrouter.domain.ledger import Usage

_SAYS: Final = Message("assistant", ())
_THINKS: Final = Reasoning(is_summary=True)

_chunk: Final = msgspec.json.Decoder(WireAnswer)


class _Alternative:
    """What is open in one of the candidates.

    Attributes:
        words: number of the open message, or None; `thoughts` and `call` likewise.
        arguments: what came of the open call's arguments; None while it has none in pieces.
        whole: the open call's arguments, where they came in one piece.
    """

    __slots__ = (
        "arguments",
        "call",
        "finish",
        "has_calls",
        "has_said",
        "message",
        "positions",
        "thoughts",
        "whole",
        "words",
    )

    def __init__(self) -> None:
        self.words: int | None = None
        self.thoughts: int | None = None
        self.call: int | None = None
        self.arguments: PartialArguments | None = None
        self.whole = ""
        self.positions = TextPositions()
        self.finish: str | None = None
        self.message: str | None = None
        self.has_calls = False
        self.has_said = False


class GeminiStreamDecoder:
    """Decodes one stream; see `hub.StreamDecoder`."""

    __slots__ = (
        "_alternatives",
        "_answer_id",
        "_blocked",
        "_events",
        "_is_over",
        "_next",
        "_payloads",
        "_seen",
        "_target",
        "_usage",
    )

    def __init__(self, target: Target) -> None:
        self._target = target
        self._payloads = EventPayloads(target.provider)
        self._events: list[StreamEvent] = []
        self._alternatives: dict[int, _Alternative] = {}
        self._answer_id: str | None = None
        self._blocked: Stop | None = None
        self._usage: Usage | None = None
        self._next = 0
        self._seen = 0
        self._is_over = False

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        return self._told(self._payloads.feed(chunk))

    def close(self) -> list[StreamEvent]:
        events = self._told(self._payloads.close())
        if not self._is_over and self._is_whole():
            self._end()
            events += self._taken()
        return events

    def _is_whole(self) -> bool:
        if self._alternatives:
            return all(each.finish for each in self._alternatives.values())
        return self._blocked is not None

    def _told(self, payloads: list[bytes]) -> list[StreamEvent]:
        for payload in payloads:
            if self._is_over:
                break
            self._seen += 1
            self._take(read_answer(_chunk, payload, self._target.provider, f"event ({self._seen})"), payload)
        return self._taken()

    def _taken(self) -> list[StreamEvent]:
        events, self._events = self._events, []
        return events

    def _take(self, wire: WireAnswer, payload: RawJson) -> None:
        if wire.error is not None:
            self._fail(wire.error, payload)
            return
        if self._answer_id is None:
            self._answer_id = wire.response_id or ""
            self._events.append(Begun(self._answer_id, wire.model_version or self._target.model))
        for candidate in wire.candidates or ():
            self._grow(candidate)
        if wire.prompt_feedback is not None and wire.prompt_feedback.block_reason:
            self._blocked = blocked(wire.prompt_feedback)
        if wire.usage_metadata is not None:
            usage = wire.usage_metadata.usage()
            if usage is not None and usage != self._usage:
                self._usage = usage
                self._events.append(UsageReported(usage))

    def _grow(self, candidate: WireCandidate) -> None:
        number = candidate.index or 0
        alternative = self._alternatives.get(number)
        if alternative is None:
            alternative = self._alternatives[number] = _Alternative()
        if candidate.content is not None and candidate.content.parts:
            logprobs = chat_logprobs(candidate.logprobs_result)
            for part in candidate.content.parts:
                self._take_part(part, alternative, number, logprobs)
                logprobs = None
        if candidate.grounding_metadata is not None and alternative.words is not None:
            for citation in citations_of(candidate.grounding_metadata, alternative.positions):
                self._events.append(CitationAdded(alternative.words, citation))
        if candidate.finish_reason:
            alternative.finish = candidate.finish_reason
            alternative.message = candidate.finish_message

    def _take_part(self, part: WirePart, alternative: _Alternative, number: int, logprobs: RawJson | None) -> None:
        if part.function_call is not None:
            self._call(part.function_call, alternative, number)
            if alternative.call is not None:
                self._sign(part, alternative.call)
                if not part.function_call.will_continue:
                    self._end_call(alternative)
        elif part.thought:
            self._think(part, alternative, number)
        elif part.text is not None:
            self._say(part, alternative, number, logprobs)
        elif (other := media_part(part.inline_data, part.file_data) or foreign_part(part)) is not None:
            index = self._open_words(alternative, number)
            self._events.append(PartAdded(index, other))
            self._sign(part, index)

    def _say(self, part: WirePart, alternative: _Alternative, number: int, logprobs: RawJson | None) -> None:
        text = part.text or ""
        if not text and not part.thought_signature:
            return
        index = alternative.words
        if index is None:
            index = self._open_words(alternative, number)
        if text:
            alternative.positions.feed(text)
            self._events.append(TextGrew(index, text, logprobs))
        self._sign(part, index)

    def _open_words(self, alternative: _Alternative, number: int) -> int:
        if alternative.words is None:
            self._end_open(alternative)
            alternative.positions = TextPositions()
            alternative.words = self._open(_SAYS, alternative, number)
        return alternative.words

    def _think(self, part: WirePart, alternative: _Alternative, number: int) -> None:
        if not part.text and not part.thought_signature:
            return
        if alternative.thoughts is None:
            self._end_open(alternative)
            alternative.thoughts = self._open(_THINKS, alternative, number)
        if part.text:
            self._events.append(ReasoningGrew(alternative.thoughts, part.text))
        self._sign(part, alternative.thoughts)

    def _sign(self, part: WirePart, index: int) -> None:
        value = part.thought_signature
        if value:
            state = ProviderState(FAMILY, "thought_signature", value, self._target.origin)
            self._events.append(StateArrived(index, state))

    def _call(self, wire: WireCall, alternative: _Alternative, number: int) -> None:
        """Begin a call, or go on with the one that is open; a piece without a name and with none open is no call.

        Raises:
            ProviderProtocolError: a piece of the arguments has a place that cannot be.
        """
        if wire.name:
            self._end_open(alternative)
            call_id = wire.id or made_call_id(f"{self._answer_id}:{number}", self._next)
            alternative.call = self._open(Call(call_id, wire.name, ""), alternative, number)
            alternative.has_calls = True
        if alternative.call is None:
            return
        if raw_value(wire.args) is not None:
            alternative.whole = arguments_of(wire)
        if wire.partial_args:
            self._take_partial(wire, alternative)

    def _take_partial(self, wire: WireCall, alternative: _Alternative) -> None:
        if alternative.arguments is None:
            alternative.arguments = PartialArguments()
        try:
            for piece in wire.partial_args or ():
                alternative.arguments.take(piece)
        except UnreadablePath as error:
            provider = self._target.provider
            told = (
                f"Provider {provider!r} sent an event ({self._seen}) with arguments at a place that cannot be: {error}."
            )
            raise ProviderProtocolError(told, provider=provider) from None

    def _open(self, item: Item, alternative: _Alternative, number: int) -> int:
        index = self._next
        self._next = index + 1
        alternative.has_said = True
        self._events.append(ItemBegun(index, item, number))
        return index

    def _end_open(self, alternative: _Alternative) -> None:
        """Candidates say one thing after the other: what begins ends what was open."""
        for index in (alternative.thoughts, alternative.words):
            if index is not None:
                self._events.append(ItemEnded(index))
        alternative.thoughts = alternative.words = None
        self._end_call(alternative)

    def _end_call(self, alternative: _Alternative) -> None:
        index = alternative.call
        if index is None:
            return
        partial = alternative.arguments
        text = alternative.whole or (partial.text() if partial is not None else "{}")
        self._events += (ArgumentsGrew(index, text), ItemEnded(index))
        alternative.call, alternative.arguments, alternative.whole = None, None, ""

    def _end(self) -> None:
        self._is_over = True
        for each in self._alternatives.values():
            self._end_open(each)
        for number, each in self._alternatives.items():
            stop = stop_of(each.finish, each.message, has_said=each.has_said, has_calls=each.has_calls)
            self._events.append(Stopped(stop, number))
        if not self._alternatives and self._blocked is not None:
            self._events.append(Stopped(self._blocked))
        self._events.append(Ended())

    def _fail(self, error: WireError, payload: RawJson) -> None:
        self._is_over = True
        status = http_status(error.code, error.status)
        self._events.append(Failed(error.message or "no reason given", payload, error.status or "", status))

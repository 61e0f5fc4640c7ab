"""An Anthropic stream as events.

Blocks come one after the other, each with its start, deltas and stop. Neighbouring text blocks are one message
(an answer that cites comes in dozens of them); blocks that only this dialect has are held until they are whole.
The last usage report counts and completes the first (`usage.py`).
"""

from collections.abc import Callable
from typing import Final

import msgspec

from tokenrouter.dialects.anthropic.blocks import call_details, citation_of, foreign, read_block
from tokenrouter.dialects.anthropic.errors import status_of
from tokenrouter.dialects.anthropic.stops import stop_of
from tokenrouter.dialects.anthropic.usage import usage_of
from tokenrouter.dialects.anthropic.wire import FAMILY, WireBlock, WireDelta, WireError, WireEvent, WireUsage
from tokenrouter.dialects.call_ids import made_call_id
from tokenrouter.dialects.event_payloads import EventPayloads
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
    ReasoningGrew,
    StateArrived,
    Stopped,
    StreamEvent,
    TextGrew,
    UsageReported,
)
from tokenrouter.domain.errors import InvalidRequest, ProviderProtocolError
from tokenrouter.domain.items import Call, Citation, Item, Message, ProviderState, Reasoning
from tokenrouter.domain.ledger import Usage

MAX_HELD_CHARS: Final = 8 * 2**20
"""Most characters that are held of one block of a kind that cannot be told in pieces."""
_SAYS: Final = Message("assistant", ())
_THINKS: Final = Reasoning()
_DONE: Final = b"[DONE]"
_event: Final = msgspec.json.Decoder(WireEvent)
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class _Block:
    """The block that is open, and the number of its item; None for one that is held until it is whole."""

    __slots__ = ("arguments", "chars", "citations", "has_grown", "index", "kind", "raw", "start", "whole_input")

    def __init__(self, kind: str, index: int | None) -> None:
        self.kind = kind
        self.index = index
        self.has_grown = False
        self.arguments: list[str] = []
        self.chars = 0
        self.citations: list[msgspec.Raw] = []
        self.start = 0
        self.raw = b""
        self.whole_input = "{}"


class MessagesStreamDecoder:
    """Decodes one stream; see `hub.StreamDecoder`."""

    __slots__ = (
        "_answer_id",
        "_blocks",
        "_chars",
        "_deltas",
        "_events",
        "_has_calls",
        "_is_over",
        "_message",
        "_next",
        "_openers",
        "_payloads",
        "_seen",
        "_stop",
        "_takers",
        "_target",
        "_usage",
    )

    def __init__(self, target: Target) -> None:
        self._target = target
        self._payloads = EventPayloads(target.provider)
        self._events: list[StreamEvent] = []
        self._blocks: dict[int, _Block] = {}
        self._message: int | None = None
        self._chars = 0
        self._answer_id: str | None = None
        self._stop: WireDelta | None = None
        self._usage: Usage | None = None
        self._has_calls = False
        self._is_over = False
        self._next = 0
        self._seen = 0
        self._takers: dict[str, Callable[[WireEvent], None]] = {
            "content_block_delta": self._grow,
            "content_block_start": self._open_block,
            "content_block_stop": self._close_block,
            "message_start": self._begin,
            "message_delta": self._finish,
            "message_stop": self._end,
        }
        self._deltas: dict[str, Callable[[_Block, int, WireDelta], None]] = {
            "text_delta": self._grow_text,
            "thinking_delta": self._grow_thought,
            "input_json_delta": self._grow_arguments,
            "signature_delta": self._sign,
            "citations_delta": self._cite,
        }
        self._openers: dict[str, Callable[[WireBlock], _Block]] = {
            "text": self._open_text,
            "thinking": self._open_thought,
            "redacted_thinking": self._open_redacted,
            "tool_use": self._open_call,
        }

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        return self._told(self._payloads.feed(chunk))

    def close(self) -> list[StreamEvent]:
        events = self._told(self._payloads.close())
        if self._is_over or self._stop is None:
            return events
        self._end(None)
        return [*events, *self._taken()]

    def _told(self, payloads: list[bytes]) -> list[StreamEvent]:
        for payload in payloads:
            if self._is_over:
                break
            self._seen += 1
            if payload == _DONE:
                continue
            event = read_answer(_event, payload, self._target.provider, f"event ({self._seen})")
            take = self._takers.get(event.type)
            if take is not None:
                take(event)
            elif event.error is not None:
                self._fail(event.error, payload)
        return self._taken()

    def _taken(self) -> list[StreamEvent]:
        events, self._events = self._events, []
        return events

    def _begin(self, event: WireEvent) -> None:
        """A second beginning is the provider's own second attempt; words may go on, half a call cannot.

        (Recorded: a message_start that came twice, and one in the middle of a call's arguments.)
        """
        if event.message is None:
            raise self._broken("has no message")
        if self._answer_id is not None:
            if any(block.kind == "tool_use" for block in self._blocks.values()):
                raise self._broken("begins a second answer in the middle of a call")
            for place in list(self._blocks):
                self._close(place)
            return
        message = event.message
        self._answer_id = message.id or ""
        tier = ""
        if message.usage is not None:
            self._usage = usage_of(message.usage)
            tier = message.usage.service_tier or ""
        begun = Begun(self._answer_id, message.model or self._target.model, usage=self._usage, tier=tier)
        self._events.append(begun)

    def _begin_unannounced(self) -> None:
        """Some vendors forget to say that a stream begins."""
        if self._answer_id is None:
            self._answer_id = ""
            self._events.append(Begun("", self._target.model))

    def _open_block(self, event: WireEvent) -> None:
        self._begin_unannounced()
        raw = event.content_block
        try:
            block = read_block(raw)
        except InvalidRequest as error:
            raise self._broken(f"begins a block that cannot be read ({error.message})") from None
        if event.index in self._blocks:
            self._close(event.index)
        if block.type != "text":
            self._end_message()
        opener = self._openers.get(block.type)
        opened = self._hold(block, raw) if opener is None else opener(block)
        self._blocks[event.index] = opened

    def _open_text(self, block: WireBlock) -> _Block:
        if self._message is None:
            self._message = self._open_item(_SAYS)
            self._chars = 0
        opened = _Block("text", self._message)
        opened.start = self._chars
        if block.text:
            self._grow_text(opened, self._message, WireDelta(text=block.text))
        return opened

    def _open_thought(self, block: WireBlock) -> _Block:
        index = self._open_item(_THINKS)
        if block.thinking:
            self._events.append(ReasoningGrew(index, block.thinking))
        opened = _Block("thinking", index)
        if block.signature:
            self._sign(opened, index, WireDelta(signature=block.signature))
        return opened

    def _open_redacted(self, block: WireBlock) -> _Block:
        index = self._open_item(_THINKS)
        state = ProviderState(FAMILY, "redacted", block.data or "", self._target.origin)
        self._events.append(StateArrived(index, state))
        return _Block("redacted_thinking", index)

    def _open_call(self, block: WireBlock) -> _Block:
        if not block.name:
            raise self._broken("begins a call without a name")
        self._has_calls = True
        call_id = block.id or made_call_id(self._answer_id or "", self._next)
        index = self._open_item(Call(call_id, block.name, "", state=call_details(block, self._target.origin)))
        opened = _Block("tool_use", index)
        if (whole := raw_value(block.input)) is not None:
            opened.whole_input = whole.decode()
        return opened

    def _hold(self, block: WireBlock, raw: msgspec.Raw) -> _Block:
        held = _Block(block.type, None)
        held.raw = bytes(raw)
        return held

    def _open_item(self, item: Item) -> int:
        index = self._next
        self._next = index + 1
        self._events.append(ItemBegun(index, item))
        return index

    def _grow(self, event: WireEvent) -> None:
        block, delta = self._blocks.get(event.index), event.delta
        if block is None or delta is None:
            raise self._broken(f"adds to block {event.index}, which is not open")
        if block.index is None:
            self._grow_held(block, delta)
        elif (grow := self._deltas.get(delta.type)) is not None:
            grow(block, block.index, delta)

    def _grow_text(self, _block: _Block, index: int, delta: WireDelta) -> None:
        if delta.text:
            self._chars += len(delta.text)
            self._events.append(TextGrew(index, delta.text))

    def _grow_thought(self, _block: _Block, index: int, delta: WireDelta) -> None:
        if delta.thinking:
            self._events.append(ReasoningGrew(index, delta.thinking))

    def _grow_arguments(self, block: _Block, index: int, delta: WireDelta) -> None:
        if delta.partial_json and (block.has_grown or delta.partial_json.strip()):
            block.has_grown = True
            self._events.append(ArgumentsGrew(index, delta.partial_json))

    def _sign(self, _block: _Block, index: int, delta: WireDelta) -> None:
        if delta.signature:
            state = ProviderState(FAMILY, "signature", delta.signature, self._target.origin)
            self._events.append(StateArrived(index, state))

    def _cite(self, block: _Block, _index: int, delta: WireDelta) -> None:
        """A citation is for the whole of its block, so it is told when that is whole."""
        block.citations.append(delta.citation)

    def _grow_held(self, block: _Block, delta: WireDelta) -> None:
        if delta.partial_json:
            block.arguments.append(delta.partial_json)
            block.chars += len(delta.partial_json)
            if block.chars > MAX_HELD_CHARS:
                raise self._broken(f"makes a block longer than {MAX_HELD_CHARS} characters")
        elif (content := raw_value(delta.content)) is not None:
            block.raw = _with_field(block.raw, "content", content)

    def _close_block(self, event: WireEvent) -> None:
        if event.index in self._blocks:
            self._close(event.index)

    def _close(self, place: int) -> None:
        block = self._blocks.pop(place)
        if block.index is None:
            self._tell_held(block)
        elif block.kind == "text":
            self._events += [CitationAdded(block.index, self._citation(raw, block.start)) for raw in block.citations]
        else:
            if block.kind == "tool_use" and not block.has_grown:
                self._events.append(ArgumentsGrew(block.index, block.whole_input))
            self._events.append(ItemEnded(block.index))

    def _citation(self, raw: msgspec.Raw, start: int) -> Citation:
        try:
            return citation_of(raw, start, self._chars)
        except InvalidRequest as error:
            raise self._broken(f"ends a block whose citation cannot be read ({error.message})") from None

    def _tell_held(self, block: _Block) -> None:
        raw = block.raw
        if arguments := "".join(block.arguments).strip():
            raw = _with_field(raw, "input", arguments.encode())
        index = self._open_item(foreign(raw, WireBlock(block.kind)))
        self._events.append(ItemEnded(index))

    def _end_message(self) -> None:
        if self._message is not None:
            for place in [place for place, block in self._blocks.items() if block.kind == "text"]:
                self._close(place)
            self._events.append(ItemEnded(self._message))
            self._message = None

    def _finish(self, event: WireEvent) -> None:
        self._begin_unannounced()
        if event.delta is not None and event.delta.stop_reason is not None:
            self._stop = event.delta
        if event.usage is not None:
            self._report(event.usage)

    def _report(self, reported: WireUsage) -> None:
        self._usage = usage_of(reported, self._usage)
        if self._usage is not None:
            self._events.append(UsageReported(self._usage))

    def _end(self, _event: WireEvent | None) -> None:
        """End what is open, then tell the stop.

        Raises:
            ProviderProtocolError: the stream ends properly and has said nothing at all, not even why it stopped.
        """
        self._is_over = True
        if self._stop is None and self._next == 0:
            raise self._broken("ends the stream without an answer")
        for place in list(self._blocks):
            self._close(place)
        self._end_message()
        self._events.append(Stopped(stop_of(self._stop or WireDelta(), has_calls=self._has_calls)))
        self._events.append(Ended())

    def _fail(self, error: WireError | str, payload: bytes) -> None:
        self._is_over = True
        told = WireError(message=error) if isinstance(error, str) else error
        kind = told.type or ""
        self._events.append(Failed(told.message or "no reason given", payload, kind, status_of(kind)))

    def _broken(self, what: str) -> ProviderProtocolError:
        provider = self._target.provider
        told = f"Provider {provider!r} sent a stream whose event ({self._seen}) {what}."
        return ProviderProtocolError(told, provider=provider)


def _with_field(raw: bytes, name: str, value: bytes) -> bytes:
    """Return a block's JSON with one field changed; a value that is no JSON leaves it as it was."""
    try:
        return msgspec.json.encode(
            {**_object.decode(raw), name: msgspec.Raw(msgspec.json.encode(msgspec.json.decode(value)))}
        )
    except msgspec.DecodeError:
        return raw

"""A ConverseStream answer as events.

From the API reference ("ConverseStreamOutput", read 2026-11) and the user guide: blocks come one after the other, those
of text and reasoning without a start event; `messageStop` tells why, `metadata` comes last with the usage, and an error
is a message of the type `exception` that ends the stream.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from tokenrouter.dialects.bedrock.answer import citation_of, image_of, redacted, signature
from tokenrouter.dialects.bedrock.eventstream import EventStreamDecoder, EventStreamMessage
from tokenrouter.dialects.bedrock.messages import FAMILY
from tokenrouter.dialects.bedrock.stops import stop_of
from tokenrouter.dialects.bedrock.wire import (
    WireBlockDelta,
    WireBlockStart,
    WireBlockStop,
    WireException,
    WireMessageStop,
    WireMetadata,
    WireReasoningDelta,
    explanation_in,
    stop_sequence_in,
)
from tokenrouter.dialects.call_ids import made_call_id
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
from tokenrouter.domain.items import Call, Citation, Foreign, Item, Message, Reasoning

MAX_STATE_BYTES: Final = 4 * 2**20
"""Most bytes of one block's signature or redacted reasoning, which are told whole at its end."""

MAX_EARLY_CITATIONS: Final = 100
"""Most citations that wait for the words they are for."""

_SAYS: Final = Message("assistant", ())
_THINKS: Final = Reasoning()

_STATUSES: Final[Mapping[str, int]] = {
    "validationException": 400,
    "accessDeniedException": 403,
    "resourceNotFoundException": 404,
    "throttlingException": 429,
    "modelNotReadyException": 503,
    "serviceQuotaExceededException": 429,
    "internalServerException": 500,
    "serviceUnavailableException": 503,
    "modelTimeoutException": 504,
    "modelStreamErrorException": 502,
    "modelErrorException": 502,
}
"""API reference, "ConverseStream", Errors; its 408 and 424 are the model's fault and told as 504 and 502, its 429 of a
model that is not ready as 503, because clients take those statuses for something of their own."""

_block_start: Final = msgspec.json.Decoder(WireBlockStart)
_block_delta: Final = msgspec.json.Decoder(WireBlockDelta)
_block_stop: Final = msgspec.json.Decoder(WireBlockStop)
_message_stop: Final = msgspec.json.Decoder(WireMessageStop)
_metadata: Final = msgspec.json.Decoder(WireMetadata)
_exception: Final = msgspec.json.Decoder(WireException)


class _Block:
    """What is open.

    Attributes:
        grown: whether words, or a call's arguments, have begun.
        citations: those that came before the words they are for.
        signature, redacted: what has come of them in pieces.
    """

    __slots__ = ("citations", "grown", "index", "item", "redacted", "signature")

    def __init__(self, index: int, item: Item) -> None:
        self.index = index
        self.item = item
        self.grown = False
        self.citations: list[Citation] = []
        self.signature = ""
        self.redacted: list[str] = []


class ConverseStreamDecoder:
    """Decodes one stream; see `hub.StreamDecoder`."""

    __slots__ = (
        "_begun",
        "_blocks",
        "_events",
        "_framing",
        "_has_calls",
        "_is_over",
        "_next",
        "_seen",
        "_stop",
        "_target",
        "_usage_seen",
    )

    def __init__(self, target: Target) -> None:
        self._target = target
        self._framing = EventStreamDecoder(target.provider)
        self._events: list[StreamEvent] = []
        self._blocks: dict[int, _Block] = {}
        self._next = 0
        self._seen = 0
        self._begun = self._is_over = self._has_calls = self._usage_seen = False
        self._stop: WireMessageStop | None = None

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        for message in self._framing.feed(chunk):
            if self._is_over:
                break
            self._seen += 1
            kind = message.headers.get(":event-type")
            take = _TAKERS.get(kind) if type(kind) is str else None
            if take is not None:
                take(self, message.payload)
            elif message.headers.get(":message-type", "event") != "event":
                self._fail(message)
        events, self._events = self._events, []
        return events

    def close(self) -> list[StreamEvent]:
        """A stream whose `metadata` never came is whole all the same: then nobody knows its usage."""
        if self._is_over or self._stop is None or self._framing.pending:
            return []
        self._end(self._stop, "")
        events, self._events = self._events, []
        return events

    def _read(self, decoder: msgspec.json.Decoder[Any], payload: bytes) -> Any:
        return read_answer(decoder, payload, self._target.provider, f"event ({self._seen})")

    # Events.

    def _message_start(self, _: bytes) -> None:
        self._begin()

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._events.append(Begun(model=self._target.model))

    def _start_block(self, payload: bytes) -> None:
        wire: WireBlockStart = self._read(_block_start, payload)
        start = wire.start
        if start is not None and start.tool_use is not None and not start.tool_use.type:
            self._has_calls = True
            call_id = start.tool_use.tool_use_id or made_call_id(start.tool_use.name, wire.content_block_index)
            self._open(wire.content_block_index, Call(call_id, start.tool_use.name, ""))
        elif start is not None and start.image is None:
            self._open(wire.content_block_index, Foreign(FAMILY, "contentBlockStart", payload))

    def _grow_block(self, payload: bytes) -> None:
        wire: WireBlockDelta = self._read(_block_delta, payload)
        delta = wire.delta
        if delta is None:
            return
        number = wire.content_block_index
        if delta.text is not None:
            if delta.text:
                self._say(self._block(number, _SAYS), delta.text)
        elif delta.tool_use is not None:
            self._grow_call(number, delta.tool_use.input or "")
        elif delta.reasoning_content is not None:
            self._think(self._block(number, _THINKS), delta.reasoning_content)
        elif delta.image is not None:
            if (image := image_of(delta.image)) is not None:
                self._events.append(PartAdded(self._block(number, _SAYS).index, image))
        elif (raw := raw_value(delta.citation)) is not None and (citation := citation_of(raw)) is not None:
            self._cite(self._block(number, _SAYS), citation)

    def _say(self, block: _Block, text: str) -> None:
        block.grown = True
        self._events.append(TextGrew(block.index, text))
        if block.citations:
            self._events += [CitationAdded(block.index, citation) for citation in block.citations]
            block.citations.clear()

    def _cite(self, block: _Block, citation: Citation) -> None:
        if block.grown:
            self._events.append(CitationAdded(block.index, citation))
        elif len(block.citations) < MAX_EARLY_CITATIONS:
            block.citations.append(citation)

    def _grow_call(self, number: int, text: str) -> None:
        block = self._blocks.get(number)
        if block is None:
            raise self._broken("a call's arguments come before its name")
        if text and type(block.item) is Call:
            block.grown = True
            self._events.append(ArgumentsGrew(block.index, text))

    def _think(self, block: _Block, wire: WireReasoningDelta) -> None:
        if wire.text:
            self._events.append(ReasoningGrew(block.index, wire.text))
        if wire.signature:
            block.signature += wire.signature
        if wire.redacted_content:
            block.redacted.append(wire.redacted_content)
        if len(block.signature) + sum(map(len, block.redacted)) > MAX_STATE_BYTES:
            raise self._broken(f"a block's signature is longer than {MAX_STATE_BYTES} bytes")

    def _stop_block(self, payload: bytes) -> None:
        wire: WireBlockStop = self._read(_block_stop, payload)
        block = self._blocks.pop(wire.content_block_index, None)
        if block is not None:
            self._close(block)

    def _message_stop(self, payload: bytes) -> None:
        self._stop = self._read(_message_stop, payload)
        if self._usage_seen:
            self._end(self._stop, "")

    def _take_metadata(self, payload: bytes) -> None:
        wire: WireMetadata = self._read(_metadata, payload)
        self._begin()
        if wire.usage is not None:
            self._events.append(UsageReported(wire.usage.usage(wire.service_tier)))
        self._usage_seen = True
        if self._stop is not None:
            self._end(self._stop, explanation_in(wire.trace))

    # Items.

    def _open(self, number: int, item: Item) -> _Block:
        self._begin()
        if (before := self._blocks.get(number)) is not None:
            self._close(before)
        block = self._blocks[number] = _Block(self._next, item)
        self._next += 1
        self._events.append(ItemBegun(block.index, item))
        return block

    def _block(self, number: int, item: Item) -> _Block:
        """Return the open block, opened here where its kind has no start event."""
        block = self._blocks.get(number)
        return self._open(number, item) if block is None or type(block.item) is not type(item) else block

    def _close(self, block: _Block) -> None:
        if type(block.item) is Call and not block.grown:
            self._events.append(ArgumentsGrew(block.index, "{}"))
        origin = self._target.origin
        if block.redacted:
            self._events.append(StateArrived(block.index, redacted(self._joined(block.redacted), origin)))
        elif block.signature:
            self._events.append(StateArrived(block.index, signature(block.signature, origin)))
        self._events.append(ItemEnded(block.index))

    def _joined(self, pieces: list[str]) -> str:
        """Return one base64 text; each piece is one of its own, with padding."""
        if len(pieces) == 1:
            return pieces[0]
        try:
            return base64.b64encode(b"".join([base64.b64decode(piece) for piece in pieces])).decode()
        except ValueError:
            raise self._broken("redacted reasoning is no base64") from None

    # The end.

    def _end(self, wire: WireMessageStop, explanation: str) -> None:
        self._is_over = True
        self._begin()
        for block in self._blocks.values():
            self._close(block)
        self._blocks.clear()
        sequence = stop_sequence_in(wire.additional_model_response_fields)
        stop: Stop = stop_of(
            wire.stop_reason or "", has_calls=self._has_calls, sequence=sequence, explanation=explanation
        )
        self._events.append(Stopped(stop))
        self._events.append(Ended())

    def _fail(self, message: EventStreamMessage) -> None:
        """A modelled error is an `:exception-type` and JSON, any other an `:error-code` and an `:error-message`."""
        self._is_over = True
        headers, payload = message.headers, message.payload
        code = str(headers.get(":exception-type") or headers.get(":error-code") or "")
        try:
            wire = _exception.decode(payload)
        except msgspec.DecodeError:
            wire = WireException(str(headers.get(":error-message") or ""))
            payload = msgspec.json.encode({"message": wire.message, "code": code})
        status = _STATUSES.get(code[:1].lower() + code[1:], 502)
        original = wire.original_status_code
        if original is not None and status == 502 and (original == 429 or 500 <= original < 600):
            status = original
        self._events.append(Failed(wire.message or "no reason given", payload, code, status))

    def _broken(self, why: str) -> ProviderProtocolError:
        provider = self._target.provider
        told = f"Provider {provider!r} sent an event ({self._seen}) that cannot be read: {why}."
        return ProviderProtocolError(told, provider=provider)


_TAKERS: Final[Mapping[str, Callable[[ConverseStreamDecoder, bytes], None]]] = {
    "messageStart": ConverseStreamDecoder._message_start,
    "contentBlockStart": ConverseStreamDecoder._start_block,
    "contentBlockDelta": ConverseStreamDecoder._grow_block,
    "contentBlockStop": ConverseStreamDecoder._stop_block,
    "messageStop": ConverseStreamDecoder._message_stop,
    "metadata": ConverseStreamDecoder._take_metadata,
}

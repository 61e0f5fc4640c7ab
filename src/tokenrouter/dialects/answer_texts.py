"""The texts of an answer on its way to a client, whole or in pieces, shown to whoever may change them.

In a stream a text comes in pieces, each in an event of its own, and what looks at it may want to hold back a little: a
placeholder may be cut in two. So each text has a channel with a filter of its own, and what is held back when the text
is over goes out in one more piece before the event that ends it. Which fields are pieces of which text is known to the
dialect (`PieceReading`); every other text in an event is a whole one.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tokenrouter.dialects import sse
from tokenrouter.dialects.anthropic.pieces import MESSAGES_PIECES
from tokenrouter.dialects.event_payloads import MAX_EVENT_BYTES
from tokenrouter.dialects.gemini.pieces import GEMINI_PIECES
from tokenrouter.dialects.json import peek_object
from tokenrouter.dialects.json_texts import JsonTexts, TextSlot
from tokenrouter.dialects.openai_chat.pieces import CHAT_PIECES
from tokenrouter.dialects.openai_responses.pieces import RESPONSES_PIECES
from tokenrouter.dialects.pieces import PieceReading
from tokenrouter.domain.errors import InvalidRequest, ProviderProtocolError
from tokenrouter.domain.ledger import Operation
from tokenrouter.hooks import TextFilter, TextKind

OpenText = Callable[[TextKind, bool], TextFilter | None]
"""Returns who is to see a text, by its kind and whether it is JSON; None: it passes as it is."""
READINGS: Final[Mapping[Operation, PieceReading]] = {
    "chat": CHAT_PIECES,
    "completions": CHAT_PIECES,
    "responses": RESPONSES_PIECES,
    "compact": RESPONSES_PIECES,
    "messages": MESSAGES_PIECES,
    "generate_content": GEMINI_PIECES,
}
"""By the operations that stream."""


def with_texts_seen(body: bytes, open_text: OpenText) -> bytes:
    """Return a whole answer whose texts somebody has seen; one that is no JSON passes as it is.

    Raises:
        Refused, GatewayError: as whoever has seen it says.
    """
    try:
        read = JsonTexts(body, "assistant", is_answer=True)
    except InvalidRequest:
        return body
    for slot in read.slots:
        _see_whole(slot, open_text)
    return read.written()


def _see_whole(slot: TextSlot, open_text: OpenText) -> None:
    seen_by = open_text(slot.text.kind, slot.is_json)
    if seen_by is not None:
        slot.text.value = seen_by.feed(slot.was) + seen_by.close()


@dataclass(slots=True)
class _Channel:
    """One text that is under way, and the last event that had a piece of it."""

    seen_by: TextFilter | None
    event: dict[str, Any]


class StreamTexts:
    """The texts of one stream of server-sent events.

    Events in which nothing is changed pass byte for byte.
    """

    def __init__(self, reading: PieceReading, open_text: OpenText) -> None:
        self._reading = reading
        self._open_text = open_text
        self._held = b""
        self._channels: dict[Hashable, _Channel] = {}
        self._added = 0

    def feed(self, data: bytes) -> bytes:
        """Return what goes out of the events that `data` completes.

        Raises:
            ProviderProtocolError: an event is larger than any answer.
            Refused, GatewayError: as whoever sees the texts says.
        """
        data = self._held + data
        end = sse.last_event_end(data)
        self._held = data[end:]
        if len(self._held) > MAX_EVENT_BYTES:
            raise ProviderProtocolError(f"A stream has an event of more than {MAX_EVENT_BYTES} bytes.", provider="")
        return b"".join([self._passed(event) for event in sse.split_events(data[:end])])

    def close(self) -> bytes:
        """Return what is left at the end of a stream, be it cut."""
        held, self._held = self._held, b""
        return self._let_go({}, {}) + held

    def _passed(self, event: bytes) -> bytes:
        payload = sse.payload_of(event)
        if not payload.startswith(b"{"):
            return self._let_go({}, {}) + event if payload == b"[DONE]" else event
        try:
            read = JsonTexts(payload, "assistant", is_answer=True)
        except InvalidRequest:
            return event
        last = self._see(read)
        before = self._let_go(read.value, last)
        return before + _with_payload(event, payload, self._renumbered(read.written(), read.value))

    def _see(self, read: JsonTexts) -> dict[Hashable, TextSlot]:
        """Show every text of an event; return where the last piece of each channel in it stands."""
        pieces = {(piece.holder, piece.name): piece for piece in self._reading.pieces(read.value)}
        last: dict[Hashable, TextSlot] = {}
        for slot in read.slots:
            piece = pieces.get((slot.holder, slot.name))
            if piece is None:
                _see_whole(slot, self._open_text)
                continue
            channel = self._channels.get(piece.channel)
            if channel is None:
                seen_by = self._open_text(piece.kind, piece.is_json)
                channel = self._channels[piece.channel] = _Channel(seen_by, read.value)
            channel.event = read.value
            if channel.seen_by is not None:
                slot.text.value = channel.seen_by.feed(slot.was)
            last[piece.channel] = slot
        return last

    def _let_go(self, event: dict[str, Any], last: Mapping[Hashable, TextSlot]) -> bytes:
        """Close the texts that end with `event` ({}: all); return what goes out before it."""
        before = []
        for channel in [one for one in self._channels if not event or self._reading.closes(event, one)]:
            over = self._channels.pop(channel)
            rest = over.seen_by.close() if over.seen_by is not None else ""
            if rest and channel in last:
                last[channel].text.value += rest
            elif rest:
                before.append(self._carrier(channel, rest, over.event, event))
        return b"".join(before)

    def _carrier(self, channel: Hashable, text: str, model: dict[str, Any], event: dict[str, Any]) -> bytes:
        """Return an event of our own with `text`; `model` is the last one of its channel, `event` comes after it."""
        made = self._reading.carrier(channel, text, model)
        if "sequence_number" in made:
            number = event.get("sequence_number", made["sequence_number"] + 1)
            made["sequence_number"] = number + self._added
            self._added += 1
        name = b"event: %b\n" % made["type"].encode() if "type" in made else b""
        return b"%bdata: %b\n\n" % (name, msgspec.json.encode(made))

    def _renumbered(self, payload: bytes, event: dict[str, Any]) -> bytes:
        number = event.get("sequence_number")
        if not self._added or not isinstance(number, int):
            return payload
        return b"".join(peek_object(payload).changed({"sequence_number": b"%d" % (number + self._added)}))


def _with_payload(event: bytes, was: bytes, payload: bytes) -> bytes:
    """Return `event` with another payload; one that came in several lines goes out in one."""
    if payload is was:
        return event
    if was in event:
        return event.replace(was, payload, 1)
    others = [line for line in event.splitlines() if line and not line.startswith(b"data:")]
    return b"\n".join((*others, b"data: " + payload.replace(b"\n", b" "))) + b"\n\n"

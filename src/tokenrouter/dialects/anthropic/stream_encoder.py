"""Events as an Anthropic stream.

Blocks are strictly sequential here: one is open at a time, and their numbers count on from 0. Items that other
dialects interleave wait until the open one has ended. Each event has its name in an `event:` line, because SDKs
ignore those without. The true usage stands in the last `message_delta`; `message_start` must have one too, and
has an estimate until the provider tells.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from tokenrouter.dialects.anthropic import errors as anthropic_errors
from tokenrouter.dialects.anthropic.answer import citation_json, foreign_block, hides_thoughts
from tokenrouter.dialects.anthropic.signatures import call_signature, signature_of
from tokenrouter.dialects.anthropic.stops import stop_fields
from tokenrouter.dialects.anthropic.usage import BYTES_PER_TOKEN, estimated_input_tokens, usage_object
from tokenrouter.dialects.anthropic.wire import FAMILY
from tokenrouter.dialects.hub import Reply
from tokenrouter.dialects.tool_names import INPUT_FIELD, plain_call
from tokenrouter.domain.answers import (
    ArgumentsGrew,
    Begun,
    CitationAdded,
    Ended,
    ItemBegun,
    ItemEnded,
    PartAdded,
    ReasoningGrew,
    RefusalGrew,
    StateArrived,
    Stop,
    Stopped,
    StreamEvent,
    TextGrew,
    UsageReported,
)
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.items import Call, Foreign, Item, ProviderState, Reasoning
from tokenrouter.domain.ledger import Usage

Wire = dict[str, Any]
KEEP_ALIVE: Final = b'event: ping\ndata: {"type":"ping"}\n\n'
MESSAGE_STOP: Final = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_DELTA: Final = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":'
_TEXT: Final = _DELTA + b'"text_delta","text":'
_THINKING: Final = _DELTA + b'"thinking_delta","thinking":'
_EMPTY_THOUGHT: Final = b'{"type":"thinking","thinking":"","signature":""}'
_SIGNATURE: Final = _DELTA + b'"signature_delta","signature":'
_ARGUMENTS: Final = _DELTA + b'"input_json_delta","partial_json":'
_CITATION: Final = _DELTA + b'"citations_delta","citation":'
_TAIL: Final = b"}}\n\n"
_FREE_TEXT: Final = f'{{"{INPUT_FIELD}":"'
"""How the arguments begin that carry a free-text call: this dialect's calls all have an object."""
_BLOCK_STOP: Final = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n'
_encode: Final = msgspec.json.encode


class _Open:
    """The item that is being written.

    Attributes:
        lead: the beginning of its deltas; empty until its block is open.
        held: blanks, or citations, that wait for the first words: a block of blanks alone must not be.
        section: which text of the reasoning is being told.
        state: what is told when the item ends.
    """

    __slots__ = ("held", "index", "item", "lead", "notes", "section", "state")

    def __init__(self, index: int, item: Item) -> None:
        self.index = index
        self.item = item
        self.lead = b""
        self.held = ""
        self.notes: list[msgspec.Raw] = []
        self.section = 0
        self.state: ProviderState | None = None


class MessagesStreamEncoder:
    """Encodes one stream; see `hub.StreamEncoder`."""

    __slots__ = (
        "_chars",
        "_dropped",
        "_has_begun",
        "_has_refused",
        "_hides_thoughts",
        "_next",
        "_open",
        "_reply",
        "_stop",
        "_usage",
        "_waiting",
        "_writers",
    )

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._hides_thoughts = hides_thoughts(reply.request)
        self._has_begun = False
        self._has_refused = False
        self._open: _Open | None = None
        self._waiting: dict[int, list[StreamEvent]] = {}
        self._dropped: set[int] = set()
        self._next = 0
        self._chars = 0
        self._stop: Stop | None = None
        self._usage: Usage | None = None
        self._writers: dict[type[Any], Callable[[Any], bytes]] = {
            Begun: self._begin,
            ItemBegun: self._begin_item,
            TextGrew: self._write_text,
            RefusalGrew: self._write_refusal,
            ReasoningGrew: self._write_thought,
            ArgumentsGrew: self._write_arguments,
            CitationAdded: self._write_citation,
            PartAdded: self._write_part,
            StateArrived: self._note_state,
            ItemEnded: self._end_item,
            UsageReported: self._note_usage,
            Stopped: self._note_stop,
            Ended: self._end,
        }

    def encode(self, events: Sequence[StreamEvent]) -> bytes:
        return b"".join([self._write(event) for event in events])

    def finish(self, stop: Stop) -> bytes:
        closed = b"" if self._open is None else self._close_item(self._open)
        self._waiting.clear()
        self._stop = stop
        return closed + self._end(Ended())

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        return anthropic_errors.error_event(error, request_id)

    def _write(self, event: StreamEvent) -> bytes:
        """Write an event, or keep it until the items before its own have ended."""
        if self._waiting or self._dropped:
            index = getattr(event, "index", None)
            if index in self._dropped:
                return b""
            if index in self._waiting:
                self._waiting[index].append(event)
                return b""
        return self._writers[type(event)](event)

    def _begin(self, begun: Begun) -> bytes:
        self._has_begun = True
        self._usage = begun.usage
        usage = begun.usage or Usage(estimated_input_tokens(self._reply.request))
        message: Wire = {
            "id": f"msg_{self._reply.id}",
            "type": "message",
            "role": "assistant",
            "model": begun.model or self._reply.request.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage_object(usage),
        }
        return b"event: message_start\ndata: " + _encode({"type": "message_start", "message": message}) + b"\n\n"

    def _begin_item(self, begun: ItemBegun) -> bytes:
        if begun.choice > 0:
            self._dropped.add(begun.index)
            return b""
        if self._open is not None:
            self._waiting[begun.index] = [begun]
            return b""
        self._open = opened = _Open(begun.index, begun.item)
        if isinstance(begun.item, Call):
            return self._begin_call(opened, begun.item)
        if isinstance(begun.item, Foreign):
            return b"".join([self._whole_block(_encode(block)) for block in foreign_block(begun.item)])
        return b""

    def _begin_call(self, opened: _Open, call: Call) -> bytes:
        block: Wire = {"type": "tool_use", "id": call.call_id, "name": plain_call(call).name, "input": {}}
        state, before = call.state, b""
        if state is not None and state.family == FAMILY and state.kind == "details":
            block |= msgspec.json.decode(state.value)
        elif state is not None:
            before = self._carried(call, state)
        begun = self._open_block(_encode(block))
        opened.lead = _ARGUMENTS % (self._next - 1)
        first = _FREE_TEXT if call.kind == "custom" else ""
        return before + begun + opened.lead + _encode(first) + _TAIL

    def _carried(self, call: Call, state: ProviderState) -> bytes:
        """Tell `state` in a thought of its own, its signature as a delta: Claude Code takes it from nowhere else."""
        begun, number = self._open_block(_EMPTY_THOUGHT), self._next - 1
        signature = call_signature(call.call_id, state)
        return begun + _SIGNATURE % number + _encode(signature) + _TAIL + _BLOCK_STOP % number

    def _open_block(self, block: bytes) -> bytes:
        number = self._next
        self._next = number + 1
        lead = b'event: content_block_start\ndata: {"type":"content_block_start","index":%d,"content_block":%b}\n\n'
        return lead % (number, block)

    def _whole_block(self, block: bytes) -> bytes:
        return self._open_block(block) + _BLOCK_STOP % (self._next - 1)

    def _write_text(self, grew: TextGrew | RefusalGrew) -> bytes:
        opened, text = self._open, grew.text
        if opened is None:
            return b""
        self._chars += len(text)
        if opened.lead:
            return opened.lead + _encode(text) + _TAIL
        opened.held += text
        if not opened.held.strip():
            return b""
        begun = self._open_block(b'{"type":"text","text":""}')
        opened.lead = _TEXT % (self._next - 1)
        text, opened.held = opened.held, ""
        return begun + opened.lead + _encode(text) + _TAIL + self._told_notes(opened)

    def _write_refusal(self, grew: RefusalGrew) -> bytes:
        self._has_refused = True
        return self._write_text(grew)

    def _write_thought(self, grew: ReasoningGrew) -> bytes:
        opened, text = self._open, grew.text
        self._chars += len(text)
        if opened is None or self._hides_thoughts:
            return b""
        begun = b"" if opened.lead else self._begin_thought(opened)
        if grew.section != opened.section:
            opened.section = grew.section
            text = "\n\n" + text
        return begun + opened.lead + _encode(text) + _TAIL

    def _begin_thought(self, opened: _Open) -> bytes:
        begun = self._open_block(_EMPTY_THOUGHT)
        opened.lead = _THINKING % (self._next - 1)
        return begun

    def _write_arguments(self, grew: ArgumentsGrew) -> bytes:
        opened = self._open
        if opened is None:
            return b""
        text = grew.text
        self._chars += len(text)
        if _is_free_text(opened.item):
            text = _encode(text)[1:-1].decode()
        return opened.lead + _encode(text) + _TAIL

    def _write_citation(self, added: CitationAdded) -> bytes:
        opened, note = self._open, citation_json(added.citation)
        if opened is None or note is None:
            return b""
        opened.notes.append(note)
        return self._told_notes(opened) if opened.lead else b""

    def _told_notes(self, opened: _Open) -> bytes:
        notes, opened.notes = opened.notes, []
        return b"".join([_CITATION % (self._next - 1) + bytes(note) + _TAIL for note in notes])

    def _write_part(self, _added: PartAdded) -> bytes:
        """Pictures have no place in an answer here, and sound comes with its transcript as text."""
        return b""

    def _note_state(self, arrived: StateArrived) -> bytes:
        if self._open is not None:
            self._open.state = arrived.state
        return b""

    def _end_item(self, ended: ItemEnded) -> bytes:
        opened = self._open
        if opened is None or opened.index != ended.index:
            return b""
        return self._close_item(opened) + self._go_on()

    def _close_item(self, opened: _Open) -> bytes:
        """Close the item's block, if it came to one, and tell the state that arrived."""
        self._open = None
        state, item = opened.state, opened.item
        if isinstance(item, Reasoning):
            return self._close_thought(opened, state)
        closed = _BLOCK_STOP % (self._next - 1) if opened.lead else b""
        if _is_free_text(item):
            closed = opened.lead + _encode('"}') + _TAIL + closed
        return closed + self._carried(item, state) if isinstance(item, Call) and state is not None else closed

    def _close_thought(self, opened: _Open, state: ProviderState | None) -> bytes:
        if state is not None and state.family == FAMILY and state.kind == "redacted":
            closed = _BLOCK_STOP % (self._next - 1) if opened.lead else b""
            return closed + self._whole_block(_encode({"type": "redacted_thinking", "data": state.value}))
        if state is None:
            return _BLOCK_STOP % (self._next - 1) if opened.lead else b""
        begun = b"" if opened.lead else self._begin_thought(opened)
        number = self._next - 1
        return begun + _SIGNATURE % number + _encode(signature_of(state)) + _TAIL + _BLOCK_STOP % number

    def _go_on(self) -> bytes:
        """Write the items that have waited, as far as they have come."""
        out = []
        while self._open is None and self._waiting:
            index = next(iter(self._waiting))
            out += [self._writers[type(event)](event) for event in self._waiting.pop(index)]
        return b"".join(out)

    def _note_usage(self, reported: UsageReported) -> bytes:
        self._usage = reported.usage
        return b""

    def _note_stop(self, stopped: Stopped) -> bytes:
        if stopped.choice == 0:
            self._stop = stopped.stop
        return b""

    def _end(self, _ended: Ended) -> bytes:
        begun = b"" if self._has_begun else self._begin(Begun())
        usage = self._usage or Usage(estimated_input_tokens(self._reply.request), self._chars // BYTES_PER_TOKEN)
        delta = stop_fields(self._stop or Stop("end"), has_refused=self._has_refused)
        event: Wire = {"type": "message_delta", "delta": delta, "usage": usage_object(usage)}
        return begun + b"event: message_delta\ndata: " + _encode(event) + b"\n\n" + MESSAGE_STOP


def _is_free_text(item: Item) -> bool:
    return isinstance(item, Call) and item.kind == "custom"

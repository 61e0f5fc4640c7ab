"""Events as a Responses stream: the whole lifecycle, as strict clients demand it.

An item opens before its first words, each part of it opens and ends, every event has the next number, and the
last snapshot holds the items as they ended. Codex shows only items that ended, other programs only deltas, and
some ask again without end where no last event comes. (The cases are in the tests by name.)
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tokenrouter.dialects.hub import Reply
from tokenrouter.dialects.openai_responses.object import ResponseObject
from tokenrouter.dialects.openai_responses.output import Manner, Status, Wire, image_item, own_item
from tokenrouter.dialects.openai_responses.stops import failure_code, incomplete_reason
from tokenrouter.dialects.openai_responses.stream_items import (
    EventWriter,
    OpenCall,
    OpenItem,
    OpenMessage,
    OpenReasoning,
)
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
from tokenrouter.domain.items import Audio, Call, Foreign, Image, Item, Message, ProviderState, Reasoning
from tokenrouter.domain.ledger import Usage


class ResponsesStreamEncoder:
    """Encodes one stream; see `hub.StreamEncoder`."""

    __slots__ = (
        "_events",
        "_is_begun",
        "_manner",
        "_open",
        "_output",
        "_places",
        "_response",
        "_silent",
        "_states",
        "_stop",
        "_usage",
        "_writers",
    )

    def __init__(self, reply: Reply) -> None:
        self._response = ResponseObject(reply)
        self._manner = Manner.of(reply)
        self._events = EventWriter()
        self._is_begun = False
        self._open: dict[int, OpenItem] = {}
        self._silent: dict[int, Item] = {}
        self._states: dict[int, ProviderState] = {}
        self._output: dict[int, msgspec.Raw] = {}
        self._places = 0
        self._stop = Stop("end")
        self._usage: Usage | None = None
        self._writers: dict[type[Any], Callable[[Any], bytes]] = {
            Begun: self._begin,
            ItemBegun: self._begin_item,
            TextGrew: self._write_text,
            RefusalGrew: self._write_refusal,
            ReasoningGrew: self._write_reasoning,
            ArgumentsGrew: self._write_arguments,
            CitationAdded: self._write_citation,
            PartAdded: self._write_part,
            StateArrived: self._take_state,
            ItemEnded: self._end_item,
            UsageReported: self._note_usage,
            Stopped: self._write_stop,
            Ended: self._end,
        }

    def encode(self, events: Sequence[StreamEvent]) -> bytes:
        writers = self._writers
        return b"".join([writers[type(event)](event) for event in events])

    def finish(self, stop: Stop) -> bytes:
        status: Status = "completed" if incomplete_reason(stop) is None else "incomplete"
        begun = b"" if self._is_begun else self._begin(Begun())
        ends = [self._close(index, status) for index in list(self._open)]
        return b"".join([begun, *ends, self._write_stop(Stopped(stop)), self._end(Ended())])

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        begun = b"" if self._is_begun else self._begin(Begun())
        response = self._response.failed(self._whole_output(), failure_code(error), error.message, self._usage)
        return begun + self._events.event("response.failed", response=response)

    def _begin(self, begun: Begun) -> bytes:
        self._is_begun = True
        self._usage = begun.usage
        self._response.begin(begun)
        going = self._response.going()
        told = self._events.event("response.created", response=going)
        return told + self._events.event("response.in_progress", response=going)

    def _place(self) -> int:
        place = self._places
        self._places = place + 1
        return place

    def _begin_item(self, begun: ItemBegun) -> bytes:
        """Open an item; of a message and of reasoning nothing is told until there is something to tell."""
        item, index = begun.item, begun.index
        if begun.choice:
            return b""
        if isinstance(item, Call):
            return self._begin_call(index, item)
        if isinstance(item, Foreign):
            own = own_item(item)
            return b"" if own is None else self._add_whole(own)
        self._silent[index] = item
        return b""

    def _begin_call(self, index: int, call: Call) -> bytes:
        carried = self._carry(call.state, call.call_id)
        opened = OpenCall(self._events, self._manner, self._place(), call)
        self._open[index] = opened
        return carried + opened.begin()

    def _carry(self, state: ProviderState | None, call_id: str = "") -> bytes:
        """Tell the state of a call or a message in an item of its own, right here."""
        wire = self._manner.carrier(state, self._places, call_id)
        return b"" if wire is None else self._add_whole(wire)

    def _add_whole(self, item: Wire | msgspec.Raw) -> bytes:
        place = self._place()
        whole = self._output[place] = msgspec.Raw(msgspec.json.encode(item))
        return self._events.opened(place, whole) + self._events.done(place, whole)

    def _write_text(self, grew: TextGrew) -> bytes:
        known = self._open.get(grew.index)
        if type(known) is OpenMessage:
            return known.grow(grew.text, grew.logprobs)
        return self._with_message(grew.index, lambda message: message.grow(grew.text, grew.logprobs))

    def _with_message(self, index: int, write: Callable[[OpenMessage], bytes]) -> bytes:
        """Write into a message, which opens now if it was silent; nothing where it belongs to another alternative."""
        known = self._open.get(index)
        if isinstance(known, OpenMessage):
            return write(known)
        silent = self._silent.get(index)
        if not isinstance(silent, Message):
            return b""
        del self._silent[index]
        opened = self._open[index] = OpenMessage(self._events, self._manner, self._place(), silent)
        return opened.begin() + write(opened)

    def _write_refusal(self, grew: RefusalGrew) -> bytes:
        return self._with_message(grew.index, lambda message: message.decline(grew.text))

    def _write_citation(self, added: CitationAdded) -> bytes:
        return self._with_message(added.index, lambda message: message.cite(added.citation))

    def _write_part(self, added: PartAdded) -> bytes:
        part = added.part
        if isinstance(part, Audio) and part.transcript:
            return self._with_message(added.index, lambda message: message.grow(part.transcript, None))
        if not isinstance(part, Image) or (added.index not in self._open and added.index not in self._silent):
            return b""
        wire = image_item(self._manner.item_id("image", self._places), part)
        return b"" if wire is None else self._add_whole(wire)

    def _write_reasoning(self, grew: ReasoningGrew) -> bytes:
        begun, known = self._reasoning(grew.index)
        return begun if known is None else begun + known.grow(grew.text, grew.section)

    def _reasoning(self, index: int) -> tuple[bytes, OpenReasoning | None]:
        known = self._open.get(index)
        if isinstance(known, OpenReasoning):
            return b"", known
        silent = self._silent.get(index)
        if not isinstance(silent, Reasoning):
            return b"", None
        del self._silent[index]
        opened = self._open[index] = OpenReasoning(self._events, self._manner, self._place(), silent)
        return opened.begin(), opened

    def _write_arguments(self, grew: ArgumentsGrew) -> bytes:
        known = self._open.get(grew.index)
        return known.grow(grew.text) if isinstance(known, OpenCall) else b""

    def _take_state(self, arrived: StateArrived) -> bytes:
        known = self._open.get(arrived.index)
        if isinstance(known, OpenCall):
            return self._carry(arrived.state, known.call_id)
        if isinstance(known or self._silent.get(arrived.index), OpenMessage | Message):
            self._states[arrived.index] = arrived.state
            return b""
        encrypted = self._manner.encrypted(arrived.state)
        if encrypted is None:
            return b""
        begun, reasoning = self._reasoning(arrived.index)
        if reasoning is not None:
            reasoning.state = encrypted
        return begun

    def _end_item(self, ended: ItemEnded) -> bytes:
        silent = self._silent.get(ended.index)
        begun = b""
        if isinstance(silent, Reasoning) and self._manner.encrypted(silent.state) is not None:
            begun = self._reasoning(ended.index)[0]
        self._silent.pop(ended.index, None)
        return begun + self._close(ended.index) if ended.index in self._open else b""

    def _close(self, index: int, status: Status = "completed") -> bytes:
        item = self._open.pop(index)
        told, self._output[item.index] = item.end(status)
        return told + self._carry(self._states.pop(index, None))

    def _note_usage(self, reported: UsageReported) -> bytes:
        self._usage = reported.usage
        return b""

    def _write_stop(self, stopped: Stopped) -> bytes:
        """Keep the reason for the end; why something was filtered is told as a refusal."""
        stop = stopped.stop
        if stopped.choice:
            return b""
        self._stop = stop
        if stop.reason != "filter" or not stop.explanation:
            return b""
        message = OpenMessage(self._events, self._manner, self._place(), Message("assistant", ()))
        told = message.begin() + message.decline(stop.explanation)
        end, self._output[message.index] = message.end("completed")
        return told + end

    def _end(self, _ended: Ended) -> bytes:
        status, response = self._response.ended(self._whole_output(), self._stop, self._usage)
        return self._events.event(f"response.{status}", response=response)

    def _whole_output(self) -> list[msgspec.Raw]:
        return [self._output[place] for place in sorted(self._output)]

"""Events as a Chat Completions stream.

What stays the same in every chunk is written once, at the beginning; a chunk of words costs one string
encoding and one join. Strict clients want the role in the first delta, index, id and name of a call once,
the usage chunk only when they asked for it, and `[DONE]`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from tokenrouter.dialects.hub import Reply
from tokenrouter.dialects.openai import errors as openai_errors
from tokenrouter.dialects.openai.tiers import told_tier
from tokenrouter.dialects.openai_chat.answer import annotation, image_object
from tokenrouter.dialects.openai_chat.stops import finish_reason_of
from tokenrouter.dialects.openai_chat.usage import usage_object
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
from tokenrouter.domain.items import Call, Image
from tokenrouter.domain.ledger import Usage

Wire = dict[str, Any]
_DONE: Final = b"data: [DONE]\n\n"
_ROLE: Final = b'{"role":"assistant","content":"","refusal":null}'
_encode: Final = msgspec.json.encode


class _Place:
    """Where an open item stands: its alternative, and for a call its number there."""

    __slots__ = ("call", "choice", "is_custom", "section")

    def __init__(self, choice: int, call: int = 0, *, is_custom: bool = False) -> None:
        self.choice = choice
        self.call = call
        self.is_custom = is_custom
        self.section = 0


class ChatStreamEncoder:
    """Encodes one stream; see `hub.StreamEncoder`."""

    __slots__ = ("_calls", "_lead", "_listed", "_places", "_reply", "_stopped", "_tail", "_usage", "_writers")

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._lead = _lead(reply, Begun())
        self._tail = b',"usage":null}\n\n' if reply.request.wants_usage else b"}\n\n"
        self._places: dict[int, _Place] = {}
        self._calls: dict[int, int] = {}
        self._listed: Counter[tuple[int, str]] = Counter()
        self._stopped: set[int] = set()
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
            StateArrived: _write_nothing,
            ItemEnded: self._end_item,
            UsageReported: self._note_usage,
            Stopped: self._write_stop,
            Ended: self._end,
        }

    def encode(self, events: Sequence[StreamEvent]) -> bytes:
        writers = self._writers
        return b"".join([writers[type(event)](event) for event in events])

    def finish(self, stop: Stop) -> bytes:
        open_choices = [choice for choice in self._calls or {0: 0} if choice not in self._stopped]
        stops = [self._write_stop(Stopped(stop, choice)) for choice in open_choices]
        return b"".join([*stops, self._end(Ended())])

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        return openai_errors.error_event(error, request_id)

    def _begin(self, begun: Begun) -> bytes:
        self._lead = _lead(self._reply, begun)
        self._usage = begun.usage
        return self._announce(0)

    def _announce(self, choice: int) -> bytes:
        """The first delta of an alternative tells the role."""
        if choice in self._calls:
            return b""
        self._calls[choice] = 0
        return self._chunk(choice, _ROLE)

    def _chunk(self, choice: int, delta: bytes, logprobs: bytes = b"null", finish: bytes = b"null") -> bytes:
        return b'%b%d,"delta":%b,"logprobs":%b,"finish_reason":%b}]%b' % (
            self._lead,
            choice,
            delta,
            logprobs,
            finish,
            self._tail,
        )

    def _begin_item(self, begun: ItemBegun) -> bytes:
        choice, item = begun.choice, begun.item
        announced = self._announce(choice)
        if not isinstance(item, Call):
            self._places[begun.index] = _Place(choice)
            return announced
        number = self._calls[choice]
        self._calls[choice] = number + 1
        is_custom = item.kind == "custom"
        self._places[begun.index] = _Place(choice, number, is_custom=is_custom)
        named: Wire = {"name": item.name, "input" if is_custom else "arguments": ""}
        kind = "custom" if is_custom else "function"
        call = {"index": number, "id": item.call_id, "type": kind, kind: named}
        return announced + self._chunk(choice, _encode({"tool_calls": [call]}))

    def _write_text(self, grew: TextGrew) -> bytes:
        delta = b'{"content":%b}' % _encode(grew.text)
        if grew.logprobs is None:
            return self._chunk(self._places[grew.index].choice, delta)
        logprobs = b'{"content":%b,"refusal":null}' % grew.logprobs
        return self._chunk(self._places[grew.index].choice, delta, logprobs)

    def _write_refusal(self, grew: RefusalGrew) -> bytes:
        return self._chunk(self._places[grew.index].choice, b'{"refusal":%b}' % _encode(grew.text))

    def _write_reasoning(self, grew: ReasoningGrew) -> bytes:
        place = self._places[grew.index]
        text = grew.text
        if grew.section != place.section:
            place.section = grew.section
            text = "\n\n" + text
        return self._chunk(place.choice, b'{"reasoning_content":%b}' % _encode(text))

    def _write_arguments(self, grew: ArgumentsGrew) -> bytes:
        place = self._places[grew.index]
        named = b'"custom":{"input":%b}' if place.is_custom else b'"function":{"arguments":%b}'
        piece = b'{"tool_calls":[{"index":%d,%b}]}' % (place.call, named % _encode(grew.text))
        return self._chunk(place.choice, piece)

    def _write_citation(self, added: CitationAdded) -> bytes:
        note = annotation(added.citation)
        return b"" if note is None else self._add_to_list(added.index, "annotations", note)

    def _write_part(self, added: PartAdded) -> bytes:
        if not isinstance(added.part, Image):
            return b""
        return self._add_to_list(added.index, "images", image_object(added.part))

    def _add_to_list(self, item: int, name: str, entry: Wire) -> bytes:
        """Write one entry of a list; the SDK's helper cannot put a list together whose entries have no `index`."""
        choice = self._places[item].choice
        number = self._listed[choice, name]
        self._listed[choice, name] = number + 1
        return self._chunk(choice, _encode({name: [{"index": number, **entry}]}))

    def _end_item(self, ended: ItemEnded) -> bytes:
        del self._places[ended.index]
        return b""

    def _note_usage(self, reported: UsageReported) -> bytes:
        self._usage = reported.usage
        return b""

    def _write_stop(self, stopped: Stopped) -> bytes:
        choice, stop = stopped.choice, stopped.stop
        self._stopped.add(choice)
        told = self._announce(choice)
        if stop.reason == "filter" and stop.explanation:
            told += self._chunk(choice, b'{"refusal":%b}' % _encode(stop.explanation))
        return told + self._chunk(choice, b"{}", finish=_encode(finish_reason_of(stop)))

    def _end(self, _ended: Ended) -> bytes:
        if self._usage is None or not self._reply.request.wants_usage:
            return _DONE
        head = self._lead.removesuffix(b'[{"index":')
        return b'%b[],"usage":%b}\n\n%b' % (head, _encode(usage_object(self._usage)), _DONE)


def _lead(reply: Reply, begun: Begun) -> bytes:
    head: Wire = {
        "id": reply.told_id or f"chatcmpl-{reply.id}",
        "object": "chat.completion.chunk",
        "created": begun.created_s or reply.created_s,
        "model": begun.model or reply.request.model,
    }
    if tier := told_tier(begun.tier):
        head["service_tier"] = tier
    return b"data: " + _encode(head)[:-1] + b',"choices":[{"index":'


def _write_nothing(_event: StreamEvent) -> bytes:
    """Signatures have no place here; the gateway keeps them."""
    return b""

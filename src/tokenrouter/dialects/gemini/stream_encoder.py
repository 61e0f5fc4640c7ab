"""Events as a Gemini stream.

Google's SDKs are no readers of server-sent events: a comment, an `event:` line or `[DONE]` is fatal to them, so there
is nothing but `data:` lines. A call goes out in one part when its arguments are whole; why the model stopped is in
the last chunk, with the usage, because clients that find no reason there ask again. Without `alt=sse` the same
chunks are the elements of one JSON array.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from tokenrouter.dialects.gemini import errors as gemini_errors
from tokenrouter.dialects.gemini.logprobs import gemini_logprobs
from tokenrouter.dialects.gemini.said import Said, media_in_answer, shows_thoughts
from tokenrouter.dialects.gemini.signatures import FAMILY
from tokenrouter.dialects.gemini.usage import usage_object
from tokenrouter.dialects.hub import Reply
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
_encode: Final = msgspec.json.encode


class _Place:
    """An open item: its alternative, and what waits for its end."""

    __slots__ = ("choice", "item", "pieces", "section", "state")

    def __init__(self, choice: int, item: Item) -> None:
        self.choice = choice
        self.item = item
        self.pieces: list[str] = []
        self.section = 0
        self.state: ProviderState | None = None if isinstance(item, Foreign) else getattr(item, "state", None)


class GeminiStreamEncoder:
    """Encodes one stream; see `hub.StreamEncoder`."""

    __slots__ = ("_behind", "_before", "_head", "_places", "_reply", "_said", "_shows", "_tail", "_usage", "_writers")

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._shows = shows_thoughts(reply.request)
        self._before, self._behind = (b"data: ", b"\n\n") if reply.sse else (b"[", b"\n")
        self._head = b""
        self._tail = b""
        self._name(reply.request.model)
        self._places: dict[int, _Place] = {}
        self._said: dict[int, Said] = {}
        self._usage: Usage | None = None
        self._writers: dict[type[Any], Callable[[Any], bytes]] = {
            Begun: self._begin,
            ItemBegun: self._begin_item,
            TextGrew: self._write_text,
            RefusalGrew: self._write_refusal,
            ReasoningGrew: self._write_reasoning,
            ArgumentsGrew: self._keep_arguments,
            CitationAdded: self._keep_citation,
            PartAdded: self._write_part,
            StateArrived: self._keep_state,
            ItemEnded: self._end_item,
            UsageReported: self._note_usage,
            Stopped: self._note_stop,
            Ended: self._end,
        }

    def encode(self, events: Sequence[StreamEvent]) -> bytes:
        writers = self._writers
        return b"".join([writers[type(event)](event) for event in events])

    def finish(self, stop: Stop) -> bytes:
        events: list[StreamEvent] = [ItemEnded(index) for index in self._places]
        stopped = [choice for choice in self._said or (0,) if self._alternative(choice).stop is None]
        return self.encode([*events, *(Stopped(stop, choice) for choice in stopped), Ended()])

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        return self._framed(gemini_errors.error_body(error, request_id)) + self._close()

    def _begin(self, begun: Begun) -> bytes:
        self._name(begun.model or self._reply.request.model)
        self._usage = begun.usage
        return b""

    def _name(self, model: str) -> None:
        told = {"modelVersion": model, "responseId": self._reply.told_id or self._reply.id}
        self._head = b"," + _encode(told)[1:]

    def _framed(self, payload: bytes) -> bytes:
        framed = b"%b%b%b" % (self._before, payload, self._behind)
        if not self._reply.sse:
            self._before = b",\r\n"
        return framed

    def _close(self) -> bytes:
        if self._reply.sse:
            return b""
        return b"[]" if self._before == b"[" else b"]"

    def _chunk(self, choice: int, part: bytes, more: bytes = b"") -> bytes:
        content = b'{"candidates":[{"content":{"parts":[%b],"role":"model"},"index":%d%b}]%b'
        return self._framed(content % (part, choice, more, self._head))

    def _alternative(self, choice: int) -> Said:
        said = self._said.get(choice)
        if said is None:
            said = self._said[choice] = Said()
        return said

    def _begin_item(self, begun: ItemBegun) -> bytes:
        self._alternative(begun.choice)
        item = begun.item
        self._places[begun.index] = _Place(begun.choice, item)
        if isinstance(item, Foreign) and item.family == FAMILY:
            return self._chunk(begun.choice, item.json)
        return b""

    def _write_text(self, grew: TextGrew) -> bytes:
        choice = self._places[grew.index].choice
        self._said[choice].grounding.positions.feed(grew.text)
        part = b'{"text":%b}' % _encode(grew.text)
        if grew.logprobs is None or (logprobs := gemini_logprobs(grew.logprobs)) is None:
            return self._chunk(choice, part)
        return self._chunk(choice, part, b',"logprobsResult":%b' % _encode(logprobs))

    def _write_refusal(self, grew: RefusalGrew) -> bytes:
        choice = self._places[grew.index].choice
        self._said[choice].has_refused = True
        return self._chunk(choice, b'{"text":%b}' % _encode(grew.text))

    def _write_reasoning(self, grew: ReasoningGrew) -> bytes:
        place = self._places[grew.index]
        text = grew.text
        if grew.section != place.section:
            place.section = grew.section
            text = "\n\n" + text
        place.pieces.append(text)
        if not self._shows:
            return b""
        return self._chunk(place.choice, b'{"text":%b,"thought":true}' % _encode(text))

    def _keep_arguments(self, grew: ArgumentsGrew) -> bytes:
        self._places[grew.index].pieces.append(grew.text)
        return b""

    def _keep_citation(self, added: CitationAdded) -> bytes:
        self._said[self._places[added.index].choice].grounding.add(added.citation)
        return b""

    def _write_part(self, added: PartAdded) -> bytes:
        choice, part = self._places[added.index].choice, added.part
        if isinstance(part, Foreign):
            return self._chunk(choice, part.json) if part.family == FAMILY else b""
        wire = media_in_answer(part)
        return b"" if wire is None else self._chunk(choice, _encode(wire))

    def _keep_state(self, arrived: StateArrived) -> bytes:
        self._places[arrived.index].state = arrived.state
        return b""

    def _end_item(self, ended: ItemEnded) -> bytes:
        place = self._places[ended.index]
        said, item = self._said[place.choice], place.item
        part: Wire | None = None
        if isinstance(item, Reasoning):
            texts = ("".join(place.pieces),) if place.pieces else ()
            said.think(Reasoning(texts, item.is_summary, place.state, item.id))
        elif isinstance(item, Call):
            call = Call(item.call_id, item.name, "".join(place.pieces), item.kind, item.namespace, place.state)
            part = said.call(call)
        elif place.state is not None:
            part = said.sign({"text": ""}, place.state)
        del self._places[ended.index]
        return b"" if part is None else self._chunk(place.choice, _encode(part))

    def _note_usage(self, reported: UsageReported) -> bytes:
        self._usage = reported.usage
        return b""

    def _note_stop(self, stopped: Stopped) -> bytes:
        self._alternative(stopped.choice).stop = stopped.stop
        return b""

    def _end(self, _ended: Ended) -> bytes:
        """The last chunk has the reasons of all alternatives, since usage may come after they stopped."""
        candidates = []
        for choice, said in sorted(self._said.items()):
            part = said.last_part() or {"text": ""}
            candidates.append({"content": {"parts": [part], "role": "model"}, **said.ending(), "index": choice})
        wire: Wire = {"candidates": candidates}
        if self._usage is not None:
            wire["usageMetadata"] = usage_object(self._usage)
        return self._framed(_encode(wire)[:-1] + self._head) + self._close()

"""The events of a streamed response: the life of the response, of each item, of each part, all numbered.

From OpenAI's API reference ("Responses: streaming events", read 2026-11) and recorded exchanges: every event has a
name and a `sequence_number`, an item is added empty and done in full, and there is no `[DONE]`.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final, cast

from tokenrouter.sandbox.delivery import Frame, event
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.responses.output import Output
from tokenrouter.sandbox.responses.thoughts import Json
from tokenrouter.sandbox.speech import Utterance, text_pieces

_PAD: Final = "abcdefghijklmnop"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The response object around the output; `settings` are the members that do not change."""

    id: str
    settings: Json
    usage: Json | None
    items: list[Json]
    is_cut: bool

    def queued(self) -> Json:
        return self._document("queued", [])

    def running(self) -> Json:
        return self._document("in_progress", [])

    def finished(self) -> Json:
        if not self.is_cut:
            whole = {**self._document("completed", self.items), "usage": self.usage}
            return {**whole, "completed_at": int(time.time())}
        whole = {**self._document("incomplete", self.items), "usage": self.usage}
        return {**whole, "incomplete_details": {"reason": "max_output_tokens"}}

    def failed(self, error: Json) -> Json:
        return {**self._document("failed", []), "error": error}

    def _document(self, status: str, items: list[Json]) -> Json:
        head: Json = {"id": self.id, "status": status, "completed_at": None, "error": None, "incomplete_details": None}
        return {**head, **self.settings, "output": items, "usage": None}


class ResponseStream:
    """The frames of one response; made once, read once, because the events are numbered as they are read.

    `keep` gets the finished document before it is sent.
    """

    def __init__(
        self,
        envelope: Envelope,
        outputs: list[Output],
        said: Utterance,
        question: Question,
        keep: Callable[[Json], Json],
    ) -> None:
        self._envelope = envelope
        self._outputs = outputs
        self._said = said
        self._model = question.model
        self._keep = keep
        self._numbers = count()
        options = question.fields.member("stream_options")
        self._is_padded = options is None or options.flag("include_obfuscation") is not False

    def opening(self) -> Iterator[Frame]:
        for kind in ("response.created", "response.in_progress"):
            yield self._event(kind, {"response": self._envelope.running()})

    def body(self) -> Iterator[Frame]:
        writers = {
            "reasoning": self._reasoning,
            "function_call": self._call,
            "custom_tool_call": self._custom_call,
            "tool_search_call": self._search,
            "message": self._message,
        }
        for index, output in enumerate(self._outputs):
            yield from writers[str(output.item["type"])](index, output)

    def closing(self) -> Iterator[Frame]:
        whole = self._keep(self._envelope.finished())
        yield self._event(f"response.{whole['status']}", {"response": whole})

    def error(self, message: str) -> Iterator[Frame]:
        error: Json = {"type": "server_error", "code": "server_error", "message": message, "param": None}
        yield self._event("error", {"error": error})
        short: Json = {"code": "server_error", "message": message}
        yield self._event("response.failed", {"response": self._envelope.failed(short)})

    def _reasoning(self, index: int, output: Output) -> Iterator[Frame]:
        item = output.item
        yield self._added(index, {**item, "summary": []})
        parts = cast(list[Json], item["summary"])
        if not parts:
            yield Frame(b"", self._said.reasoning_tokens)
        for number, part in enumerate(parts):
            place: Json = {"item_id": item["id"], "output_index": index, "summary_index": number}
            yield self._event("response.reasoning_summary_part.added", {**place, "part": {**part, "text": ""}})
            for piece in self._model.tokenizer.pieces(str(part["text"])):
                yield self._delta("response.reasoning_summary_text", place, piece.text, piece.tokens)
            yield self._event("response.reasoning_summary_text.done", {**place, "text": part["text"]})
            yield self._event("response.reasoning_summary_part.done", {**place, "part": part})
        yield self._done(index, item)

    def _call(self, index: int, output: Output) -> Iterator[Frame]:
        return self._spoken(index, output, "arguments", "response.function_call_arguments")

    def _custom_call(self, index: int, output: Output) -> Iterator[Frame]:
        return self._spoken(index, output, "input", "response.custom_tool_call_input")

    def _spoken(self, index: int, output: Output, member: str, kind: str) -> Iterator[Frame]:
        """A call, of which one member comes in pieces."""
        item, tokenizer = output.item, self._model.tokenizer
        place: Json = {"item_id": item["id"], "output_index": index}
        yield self._added(index, {**item, "status": "in_progress", member: ""}, tokenizer.count(output.name))
        for piece in tokenizer.pieces(output.spoken):
            yield self._delta(kind, place, piece.text, piece.tokens)
        name = {"name": item["name"]} if member == "arguments" else {}
        yield self._event(f"{kind}.done", {**place, member: output.spoken, **name})
        yield self._done(index, item)

    def _search(self, index: int, output: Output) -> Iterator[Frame]:
        """A search comes whole; there are no events for its arguments."""
        tokenizer = self._model.tokenizer
        yield self._added(index, {**output.item, "status": "in_progress", "arguments": {}})
        yield self._done(index, output.item, tokenizer.count(output.name) + tokenizer.count(output.spoken))

    def _message(self, index: int, output: Output) -> Iterator[Frame]:
        item = output.item
        part = cast(list[Json], item["content"])[0]
        member, kind = ("refusal", "response.refusal") if self._said.refused else ("text", "response.output_text")
        logprobs: Json = {} if self._said.refused else {"logprobs": []}
        place: Json = {"item_id": item["id"], "output_index": index, "content_index": 0}
        yield self._added(index, {**item, "status": "in_progress", "content": []})
        yield self._event("response.content_part.added", {**place, "part": {**part, member: ""}})
        for piece in text_pieces(self._model, output.spoken):
            yield self._delta(kind, {**place, **logprobs}, piece.text, piece.tokens)
        yield self._event(f"{kind}.done", {**place, member: output.spoken, **logprobs})
        yield self._event("response.content_part.done", {**place, "part": part})
        yield self._done(index, item)

    def _delta(self, kind: str, place: Json, text: str, tokens: int) -> Frame:
        """`obfuscation` evens out the lengths, as the vendor does against listeners who count bytes."""
        pad: Json = {"obfuscation": _PAD[len(text) % len(_PAD) :]} if self._is_padded else {}
        return self._event(f"{kind}.delta", {**place, "delta": text, **pad}, tokens)

    def _added(self, index: int, item: Json, tokens: int = 0) -> Frame:
        return self._event("response.output_item.added", {"output_index": index, "item": item}, tokens)

    def _done(self, index: int, item: Json, tokens: int = 0) -> Frame:
        return self._event("response.output_item.done", {"output_index": index, "item": item}, tokens)

    def _event(self, kind: str, members: Json, tokens: int = 0) -> Frame:
        document = {"type": kind, "sequence_number": next(self._numbers), **members}
        return Frame(b"event: %b\n%b" % (kind.encode(), event(document)), tokens)

"""The events of a streamed response: the life of the response, of each item, of each part, all numbered.

From OpenAI's API reference ("Responses: streaming events", read 2026-11) and recorded exchanges: every event has a
name and a `sequence_number`, an item is added empty and done in full, and there is no `[DONE]`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import cast

from tokenrouter.sandbox.delivery import Frame, event
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.speech import Utterance, text_pieces

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Envelope:
    """The response object around the output; `settings` are the members that do not change."""

    id: str
    settings: Json
    usage: Json | None

    def running(self) -> Json:
        return self._document("in_progress", [])

    def finished(self, items: list[Json], said: Utterance) -> Json:
        if said.finish != "length":
            return {**self._document("completed", items), "usage": self.usage}
        whole = {**self._document("incomplete", items), "usage": self.usage}
        return {**whole, "incomplete_details": {"reason": "max_output_tokens"}}

    def failed(self, error: Json) -> Json:
        return {**self._document("failed", []), "error": error}

    def _document(self, status: str, items: list[Json]) -> Json:
        head: Json = {"id": self.id, "status": status, "error": None, "incomplete_details": None}
        return {**head, **self.settings, "output": items, "usage": None}


class ResponseStream:
    """The frames of one response; made once, read once, because the events are numbered as they are read."""

    def __init__(self, envelope: Envelope, items: list[Json], said: Utterance, model: Model) -> None:
        self._envelope = envelope
        self._items = items
        self._said = said
        self._model = model
        self._numbers = count()

    def opening(self) -> Iterator[Frame]:
        for kind in ("response.created", "response.in_progress"):
            yield self._event(kind, {"response": self._envelope.running()})

    def body(self) -> Iterator[Frame]:
        writers = {"reasoning": self._reasoning, "function_call": self._call, "message": self._message}
        for index, item in enumerate(self._items):
            yield from writers[str(item["type"])](index, item)

    def closing(self) -> Iterator[Frame]:
        whole = self._envelope.finished(self._items, self._said)
        yield self._event(f"response.{whole['status']}", {"response": whole})

    def error(self, message: str) -> Iterator[Frame]:
        error: Json = {"type": "server_error", "code": "server_error", "message": message, "param": None}
        yield self._event("error", {"error": error})
        short: Json = {"code": "server_error", "message": message}
        yield self._event("response.failed", {"response": self._envelope.failed(short)})

    def _reasoning(self, index: int, item: Json) -> Iterator[Frame]:
        yield self._added(index, {**item, "summary": []})
        parts = cast(list[Json], item["summary"])
        if not parts:
            yield Frame(b"", self._said.reasoning_tokens)
        for number, part in enumerate(parts):
            place: Json = {"item_id": item["id"], "output_index": index, "summary_index": number}
            yield self._event("response.reasoning_summary_part.added", {**place, "part": {**part, "text": ""}})
            for piece in self._model.tokenizer.pieces(str(part["text"])):
                kind = "response.reasoning_summary_text.delta"
                yield self._event(kind, {**place, "delta": piece.text}, piece.tokens)
            yield self._event("response.reasoning_summary_text.done", {**place, "text": part["text"]})
            yield self._event("response.reasoning_summary_part.done", {**place, "part": part})
        yield self._done(index, item)

    def _call(self, index: int, item: Json) -> Iterator[Frame]:
        name_tokens = self._model.tokenizer.count(str(item["name"]))
        place: Json = {"item_id": item["id"], "output_index": index}
        yield self._added(index, {**item, "status": "in_progress", "arguments": ""}, name_tokens)
        for piece in self._model.tokenizer.pieces(str(item["arguments"])):
            kind = "response.function_call_arguments.delta"
            yield self._event(kind, {**place, "delta": piece.text}, piece.tokens)
        finished = {**place, "arguments": item["arguments"], "name": item["name"]}
        yield self._event("response.function_call_arguments.done", finished)
        yield self._done(index, item)

    def _message(self, index: int, item: Json) -> Iterator[Frame]:
        part = cast(list[Json], item["content"])[0]
        place: Json = {"item_id": item["id"], "output_index": index, "content_index": 0}
        yield self._added(index, {**item, "status": "in_progress", "content": []})
        yield self._event("response.content_part.added", {**place, "part": {**part, "text": ""}})
        for piece in text_pieces(self._model, str(part["text"])):
            yield self._event(
                "response.output_text.delta", {**place, "delta": piece.text, "logprobs": []}, piece.tokens
            )
        yield self._event("response.output_text.done", {**place, "text": part["text"], "logprobs": []})
        yield self._event("response.content_part.done", {**place, "part": part})
        yield self._done(index, item)

    def _added(self, index: int, item: Json, tokens: int = 0) -> Frame:
        return self._event("response.output_item.added", {"output_index": index, "item": item}, tokens)

    def _done(self, index: int, item: Json) -> Frame:
        return self._event("response.output_item.done", {"output_index": index, "item": item})

    def _event(self, kind: str, members: Json, tokens: int = 0) -> Frame:
        document = {"type": kind, "sequence_number": next(self._numbers), **members}
        return Frame(b"event: %b\n%b" % (kind.encode(), event(document)), tokens)

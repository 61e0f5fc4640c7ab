"""What the Messages API answers, whole and as a stream of named events.

From Anthropic's API reference ("Messages", "Streaming Messages") and recorded streams (2025-2026): blocks come one
after the other, each opened and closed; a call's input comes as pieces of JSON, the first of them empty; a signature
comes after its thinking text; `message_start` tells what the prompt costs, `message_delta` the sums. The clouds send
the same events in frames of their own.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.anthropic.errors import AnthropicError
from tokenrouter.sandbox.anthropic.request import MessagesRequest
from tokenrouter.sandbox.anthropic.thinking import REDACTED, encoded_signature, signer, tool_use_id
from tokenrouter.sandbox.delivery import Frame, encoded
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.speech import ToolCall, Utterance, text_pieces
from tokenrouter.sandbox.tokens import Usage

Document = dict[str, object]

_STOP: Final = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
_REFUSAL: Final[Document] = {
    "type": "refusal",
    "category": "cyber",
    "explanation": "The sandbox was told to refuse this request.",
}
_FIRST_TOKENS: Final = 1
"""Output tokens that `message_start` tells of, before there are any."""


class Framing(Protocol):
    """How the events of a stream are put into bytes."""

    def event(self, document: Document) -> bytes: ...

    def error(self, message: str) -> bytes:
        """The event with which a stream fails."""
        ...

    def malformed(self) -> bytes:
        """An event that nobody can read."""
        ...


class NamedEvents:
    """Server-sent events that name what they carry."""

    def event(self, document: Document) -> bytes:
        return f"event: {document['type']}\ndata: ".encode() + encoded(document) + b"\n\n"

    def error(self, message: str) -> bytes:
        return self.event(AnthropicError(500, message).document())

    def malformed(self) -> bytes:
        return b'event: content_block_delta\ndata: {"type":"content_block_delta","ind\n\n'


@dataclass(frozen=True, slots=True)
class MessageAnswer:
    """One answer, whole or as events; `stop_sequence` is the one that ended it."""

    id: str
    request: MessagesRequest
    said: Utterance
    usage: Usage
    model: Model
    stop_sequence: str | None
    framing: Framing

    def document(self) -> Document:
        """The whole message."""
        content: list[Document] = []
        if self.said.reasoning_tokens:
            content.append(self._thinking_block())
        if self.said.text:
            content.append({"type": "text", "text": self.said.text})
        content += [{**self._tool_use(call), "input": _input(call)} for call in self.said.calls]
        ended = {"stop_reason": self._stop_reason, "stop_sequence": self.stop_sequence, **self._stop_details()}
        document = {**self._head(), "content": content, **ended}
        return {**document, "usage": self._usage()} if self.model.usage != "never" else document

    def opening(self) -> Iterator[Frame]:
        message = {**self._head(), "content": [], "stop_reason": None, "stop_sequence": None}
        if self.model.usage != "never":
            message["usage"] = self._usage_at_start()
        yield self._frame({"type": "message_start", "message": message})
        if self.request.is_refused:
            yield self._frame({"type": "ping"})

    def body(self) -> Iterator[Frame]:
        if self.request.is_refused:
            yield Frame(b"", self.said.tokens)
        index = 0
        if self.said.reasoning_tokens:
            yield from self._thinking_events(index)
            index += 1
        if self.said.text:
            yield from self._text_events(index)
            index += 1
        for call in self.said.calls:
            yield from self._call_events(call, index)
            index += 1

    def closing(self) -> Iterator[Frame]:
        delta = {"stop_reason": self._stop_reason, "stop_sequence": self.stop_sequence, **self._stop_details()}
        event: Document = {"type": "message_delta", "delta": delta}
        if self.model.usage != "never":
            event["usage"] = self._sums()
        yield self._frame(event)
        yield self._frame({"type": "message_stop"})

    def error(self, message: str) -> Iterator[Frame]:
        yield Frame(self.framing.error(message))

    def _thinking_events(self, index: int) -> Iterator[Frame]:
        block = self._thinking_block()
        if block["type"] == "redacted_thinking":
            yield Frame(b"", self.said.reasoning_tokens)
            yield from self._opened(index, block)
        else:
            yield from self._opened(index, {"type": "thinking", "thinking": "", "signature": ""})
            yield from self._thoughts_events(index)
            yield self._delta(index, {"type": "signature_delta", "signature": block["signature"]})
        yield self._closed(index)

    def _thoughts_events(self, index: int) -> Iterator[Frame]:
        if not self.request.thinking.is_shown:
            yield Frame(b"", self.said.reasoning_tokens)
            return
        for piece in self.model.tokenizer.pieces(self._thoughts(), self.model.tokens_per_frame):
            yield self._delta(index, {"type": "thinking_delta", "thinking": piece.text}, piece.tokens)

    def _text_events(self, index: int) -> Iterator[Frame]:
        yield from self._opened(index, {"type": "text", "text": ""})
        for piece in text_pieces(self.model, self.said.text):
            yield self._delta(index, {"type": "text_delta", "text": piece.text}, piece.tokens)
        yield self._closed(index)

    def _call_events(self, call: ToolCall, index: int) -> Iterator[Frame]:
        tokenizer = self.model.tokenizer
        yield from self._opened(index, {**self._tool_use(call), "input": {}}, tokenizer.count(call.name))
        empty: Document = {"type": "input_json_delta", "partial_json": ""}
        if call.arguments == "{}":
            yield self._delta(index, empty, tokenizer.count(call.arguments))
            yield self._closed(index)
            return
        yield self._delta(index, empty)
        for piece in tokenizer.pieces(call.arguments, self.model.tokens_per_frame):
            yield self._delta(index, {"type": "input_json_delta", "partial_json": piece.text}, piece.tokens)
        yield self._closed(index)

    def _opened(self, index: int, block: Document, tokens: int = 0) -> Iterator[Frame]:
        yield self._frame({"type": "content_block_start", "index": index, "content_block": block}, tokens)
        if not index:
            yield self._frame({"type": "ping"})

    def _delta(self, index: int, delta: Document, tokens: int = 0) -> Frame:
        return self._frame({"type": "content_block_delta", "index": index, "delta": delta}, tokens)

    def _closed(self, index: int) -> Frame:
        return self._frame({"type": "content_block_stop", "index": index})

    def _frame(self, document: Document, tokens: int = 0) -> Frame:
        return Frame(self.framing.event(document), tokens)

    def _head(self) -> Document:
        return {"model": self.model.name, "id": self.id, "type": "message", "role": "assistant"}

    def _thinking_block(self) -> Document:
        made_by = signer(self.model)
        if self.request.is_redacted:
            return {"type": "redacted_thinking", "data": encoded_signature(made_by, REDACTED)}
        text = self._thoughts() if self.request.thinking.is_shown else ""
        return {"type": "thinking", "thinking": text, "signature": encoded_signature(made_by, text)}

    def _thoughts(self) -> str:
        return self.model.tokenizer.lorem(self.said.reasoning_tokens)

    def _tool_use(self, call: ToolCall) -> Document:
        after_thinking = self.said.reasoning_tokens > 0
        name = tool_use_id(call.id, self.model, after_thinking=after_thinking)
        return {"type": "tool_use", "id": name, "name": call.name}

    @property
    def _stop_reason(self) -> str:
        if self.request.is_refused:
            return "refusal"
        if self.said.finish == "length" and self.request.fills_window:
            return "model_context_window_exceeded"
        return "stop_sequence" if self.stop_sequence else _STOP[self.said.finish]

    def _stop_details(self) -> Document:
        return {"stop_details": _REFUSAL} if self.request.is_refused else {}

    def _usage(self) -> Document:
        lifetimes = {
            "ephemeral_5m_input_tokens": self.usage.written - self.usage.written_1h,
            "ephemeral_1h_input_tokens": self.usage.written_1h,
        }
        return {
            **self._prompt_tokens(),
            "cache_creation": lifetimes,
            **self._output_tokens(),
            "service_tier": "standard",
            "inference_geo": "not_available",
        }

    def _usage_at_start(self) -> Document:
        """All zeros from a model that tells its usage at the end only."""
        usage = {**self._usage(), "output_tokens": _FIRST_TOKENS}
        usage.pop("output_tokens_details", None)
        if self.model.usage == "in_finish":
            usage.update(dict.fromkeys((*self._prompt_tokens(), "output_tokens"), 0))
        return usage

    def _sums(self) -> Document:
        return {**self._prompt_tokens(), **self._output_tokens()}

    def _prompt_tokens(self) -> Document:
        return {
            "input_tokens": self.usage.prompt - self.usage.cached - self.usage.written,
            "cache_creation_input_tokens": self.usage.written,
            "cache_read_input_tokens": self.usage.cached,
        }

    def _output_tokens(self) -> Document:
        told: Document = {"output_tokens": self.usage.completion}
        if self.usage.reasoning:
            told["output_tokens_details"] = {"thinking_tokens": self.usage.reasoning}
        return told


def new_message_id() -> str:
    """A name for an answer, as Anthropic's look."""
    return ids.letters("msg_01", 22)


def _input(call: ToolCall) -> object:
    """The arguments; what the output limit has cut is no longer JSON and comes as nothing."""
    try:
        return json.loads(call.arguments)
    except ValueError:
        return {}

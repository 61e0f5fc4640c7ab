"""What Converse and ConverseStream answer.

From the Amazon Bedrock API reference ("ConverseResponse", "ConverseStreamOutput", "TokenUsage") and the user guide's
"Prompt caching" (read 2026-11): a stream's text blocks have no start event, `metadata` comes last with the usage, and
`inputTokens` counts what neither was read from the cache nor written to it.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tokenrouter.sandbox.aws import event_stream
from tokenrouter.sandbox.aws.request import signer
from tokenrouter.sandbox.delivery import Frame, encoded
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.prompt_cache import FIRST_TOKENS, STEP_TOKENS
from tokenrouter.sandbox.speech import ToolCall, Utterance, text_pieces
from tokenrouter.sandbox.tokens import Usage

_STOP: Final = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
_PAD: Final = "abcdefghijklmnop"


@dataclass(frozen=True, slots=True)
class ConverseAnswer:
    """One answer, whole or as events; `stopped` if a stop sequence ended it."""

    said: Utterance
    usage: Usage
    model: Model
    caches: bool
    stopped: bool

    def document(self) -> dict[str, object]:
        """The `ConverseResponse`."""
        content: list[dict[str, object]] = []
        if self.said.reasoning_tokens:
            reasoning = {"text": self._thoughts(), "signature": self._signature()}
            content.append({"reasoningContent": {"reasoningText": reasoning}})
        if self.said.text or not self.said.calls:
            content.append({"text": self.said.text})
        content += [
            {"toolUse": {"toolUseId": _use_id(call), "name": call.name, "input": _input(call)}}
            for call in self.said.calls
        ]
        document: dict[str, object] = {
            "metrics": {"latencyMs": self._latency_ms},
            "output": {"message": {"content": content, "role": "assistant"}},
            "stopReason": self._stop_reason,
        }
        return {**document, "usage": self._usage()} if self.model.usage != "never" else document

    def opening(self) -> Iterator[Frame]:
        yield _frame("messageStart", {"role": "assistant"})

    def body(self) -> Iterator[Frame]:
        index = 0
        if self.said.reasoning_tokens:
            yield from self._reasoning(index)
            index += 1
        if self.said.text:
            for piece in text_pieces(self.model, self.said.text):
                yield _delta(index, {"text": piece.text}, piece.tokens)
            yield _frame("contentBlockStop", {"contentBlockIndex": index})
            index += 1
        for call in self.said.calls:
            yield from self._tool_use(call, index)
            index += 1

    def closing(self) -> Iterator[Frame]:
        yield _frame("messageStop", {"stopReason": self._stop_reason})
        if self.model.usage != "never":
            yield _frame("metadata", {"metrics": {"latencyMs": self._latency_ms}, "usage": self._usage()})

    def error(self, message: str) -> Iterator[Frame]:
        told = {"message": message, "originalMessage": message, "originalStatusCode": 500}
        yield Frame(event_stream.exception("modelStreamErrorException", encoded(told)))

    def malformed(self) -> bytes:
        """A message whose last checksum is wrong."""
        sound = _frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "?"}}).data
        return sound[:-1] + bytes((sound[-1] ^ 0xFF,))

    def _reasoning(self, index: int) -> Iterator[Frame]:
        if self.model.thinking == "open":
            for piece in self.model.tokenizer.pieces(self._thoughts()):
                yield _delta(index, {"reasoningContent": {"text": piece.text}}, piece.tokens)
        else:
            yield Frame(b"", self.said.reasoning_tokens)
        yield _delta(index, {"reasoningContent": {"signature": self._signature()}}, 0)
        yield _frame("contentBlockStop", {"contentBlockIndex": index})

    def _tool_use(self, call: ToolCall, index: int) -> Iterator[Frame]:
        tokenizer = self.model.tokenizer
        begun = {"toolUse": {"name": call.name, "toolUseId": _use_id(call)}}
        yield _frame("contentBlockStart", {"contentBlockIndex": index, "start": begun}, tokenizer.count(call.name))
        for piece in tokenizer.pieces(call.arguments):
            yield _delta(index, {"toolUse": {"input": piece.text}}, piece.tokens)
        yield _frame("contentBlockStop", {"contentBlockIndex": index})

    def _thoughts(self) -> str:
        """Shown by the open thinker; the other one's reasoning is a signature only."""
        shown = self.model.thinking == "open"
        return self.model.tokenizer.lorem(self.said.reasoning_tokens) if shown else ""

    def _signature(self) -> str:
        return base64.b64encode(signer(self.model).sign(self._thoughts())).decode()

    @property
    def _stop_reason(self) -> str:
        return "stop_sequence" if self.stopped else _STOP[self.said.finish]

    @property
    def _latency_ms(self) -> int:
        return 10 + self.usage.completion

    def _usage(self) -> dict[str, object]:
        read, prompt = self.usage.cached, self.usage.prompt
        cacheable = prompt // STEP_TOKENS * STEP_TOKENS if self.caches and prompt >= FIRST_TOKENS else 0
        written = max(cacheable - read, 0)
        return {
            "inputTokens": prompt - read - written,
            "outputTokens": self.usage.completion,
            "totalTokens": self.usage.total,
            "cacheReadInputTokens": read,
            "cacheWriteInputTokens": written,
        }


def _frame(kind: str, document: dict[str, object], tokens: int = 0) -> Frame:
    """`p` evens out the lengths, as Bedrock does against listeners who count bytes."""
    padded = {**document, "p": _PAD[: 1 + len(str(document)) % len(_PAD)]}
    return Frame(event_stream.event(kind, encoded(padded)), tokens)


def _delta(index: int, delta: dict[str, object], tokens: int) -> Frame:
    return _frame("contentBlockDelta", {"contentBlockIndex": index, "delta": delta}, tokens)


def _use_id(call: ToolCall) -> str:
    return "tooluse_" + call.id.removeprefix("call_")[:22]


def _input(call: ToolCall) -> object:
    """The arguments; what the output limit has cut is no longer JSON and comes as nothing."""
    try:
        return json.loads(call.arguments)
    except ValueError:
        return {}

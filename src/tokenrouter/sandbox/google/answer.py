"""What `generateContent` answers, whole and as a stream of chunks.

From the Gemini API reference ("GenerateContentResponse", "Candidate", "UsageMetadata", read 2026-11) and recorded
streams (2025-2026): every chunk is a whole response with the usage so far; a function call comes in one piece, unless
Vertex AI was asked to stream its arguments; a thinking model's signature stands on its first call or, after text, on an
empty part at the end. Fields that are zero or empty are left out, as protobuf's JSON does.
"""

import base64
import dataclasses
import itertools
import json
import time
from collections.abc import Iterator
from typing import Final

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.delivery import Frame, encoded
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.google.errors import google_error
from tokenrouter.sandbox.google.request import GenerateRequest, signer
from tokenrouter.sandbox.google.surface import Surface
from tokenrouter.sandbox.google.turns import subject
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.speech import ToolCall, Utterance, text_pieces
from tokenrouter.sandbox.tokens import Usage

Part = dict[str, object]

_FINISH: Final = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"}
_WITHOUT_WORDS: Final = ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS")
"""Reasons to finish that leave nothing said."""


def silenced(said: Utterance, request: GenerateRequest) -> Utterance:
    """The utterance without its words, where the reason to finish leaves none."""
    if request.finish_reason not in _WITHOUT_WORDS:
        return said
    return dataclasses.replace(said, text="", calls=(), tokens=said.reasoning_tokens)


class GeminiAnswer:
    """One answer: everything its document and its chunks have in common."""

    def __init__(self, request: GenerateRequest, said: Utterance, usage: Usage, model: Model, surface: Surface) -> None:
        self._request = request
        self._said = said
        self._usage = usage
        self._model = model
        self._surface = surface
        self._signer = signer(model, surface)
        self._head: dict[str, object] = {"modelVersion": model.name}
        if surface.bills_details:
            self._head["createTime"] = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
        self._head["responseId"] = ids.letters("", 22)

    def document(self) -> dict[str, object]:
        """The whole `GenerateContentResponse`."""
        if self._request.block_reason:
            return self._blocked()
        candidates = [self._candidate(index, self._parts(), last=True) for index in range(self._request.candidates)]
        return self._response(candidates, self._usage)

    def chunks(self) -> Iterator[tuple[dict[str, object], int]]:
        """The responses of a stream but the last ones, each with the tokens in it."""
        if self._request.block_reason:
            return
        shown = 0
        for parts_and_tokens in zip(*self._spoken_by_each(), strict=True):
            for index, (part, tokens) in enumerate(parts_and_tokens):
                shown += tokens
                if part is None:
                    yield {}, tokens
                else:
                    yield self._response([self._candidate(index, [part])], self._so_far(shown), last=False), tokens

    def last_chunks(self) -> Iterator[dict[str, object]]:
        """The response for each candidate that says how it finished."""
        if self._request.block_reason:
            yield self._blocked()
            return
        for index in range(self._request.candidates):
            ending: Part = {"text": ""}
            if self._thinks and not self._calls:
                ending["thoughtSignature"] = self._signature("")
            parts = [] if self._finish_reason in _WITHOUT_WORDS else [ending]
            last = index == self._request.candidates - 1
            yield self._response([self._candidate(index, parts, last=True)], self._usage, last=last)

    @property
    def _finish_reason(self) -> str | None:
        """What the request's model is named after, or a refusal's; None where the words decide."""
        return self._request.finish_reason or ("SAFETY" if self._said.refused else None)

    @property
    def _thinks(self) -> bool:
        return self._said.reasoning_tokens > 0

    @property
    def _calls(self) -> list[ToolCall]:
        """The calls that are whole: one cut short by the output limit is never shown."""
        return [call for call in self._said.calls if _arguments(call) is not None]

    def _parts(self) -> list[Part]:
        parts: list[Part] = []
        if self._request.includes_thoughts and self._thinks:
            parts.append({"text": self._thoughts(), "thought": True})
        parts += [self._call_part(call, first=not n) for n, call in enumerate(self._calls)]
        if not self._calls and self._finish_reason not in _WITHOUT_WORDS:
            text: Part = {"text": self._said.text}
            if self._thinks:
                text["thoughtSignature"] = self._signature("")
            parts.append(text)
        return parts

    def _spoken_by_each(self) -> list[Iterator[tuple[Part | None, int]]]:
        return [self._spoken() for _ in range(self._request.candidates)]

    def _spoken(self) -> Iterator[tuple[Part | None, int]]:
        """The parts of one candidate; None stands for hidden reasoning."""
        tokenizer = self._model.tokenizer
        if self._thinks and self._request.includes_thoughts:
            yield from (
                ({"text": piece.text, "thought": True}, piece.tokens) for piece in tokenizer.pieces(self._thoughts())
            )
        elif self._thinks:
            yield None, self._said.reasoning_tokens
        for piece in text_pieces(self._model, self._said.text):
            yield {"text": piece.text}, piece.tokens
        for number, call in enumerate(self._calls):
            tokens = tokenizer.count(call.name) + tokenizer.count(call.arguments)
            if self._request.streams_arguments:
                yield from self._call_in_pieces(call, not number, tokens)
            else:
                yield self._call_part(call, first=not number), tokens

    def _call_part(self, call: ToolCall, *, first: bool) -> Part:
        arguments = _arguments(call) or {}
        function: dict[str, object] = {"name": call.name}
        if self._model.thinking == "open":
            function["id"] = call.id
        if arguments or not self._surface.bills_details:
            function["args"] = arguments
        part: Part = {"functionCall": function}
        if first and self._thinks:
            part["thoughtSignature"] = self._signature(subject(call.name, arguments))
        return part

    def _call_in_pieces(self, call: ToolCall, first: bool, tokens: int) -> Iterator[tuple[Part, int]]:
        """Vertex AI's `streamFunctionCallArguments`: the name, each leaf of the arguments, and an empty end."""
        arguments = _arguments(call) or {}
        opening = self._call_part(call, first=first)
        opening["functionCall"] = {"name": call.name, "willContinue": True}
        yield opening, tokens
        for path, value in _leaves(arguments, "$"):
            yield {"functionCall": {"partialArgs": [{"jsonPath": path, **value}], "willContinue": True}}, 0
        yield {"functionCall": {}}, 0

    def _candidate(self, index: int, parts: list[Part], *, last: bool = False) -> dict[str, object]:
        content: dict[str, object] = {"parts": parts, "role": "model"} if parts else {}
        candidate: dict[str, object] = {"content": content}
        if last:
            candidate["finishReason"] = self._finish_reason or _FINISH[self._said.finish]
            candidate.update(self._finish_message())
        return {**candidate, "index": index}

    def _finish_message(self) -> dict[str, object]:
        if self._finish_reason == "MALFORMED_FUNCTION_CALL":
            return {"finishMessage": "Malformed function call: print(default_api.unfinished("}
        return {"finishMessage": "Model generated function call(s)."} if self._calls else {}

    def _response(self, candidates: list[dict[str, object]], usage: Usage, *, last: bool = True) -> dict[str, object]:
        reported = self._model.usage == "asked" or (self._model.usage == "in_finish" and last)
        metadata = {"usageMetadata": self._usage_metadata(usage)} if reported else {}
        return {"candidates": candidates, **metadata, **self._head}

    def _blocked(self) -> dict[str, object]:
        feedback = {"blockReason": self._request.block_reason}
        return {"promptFeedback": feedback, "usageMetadata": self._usage_metadata(self._usage), **self._head}

    def _so_far(self, shown: int) -> Usage:
        reasoning = self._usage.reasoning
        return dataclasses.replace(self._usage, completion=max(min(shown, self._usage.completion), reasoning))

    def _usage_metadata(self, usage: Usage) -> dict[str, object]:
        media = self._request.media
        text = usage.prompt - media.total()
        counted = {"TEXT": text, **media}
        details = [{"modality": name, "tokenCount": count} for name, count in counted.items() if count]
        metadata: dict[str, object] = {
            "promptTokenCount": usage.prompt,
            "candidatesTokenCount": usage.completion - usage.reasoning,
            "totalTokenCount": usage.total,
            "cachedContentTokenCount": usage.cached,
            "promptTokensDetails": details,
            "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": usage.cached}] if usage.cached else [],
            "thoughtsTokenCount": usage.reasoning,
        }
        if self._surface.bills_details:
            metadata["trafficType"] = "ON_DEMAND"
        return {name: value for name, value in metadata.items() if value}

    def _thoughts(self) -> str:
        return self._model.tokenizer.lorem(self._said.reasoning_tokens)

    def _signature(self, told: str) -> str:
        return base64.b64encode(self._signer.sign(told)).decode()


class GeminiStream:
    """The frames of an answer, as server-sent events (`alt=sse`) or as the elements of one JSON array.

    Google ends the lines of an event with CRLF, names no event, sends no comment and no terminator. In the array each
    element but the first has its comma before it, so a reader may take whatever is complete.
    """

    def __init__(self, answer: GeminiAnswer, *, as_events: bool) -> None:
        self._answer = answer
        self._as_events = as_events
        self._begun = False

    def opening(self) -> Iterator[Frame]:
        return iter(())

    def body(self) -> Iterator[Frame]:
        for document, tokens in self._answer.chunks():
            yield Frame(self._framed(encoded(document)) if document else b"", tokens)

    def closing(self) -> Iterator[Frame]:
        for document in self._answer.last_chunks():
            yield Frame(self._framed(encoded(document)))
        yield self._end()

    def error(self, message: str) -> Iterator[Frame]:
        yield Frame(self._framed(encoded(google_error(ApiError(500, message)).document())))
        yield self._end()

    def malformed(self) -> bytes:
        """A frame that cannot be read."""
        return self._framed(b'{"candidates":[{"content":{"par')

    def _framed(self, document: bytes) -> bytes:
        if self._as_events:
            return b"data: " + document + b"\r\n\r\n"
        separator = b",\r\n" if self._begun else b"["
        self._begun = True
        return separator + document

    def _end(self) -> Frame:
        if self._as_events:
            return Frame(b"")
        return Frame(b"]" if self._begun else b"[]")


def _arguments(call: ToolCall) -> dict[str, object] | None:
    """The arguments, None if the output limit has cut them."""
    try:
        read = json.loads(call.arguments)
    except ValueError:
        return None
    return read if isinstance(read, dict) else {"value": read}


def _leaves(value: object, path: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Path and value of every leaf; a string comes in two halves."""
    if isinstance(value, dict):
        yield from itertools.chain.from_iterable(_leaves(each, f"{path}.{name}") for name, each in value.items())
    elif isinstance(value, list):
        yield from itertools.chain.from_iterable(_leaves(each, f"{path}[{n}]") for n, each in enumerate(value))
    elif isinstance(value, str):
        half = len(value) // 2
        yield path, {"stringValue": value[:half], "willContinue": True}
        yield path, {"stringValue": value[half:]}
    elif isinstance(value, bool):
        yield path, {"boolValue": value}
    elif isinstance(value, int | float):
        yield path, {"numberValue": value}
    else:
        yield path, {"nullValue": "NULL_VALUE"}

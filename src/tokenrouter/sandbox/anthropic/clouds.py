"""Anthropic's models on the clouds: Vertex AI's `rawPredict` and Bedrock's `InvokeModel`, whole and as streams.

From "Claude on Vertex AI" and "Claude on Amazon Bedrock" (platform.claude.com), Vertex AI's REST reference
(`publishers.models.rawPredict`) and Bedrock's ("InvokeModel", "InvokeModelWithResponseStream", ResponseStream), read
2026-11. The body is that of the Messages API with `anthropic_version` in it and the model in the path. What the model
refuses comes in Anthropic's words, what the cloud refuses in its own; Bedrock puts every event into a `chunk`.
"""

import base64
from collections.abc import Callable
from typing import Final

from tokenrouter.sandbox.anthropic.answer import Document
from tokenrouter.sandbox.anthropic.errors import AnthropicError, anthropic_error, refuse
from tokenrouter.sandbox.anthropic.json import Block
from tokenrouter.sandbox.anthropic.messages import Messages, count_tokens
from tokenrouter.sandbox.anthropic.terms import Terms, body_terms
from tokenrouter.sandbox.aws import event_stream
from tokenrouter.sandbox.delivery import Answer, encoded
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.google.errors import GoogleError, google_error
from tokenrouter.sandbox.ids import letters
from tokenrouter.sandbox.operations import Admit, Operation, Page
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.server import Request

VERTEX_VERSION: Final = "vertex-2023-10-16"
BEDROCK_VERSION: Final = "bedrock-2023-05-31"

_COUNTING: Final = "count-tokens"
"""Stands in the path instead of a model; the model is in the body."""
_PAD: Final = "abcdefghijklmnop"


class AnthropicOnVertex:
    """`publishers/anthropic/models/{model}:rawPredict` and `:streamRawPredict`."""

    def __init__(self) -> None:
        self._messages = Messages()

    def operation(self, request: Request, model: str, method: str, admit: Admit) -> Operation | Page:
        """What a request means whose path names that model and method."""
        if request.method != "POST" or method not in ("rawPredict", "streamRawPredict"):
            return Page(lambda: _not_there(request), google_error)
        counts = model == _COUNTING
        streams = method == "streamRawPredict"
        name = letters("req_vrtx_011", 21)

        def answer(question: Question) -> Answer:
            header = request.headers.get("anthropic-beta", "")
            terms, body = body_terms(question.fields.values, VERTEX_VERSION, header)
            if counts:
                return count_tokens(question, body, terms)
            return self._messages.answer(question, _named(question, body, "model"), terms, streams=streams)

        return Operation(
            dialect="vertex-anthropic",
            model=None if counts else model,
            streams=streams,
            admit=admit,
            answer=answer,
            restate=lambda error: _restated(error, model, name),
            headers=lambda _: f"request-id: {name}\r\n",
        )


class AnthropicOnBedrock:
    """The answers of `/model/{model}/invoke` and `/invoke-with-response-stream`."""

    def __init__(self) -> None:
        headers = f"content-type: {event_stream.MEDIA_TYPE}\r\nx-amzn-bedrock-content-type: application/json\r\n"
        self._messages = Messages(_Chunks(), headers)

    @property
    def operations(self) -> dict[str, Callable[[Question], Answer]]:
        """The answers by the operation's name in the path."""
        return {"invoke": self.invoke, "invoke-with-response-stream": self.invoke_with_stream}

    def invoke(self, question: Question) -> Answer:
        """Raises: AnthropicError 400."""
        return self._messages.answer(question, *_bedrock_body(question), streams=False)

    def invoke_with_stream(self, question: Question) -> Answer:
        """Raises: AnthropicError 400."""
        return self._messages.answer(question, *_bedrock_body(question), streams=True)


class _Chunks:
    """Events as the bytes of `chunk`s in Amazon's event stream."""

    def event(self, document: Document) -> bytes:
        packed = base64.b64encode(encoded(document)).decode()
        padding = _PAD[: 1 + len(packed) % len(_PAD)]
        return event_stream.event("chunk", encoded({"bytes": packed, "p": padding}))

    def error(self, message: str) -> bytes:
        told = {"message": message, "originalMessage": message, "originalStatusCode": 500}
        return event_stream.exception("modelStreamErrorException", encoded(told))

    def malformed(self) -> bytes:
        sound = self.event({"type": "ping"})
        return sound[:-1] + bytes((sound[-1] ^ 0xFF,))


def _bedrock_body(question: Question) -> tuple[Block, Terms]:
    terms, body = body_terms(question.fields.values, BEDROCK_VERSION)
    return _named(question, body, "model", "stream"), terms


def _named(question: Question, body: Block, *elsewhere: str) -> Block:
    """The body with the model of the path; the fields that the path stands for must not be in it."""
    for name in elsewhere:
        if name in body:
            refuse(f"{name}: Extra inputs are not permitted")
    return {**body, "model": question.model.name}


def _restated(error: ApiError, model: str, name: str) -> ApiError:
    if error.code == "model_not_found":
        place = f"projects/p/locations/l/publishers/anthropic/models/{model}"
        return GoogleError(
            404,
            f"Publisher Model `{place}` was not found or your project does not have access to it. Please ensure you "
            "are using a valid model version.",
        )
    return anthropic_error(error, name) if isinstance(error, AnthropicError) else google_error(error)


def _not_there(request: Request) -> object:
    raise GoogleError(404, f"The requested URL {request.path} was not found on this server.")

"""Embeddings between OpenAI's and Gemini's words, both ways.

OpenAI asks for many texts at once and may want vectors packed (base64 of little-endian float32, which its Python SDK
asks for unless told otherwise); Gemini has one operation for one text and one for a batch, and knows plain numbers
only. Both can shorten vectors. (API references, read 2026-11.)
"""

import base64
import sys
from array import array
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from tokenrouter.dialects.gemini.wire import WireContent
from tokenrouter.dialects.wire_reading import read_answer, read_request
from tokenrouter.domain.errors import InvalidRequest, ProviderProtocolError
from tokenrouter.domain.ledger import Usage

Wire = dict[str, Any]
MAX_BATCH: Final = 100
"""Texts in one `batchEmbedContents` (API reference, read 2026-11)."""


class _OpenAiRequest(msgspec.Struct):
    input: str | list[str | int | list[int]]
    model: str = ""
    dimensions: int | None = None
    encoding_format: Literal["float", "base64"] | None = None


class _Values(msgspec.Struct):
    values: list[float]


class _GeminiAnswer(msgspec.Struct):
    embeddings: list[_Values] | None = None
    embedding: _Values | None = None


class _GeminiRequest(msgspec.Struct):
    """One text; fields come in either spelling."""

    content: WireContent
    outputDimensionality: int | None = None  # noqa: N815 (Google's spelling)
    output_dimensionality: int | None = None

    @property
    def dimensions(self) -> int | None:
        return self.output_dimensionality if self.outputDimensionality is None else self.outputDimensionality


class _GeminiBatch(msgspec.Struct):
    requests: list[_GeminiRequest]


class _OpenAiVector(msgspec.Struct):
    embedding: list[float] | str
    index: int = 0


class _OpenAiUsage(msgspec.Struct):
    prompt_tokens: int | None = None


class _OpenAiAnswer(msgspec.Struct):
    data: list[_OpenAiVector]
    usage: _OpenAiUsage | None = None


_openai_request: Final = msgspec.json.Decoder(_OpenAiRequest)
_openai_answer: Final = msgspec.json.Decoder(_OpenAiAnswer)
_gemini_request: Final = msgspec.json.Decoder(_GeminiRequest)
_gemini_batch: Final = msgspec.json.Decoder(_GeminiBatch)
_gemini_answer: Final = msgspec.json.Decoder(_GeminiAnswer)


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """A `batchEmbedContents` body, and how the OpenAI client wants the answer: packed or as numbers."""

    body: bytes
    packed: bool


def batch_request(body: bytes, model: str) -> BatchRequest:
    """Return an OpenAI client's request for Gemini's `model`.

    Raises:
        InvalidRequest: it cannot be read, has token numbers for text, or more texts than a batch may have.
    """
    wire = read_request(_openai_request, body)
    texts = [wire.input] if isinstance(wire.input, str) else wire.input
    if not 0 < len(texts) <= MAX_BATCH:
        raise InvalidRequest(f"Send 1 to {MAX_BATCH} texts at once for this model, not {len(texts)}.", param="input")
    if not all(isinstance(text, str) for text in texts):
        raise InvalidRequest("This model does not take token numbers; send the text itself.", param="input")
    shortened = {} if wire.dimensions is None else {"outputDimensionality": wire.dimensions}
    requests = [{"model": f"models/{model}", "content": {"parts": [{"text": text}]}, **shortened} for text in texts]
    return BatchRequest(msgspec.json.encode({"requests": requests}), wire.encoding_format == "base64")


def openai_answer(body: bytes, *, packed: bool, model: str, usage: Usage | None, provider: str) -> bytes:
    """Return Gemini's answer, to one text or a batch, for an OpenAI client.

    Raises:
        ProviderProtocolError: it cannot be read, or holds no vectors.
    """
    wire = read_answer(_gemini_answer, body, provider)
    vectors = wire.embeddings if wire.embeddings is not None else [wire.embedding] if wire.embedding else []
    if not vectors:
        raise ProviderProtocolError(f"Provider {provider!r} sent an answer without any embedding.", provider=provider)
    data = [
        {"object": "embedding", "index": index, "embedding": _packed(each.values) if packed else each.values}
        for index, each in enumerate(vectors)
    ]
    tokens = usage.input_tokens if usage is not None else 0
    told = {"prompt_tokens": tokens, "total_tokens": tokens}
    return msgspec.json.encode({"object": "list", "data": data, "model": model, "usage": told})


def openai_request(body: bytes, model: str, *, batch: bool) -> bytes:
    """Return a Gemini client's request, for one text or a `batch`, for OpenAI's `model`.

    What a text is embedded for (`taskType`, `title`) has no place there.

    Raises:
        InvalidRequest: it cannot be read, holds more than text, or asks for vectors of different lengths.
    """
    requests = read_request(_gemini_batch, body).requests if batch else [read_request(_gemini_request, body)]
    lengths = {request.dimensions for request in requests}
    if len(lengths) != 1:
        raise InvalidRequest(
            "All texts of a batch must ask for the same length of vector.", param="requests[].outputDimensionality"
        )
    wire: Wire = {"model": model, "input": [_text(each.content, number) for number, each in enumerate(requests)]}
    if (dimensions := lengths.pop()) is not None:
        wire["dimensions"] = dimensions
    return msgspec.json.encode({**wire, "encoding_format": "float"})


def _text(content: WireContent, number: int) -> str:
    parts = content.parts or []
    if not parts or any(part.text is None for part in parts):
        raise InvalidRequest("This model embeds text only.", param=f"requests[{number}].content.parts")
    return "\n".join(part.text or "" for part in parts)


def gemini_answer(body: bytes, *, batch: bool, provider: str) -> bytes:
    """Return OpenAI's answer for a Gemini client that asked for one text, or for a `batch`.

    Raises:
        ProviderProtocolError: it cannot be read, or holds no vectors.
    """
    wire = read_answer(_openai_answer, body, provider)
    if not wire.data:
        raise ProviderProtocolError(f"Provider {provider!r} sent an answer without any embedding.", provider=provider)
    try:
        vectors = [{"values": _numbers(each.embedding)} for each in sorted(wire.data, key=lambda each: each.index)]
    except ValueError:
        told_wrong = f"Provider {provider!r} sent an embedding that is no packed vector."
        raise ProviderProtocolError(told_wrong, provider=provider) from None
    told: Wire = {"embeddings": vectors} if batch else {"embedding": vectors[0]}
    if wire.usage is not None and wire.usage.prompt_tokens is not None:
        tokens = wire.usage.prompt_tokens
        told["usageMetadata"] = {"promptTokenCount": tokens, "totalTokenCount": tokens}
    return msgspec.json.encode(told)


def _packed(numbers: list[float]) -> str:
    return base64.b64encode(_little_endian(array("f", numbers)).tobytes()).decode()


def _numbers(embedding: list[float] | str) -> list[float]:
    if isinstance(embedding, list):
        return embedding
    return _little_endian(array("f", base64.b64decode(embedding))).tolist()


def _little_endian(floats: "array[float]") -> "array[float]":
    if sys.byteorder == "big":
        floats.byteswap()
    return floats

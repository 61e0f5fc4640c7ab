"""Counting the tokens of a conversation: one question that vendors ask in three ways.

Anthropic's `count_tokens` and OpenAI's `input_tokens` take a request without its output settings, Gemini's
`countTokens` a content request; each answers with one number. So a client of the one may be answered by a provider of
the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from tokenrouter.dialects.alternatives import AlternativesDecoder
from tokenrouter.dialects.bridge import Asked
from tokenrouter.dialects.delivered import Delivered
from tokenrouter.dialects.hub import ClientCodec, EncodedRequest, ProviderCodec, Target
from tokenrouter.dialects.json import peek_object
from tokenrouter.dialects.losses import Loss
from tokenrouter.dialects.relay import Relay
from tokenrouter.dialects.translate import TranslatedAnswer, translate_request
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.ledger import Operation

COUNTED_BY: Final[Mapping[Operation, Operation]] = {
    "count_tokens": "messages",
    "count_content_tokens": "generate_content",
    "count_input_tokens": "responses",
}
"""The conversation whose request each of them counts."""
COUNTED_IN: Final[Mapping[Operation, str]] = {
    "count_tokens": "anthropic-messages",
    "count_content_tokens": "gemini",
    "count_input_tokens": "openai-responses",
}
"""The dialect in which each of them is asked."""
_COUNTED_FIELDS: Final[Mapping[Operation, frozenset[str]]] = {
    "count_tokens": frozenset({"model", "messages", "system", "tools", "tool_choice", "thinking", "output_config"}),
    "count_input_tokens": frozenset(
        {"model", "input", "instructions", "tools", "tool_choice", "text", "reasoning", "parallel_tool_calls"}
    ),
}
"""What Anthropic and OpenAI count; they refuse the other fields (API references, "Count Message tokens" and "Get input
token counts", as of 2026-11)."""


_ONE: Final = "a count is one answer, and no stream"


class _Count(msgspec.Struct):
    input_tokens: int | None = None
    totalTokens: int | None = None  # noqa: N815 (Google's spelling)


_count: Final = msgspec.json.Decoder(_Count)


def count_body(operation: Operation, tokens: int) -> bytes:
    """Return the answer to a count in the words of `operation`."""
    if operation == "count_tokens":
        return msgspec.json.encode({"input_tokens": tokens})
    if operation == "count_input_tokens":
        return msgspec.json.encode({"object": "response.input_tokens", "input_tokens": tokens})
    details = [{"modality": "TEXT", "tokenCount": tokens}]
    return msgspec.json.encode({"totalTokens": tokens, "promptTokensDetails": details})


def read_count(body: bytes, provider: str) -> int:
    """Return the number in a provider's answer to a count.

    Raises:
        ProviderProtocolError: there is none.
    """
    try:
        counted = _count.decode(body)
    except (msgspec.DecodeError, RecursionError):
        counted = _Count()
    tokens = counted.totalTokens if counted.input_tokens is None else counted.input_tokens
    if tokens is None:
        raise ProviderProtocolError(f"Provider {provider!r} answered a count without a number.", provider=provider)
    return tokens


def counted_request(operation: Operation, conversation: bytes, model: str) -> bytes:
    """Return the request that counts `conversation`, a request for an answer in the dialect of `operation`."""
    if operation == "count_content_tokens":
        request = peek_object(conversation).changed({"model": msgspec.json.encode(f"models/{model}")})
        return b'{"generateContentRequest":' + b"".join(request) + b"}"
    asked = peek_object(conversation)
    return asked.without([name for name in asked.fields if name not in _COUNTED_FIELDS[operation]]).body


@dataclass(frozen=True, slots=True)
class CountBridge:
    """A count that a provider of another dialect makes: `theirs` is its operation, `ours` the client's."""

    ours: Operation
    theirs: Operation
    client: ClientCodec
    provider: ProviderCodec
    target: Target

    def cross(self, body: bytes, asked: Asked) -> "CountCrossing":
        request = self.client.decode_request(body, model=asked.model, stream=False)
        encoded = translate_request(request, self.provider, self.target)
        return CountCrossing(self, encoded, counted_request(self.theirs, encoded.body, self.target.model))


@dataclass(frozen=True, slots=True)
class CountCrossing:
    """One count; see `bridge.Crossing`."""

    bridge: CountBridge
    encoded: EncodedRequest
    body: bytes

    @property
    def headers(self) -> bytes:
        return self.encoded.header_lines

    @property
    def losses(self) -> tuple[Loss, ...]:
        return self.encoded.losses

    @property
    def copies(self) -> int:
        return 1

    def alternatives(self) -> AlternativesDecoder:
        raise NotImplementedError(_ONE)

    def answer(self, *bodies: bytes) -> TranslatedAnswer:
        tokens = read_count(bodies[0], self.bridge.target.provider)
        return TranslatedAnswer(count_body(self.bridge.ours, tokens), None, 0)

    def relay(self, delivered: Delivered | None = None) -> Relay:
        raise NotImplementedError(_ONE)

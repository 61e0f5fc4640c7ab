"""OpenAI's usage objects, of all its operations and of the many vendors that copy them.

From the API reference (chat, responses, images, audio; read 2026-11). Transcriptions call their details
`input_token_details`, images tell pictures of both sides; which tier has served stands beside the usage, not in it.
"""

from typing import Any, Final

import msgspec

from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.prices import billed_tier


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = 0
    cache_write_tokens: int | None = 0
    audio_tokens: int | None = 0
    image_tokens: int | None = 0


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: int | None = 0
    audio_tokens: int | None = 0
    image_tokens: int | None = 0


_NO_PROMPT: Final = _PromptDetails()
_NO_COMPLETION: Final = _CompletionDetails()


class ReportedUsage(msgspec.Struct):
    """A usage object of any of the four operations; every field may be absent or null."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _PromptDetails | None = None
    input_token_details: _PromptDetails | None = None
    output_tokens_details: _CompletionDetails | None = None
    prompt_cache_hit_tokens: int | None = None

    def usage(self, tier: Any = None) -> Usage | None:
        """Return it in our terms, or None when it counts nothing at all (an empty object is no report).

        `tier` is the answer's `service_tier`, whatever type a vendor gave it.
        """
        given_input = self.prompt_tokens if self.prompt_tokens is not None else self.input_tokens
        given_output = self.completion_tokens if self.completion_tokens is not None else self.output_tokens
        if given_input is None and given_output is None and self.total_tokens is None:
            return None
        prompt = self.prompt_tokens_details or self.input_tokens_details or self.input_token_details or _NO_PROMPT
        completion = self.completion_tokens_details or self.output_tokens_details or _NO_COMPLETION
        input_tokens = (
            given_input if given_input is not None else max(0, (self.total_tokens or 0) - (given_output or 0))
        )
        output_tokens = self._output_total(input_tokens, given_output or 0, completion.reasoning_tokens or 0)
        spoken = completion.audio_tokens or 0
        return Usage(
            input_tokens if input_tokens > 0 else 0,
            output_tokens if output_tokens > 0 else 0,
            prompt.cached_tokens or self.prompt_cache_hit_tokens or 0,
            prompt.cache_write_tokens or 0,
            completion.reasoning_tokens or 0,
            (prompt.audio_tokens or 0) + spoken,
            0,
            spoken,
            prompt.image_tokens or 0,
            completion.image_tokens or 0,
            1,
            billed_tier(tier) if type(tier) is str else "",
        )

    def _output_total(self, input_tokens: int, output_tokens: int, reasoning: int) -> int:
        """Add reasoning where a vendor reports it beside the completion, not inside: its total tells."""
        beside = reasoning > 0 and self.total_tokens == input_tokens + output_tokens + reasoning
        return output_tokens + reasoning if beside else output_tokens


class _WithUsage(msgspec.Struct):
    usage: ReportedUsage | None = None
    service_tier: Any = None


_with_usage: Final = msgspec.json.Decoder(_WithUsage)
_reported: Final = msgspec.json.Decoder(ReportedUsage)


def usage_of(payload: bytes) -> Usage | None:
    """Return the usage in the top level of a JSON object; None when it has none or cannot be read."""
    try:
        return whole_usage(payload)
    except ProviderProtocolError:
        return None


def whole_usage(body: bytes) -> Usage | None:
    """Return the usage that a whole answer reports, or None.

    Raises:
        ProviderProtocolError: `body` is not JSON, or its usage is not an object of numbers; says where.
    """
    try:
        told = _with_usage.decode(body)
    except msgspec.DecodeError as error:
        raise ProviderProtocolError(f"The provider's answer cannot be read: {error}.") from None
    except RecursionError:
        raise ProviderProtocolError("The provider's answer is nested too deeply.") from None
    return None if told.usage is None else told.usage.usage(told.service_tier)


def usage_at_end(tail: bytes) -> Usage | None:
    """Return the last usage object in the last part of a JSON text whose beginning is gone."""
    at = tail.rfind(b'"usage"')
    start = tail.find(b"{", at)
    if at < 0 or start < 0 or tail[at + 7 : start].strip() != b":":
        return None
    end = _object_end(tail, start)
    try:
        return _reported.decode(tail[start:end]).usage()
    except msgspec.DecodeError:
        return None


def _object_end(text: bytes, start: int) -> int:
    """Return the index after the object that opens at `start` (usage objects hold no strings with braces)."""
    depth = 0
    for index in range(start, len(text)):
        byte = text[index]
        depth += (byte == 0x7B) - (byte == 0x7D)
        if depth == 0:
            return index + 1
    return len(text)

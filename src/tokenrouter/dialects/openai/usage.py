"""OpenAI's usage objects, of all its operations and of the many vendors that copy them."""

from typing import Final

import msgspec

from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.ledger import Usage


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = 0
    cache_write_tokens: int | None = 0
    audio_tokens: int | None = 0


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: int | None = 0
    audio_tokens: int | None = 0


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
    output_tokens_details: _CompletionDetails | None = None
    prompt_cache_hit_tokens: int | None = None

    def usage(self) -> Usage | None:
        """Return it in our terms, or None when it counts nothing at all (an empty object is no report)."""
        given_input = self.prompt_tokens if self.prompt_tokens is not None else self.input_tokens
        given_output = self.completion_tokens if self.completion_tokens is not None else self.output_tokens
        if given_input is None and given_output is None and self.total_tokens is None:
            return None
        prompt = self.prompt_tokens_details or self.input_tokens_details or _PromptDetails()
        completion = self.completion_tokens_details or self.output_tokens_details or _CompletionDetails()
        input_tokens = (
            given_input if given_input is not None else max(0, (self.total_tokens or 0) - (given_output or 0))
        )
        output_tokens = self._output_total(input_tokens, given_output or 0, completion.reasoning_tokens or 0)
        return Usage(
            input_tokens=max(0, input_tokens),
            output_tokens=max(0, output_tokens),
            cached_input_tokens=prompt.cached_tokens or self.prompt_cache_hit_tokens or 0,
            cache_write_tokens=prompt.cache_write_tokens or 0,
            reasoning_tokens=completion.reasoning_tokens or 0,
            audio_tokens=(prompt.audio_tokens or 0) + (completion.audio_tokens or 0),
        )

    def _output_total(self, input_tokens: int, output_tokens: int, reasoning: int) -> int:
        """Add reasoning where a vendor reports it beside the completion, not inside: its total tells."""
        beside = reasoning > 0 and self.total_tokens == input_tokens + output_tokens + reasoning
        return output_tokens + reasoning if beside else output_tokens


class _WithUsage(msgspec.Struct):
    usage: ReportedUsage | None = None


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
        reported = _with_usage.decode(body).usage
    except msgspec.DecodeError as error:
        raise ProviderProtocolError(f"The provider's answer cannot be read: {error}.") from None
    except RecursionError:
        raise ProviderProtocolError("The provider's answer is nested too deeply.") from None
    return None if reported is None else reported.usage()


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

"""Reading the top-level fields that OpenAI's four operations share, and their usage objects.

A field of the wrong type is refused here with its name, because a gateway that passes it on spends a
round trip to learn the same, and some vendors answer such mistakes with a 500.
"""

from typing import Final

import msgspec

from tokenrouter.dialects.base import Head
from tokenrouter.dialects.json import RawObject, peek_object
from tokenrouter.domain.errors import InvalidRequest, MissingModel, ProviderProtocolError
from tokenrouter.domain.ledger import Usage

MAX_MODEL_CHARS: Final = 256
"""Longest model name that is looked up; the longest in use (file paths of local servers) are below 200."""

_OPENING_BRACKET: Final = ord("[")

_string: Final = msgspec.json.Decoder(str)
_flag: Final = msgspec.json.Decoder(bool | None)
_count: Final = msgspec.json.Decoder(int | None)
_stream_options: Final = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)


def peek_head(body: bytes, *, bounds: frozenset[str], required: tuple[str, ...], arrays: tuple[str, ...]) -> Head:
    """Return the head of an OpenAI request body; `bounds` are the fields that bound the answer.

    Raises:
        InvalidRequest: names the field that is missing or of the wrong type.
    """
    peeked = peek_object(body)
    fields = peeked.fields
    model = _model(fields)
    for name in required:
        if name not in fields:
            raise InvalidRequest(f"The field {name!r} is missing; this operation needs it.", param=name)
    for name in arrays:
        if memoryview(fields[name])[0] != _OPENING_BRACKET:
            raise InvalidRequest(f"The field {name!r} must be an array.", param=name)
    stream = "stream" in fields and _read_flag(fields, "stream")
    return Head(
        peeked,
        model,
        stream,
        None if bounds.isdisjoint(fields) else _bound(fields, bounds),
        not stream or ("stream_options" in fields and _asks_usage(fields)),
        _read_count(fields, "n") or 1 if "n" in fields else 1,
        len(body),
    )


def _model(fields: RawObject) -> str:
    raw = fields.get("model")
    if raw is None:
        raise MissingModel(
            "The field 'model' is missing; name a model, for instance from GET /v1/models.", param="model"
        )
    try:
        model = _string.decode(raw)
    except msgspec.DecodeError:
        raise InvalidRequest("The field 'model' must be a string.", param="model") from None
    if not model or len(model) > MAX_MODEL_CHARS:
        raise MissingModel(f"The field 'model' must have 1 to {MAX_MODEL_CHARS} characters.", param="model")
    return model


def _read_flag(fields: RawObject, name: str) -> bool:
    try:
        return bool(_flag.decode(fields[name]))
    except msgspec.DecodeError:
        raise InvalidRequest(f"The field {name!r} must be true or false.", param=name) from None


def _read_count(fields: RawObject, name: str) -> int | None:
    try:
        count: int | None = _count.decode(fields[name])
    except msgspec.DecodeError:
        raise InvalidRequest(f"The field {name!r} must be a whole number.", param=name) from None
    if count is not None and count < 0:
        raise InvalidRequest(f"The field {name!r} must not be negative.", param=name)
    return count


def _bound(fields: RawObject, names: frozenset[str]) -> int | None:
    bounds = [count for name in names & fields.keys() if (count := _read_count(fields, name)) is not None]
    return min(bounds) if bounds else None


def _asks_usage(fields: RawObject) -> bool:
    raw = stream_options(fields).get("include_usage")
    return raw is not None and bytes(raw) == b"true"


def stream_options(fields: RawObject) -> RawObject:
    """Return the fields of `stream_options`, empty when it is absent or null.

    Raises:
        InvalidRequest: it is not an object.
    """
    raw = fields.get("stream_options")
    if raw is None:
        return {}
    try:
        return _stream_options.decode(raw) or {}
    except msgspec.DecodeError:
        raise InvalidRequest("The field 'stream_options' must be an object.", param="stream_options") from None


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


class _WithError(msgspec.Struct):
    error: msgspec.Raw = msgspec.Raw(b"null")


_with_error: Final = msgspec.json.Decoder(_WithError)


def has_error(payload: bytes) -> bool:
    """Whether a JSON object's top level has an `error` that is not null."""
    try:
        return bytes(_with_error.decode(payload).error) != b"null"
    except (msgspec.DecodeError, RecursionError):
        return False

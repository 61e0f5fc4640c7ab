"""Gemini as the road relays it to a provider of the same dialect: generateContent, counting, embeddings.

The model, and whether the answer is a stream, are in the path. Every chunk of a stream reports the usage so far. A
finish reason does not end it: more may come, so the end of the bytes does.
"""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from tokenrouter.dialects.answer_reading import WHOLE_BYTES, count_content, has_error
from tokenrouter.dialects.base import Fields, Head
from tokenrouter.dialects.gemini import errors as gemini_errors
from tokenrouter.dialects.gemini.cut import cut_chunks
from tokenrouter.dialects.gemini.signatures import FAMILY
from tokenrouter.dialects.gemini.usage import ReportedUsage
from tokenrouter.dialects.heads import MAX_MODEL_CHARS
from tokenrouter.dialects.json import RawObject, peek_object
from tokenrouter.dialects.wire_reading import read_request
from tokenrouter.domain.errors import GatewayError, InvalidRequest, MissingModel, ProviderProtocolError
from tokenrouter.domain.ledger import Operation, Usage

_CONFIGS: Final = ("generationConfig", "generation_config")
_BOUNDS: Final = ("maxOutputTokens", "max_output_tokens")
_FINISHED: Final = re.compile(rb'"(?:finishReason|blockReason)"\s*:\s*"')
_MARK: Final = b'"usageMetadata"'


class _Config(msgspec.Struct):
    """What the road needs of `generationConfig`, in either spelling."""

    maxOutputTokens: int | None = None  # noqa: N815 (Google's spelling)
    max_output_tokens: int | None = None
    candidateCount: int | None = None  # noqa: N815
    candidate_count: int | None = None


class _Reported(msgspec.Struct, rename="camel"):
    """Where chunks and whole answers have their usage."""

    usage_metadata: ReportedUsage | None = None


_config: Final = msgspec.json.Decoder(_Config | None)
_string: Final = msgspec.json.Decoder(str)
_reported: Final = msgspec.json.Decoder(_Reported)
_usage: Final = msgspec.json.Decoder(ReportedUsage)


class GeminiStream:
    """Chunks as `data:` lines, each a whole response; nothing marks the last."""

    content: re.Pattern[bytes] = re.compile(
        rb'(?:"(?:text|code|stringValue)"\s*:\s*"|"args"\s*:\s*(?=\{))'
        rb'((?<=")[^"\\]*+(?:\\.[^"\\]*+)*+|\{[^{}]*+(?:\{[^{}]*+(?:\{[^{}]*+\}[^{}]*+)*+\}[^{}]*+)*+\})'
    )
    """Words, code, and the arguments of calls (three objects deep; beyond that they are not counted)."""
    usage_mark = _MARK

    def starts_content(self, events: bytes) -> bool:
        return b'"candidates"' in events or b'"promptFeedback"' in events or b'"error"' in events

    def ends(self, events: bytes) -> bool:
        return False

    def closing(self, last_events: bytes) -> bytes | None:
        """The answer is whole when the last chunk says why it ended, or has nothing but the usage left to say."""
        only_usage = _MARK in last_events and b'"candidates"' not in last_events
        return b"" if only_usage or _FINISHED.search(last_events) else None

    def cut(self, begun: bytes, last: bytes, usage: Usage, *, tells_usage: bool, answers: int) -> bytes:
        return cut_chunks(usage, answers)

    def usage(self, payload: bytes, before: Usage | None) -> Usage | None:
        try:
            reported = _reported.decode(payload).usage_metadata
        except (msgspec.DecodeError, RecursionError):
            return None
        return None if reported is None else reported.usage()

    def is_only_usage(self, payload: bytes) -> bool:
        return False

    def is_error(self, payload: bytes) -> bool:
        return has_error(payload)


class GeminiDialect:
    """One operation of Gemini's API as the gateway relays it; `array` is the field that must be there, a list."""

    keep_alive = b""
    id_header = b"x-request-id"
    forwarded: tuple[bytes, ...] = ()
    default_headers: Mapping[bytes, bytes] = MappingProxyType({})

    def __init__(self, name: str, operation: Operation, *, array: str = "") -> None:
        self.name = name
        self.operation: Operation = operation
        self.reading = GeminiStream()
        self._array = array

    def peek(self, body: bytes, model: str | None = None, stream: bool | None = None) -> Head:
        peeked = peek_object(body)
        fields = peeked.fields
        config = _config_in(fields)
        bounds = [each for each in (config.maxOutputTokens, config.max_output_tokens) if each is not None]
        if any(bound < 0 for bound in bounds):
            where = "generationConfig.maxOutputTokens"
            raise InvalidRequest(f"The field {where!r} must not be negative.", param=where)
        self._require_array(fields)
        return Head(
            peeked,
            _model(fields, model),
            bool(stream),
            min(bounds) if bounds else None,
            True,
            config.candidateCount or config.candidate_count or 1,
            len(body),
        )

    def _require_array(self, fields: RawObject) -> None:
        name = self._array
        if name and name not in fields:
            raise InvalidRequest(f"The field {name!r} is missing; this operation needs it.", param=name)
        if name and not bytes(fields[name]).startswith(b"["):
            raise InvalidRequest(f"The field {name!r} must be an array.", param=name)

    def model_field(self, model: str) -> bytes | None:
        """The model is in the path."""
        return None

    def asking_usage(self, head: Head) -> Fields:
        """Usage is always told."""
        return {}

    def bounding_output(self, head: Head, max_output_tokens: int) -> Fields:
        """Return `generationConfig`, in the client's spelling, with the bound; its other fields stay as they were."""
        fields = head.body.fields
        outer = next((name for name in _CONFIGS if name in fields), _CONFIGS[0])
        raw = bytes(fields.get(outer, b"{}"))
        config = peek_object(b"{}" if raw == b"null" else raw)
        named = [name for name in _BOUNDS if name in config.fields] or _BOUNDS[:1]
        bound = msgspec.json.encode(max_output_tokens)
        return {outer: b"".join(config.changed(dict.fromkeys(named, bound)))}

    def whole_usage(self, body: bytes) -> Usage | None:
        if len(body) > WHOLE_BYTES:
            return self.usage_at_end(body)
        try:
            reported = _reported.decode(body).usage_metadata
        except msgspec.DecodeError as error:
            raise ProviderProtocolError(f"The provider's answer cannot be read: {error}.") from None
        except RecursionError:
            raise ProviderProtocolError("The provider's answer is nested too deeply.") from None
        return None if reported is None else reported.usage()

    def usage_at_end(self, tail: bytes) -> Usage | None:
        """Return the last usage object in the last part of a JSON text whose beginning is gone."""
        at = tail.rfind(_MARK)
        text = tail[at + len(_MARK) :].decode(errors="replace").lstrip() if at >= 0 else ""
        if not text.startswith(":"):
            return None
        try:
            _, end = json.JSONDecoder().raw_decode(text := text[1:].lstrip())
            return _usage.decode(text[:end]).usage()
        except (ValueError, RecursionError):
            return None

    def content_bytes(self, body: bytes) -> int:
        return count_content(self.reading.content, body)

    def error_body(self, error: GatewayError, request_id: str) -> bytes:
        return gemini_errors.error_body(error, request_id)

    def error_event(self, error: GatewayError, request_id: str, told: bytes = b"") -> bytes:
        return gemini_errors.error_event(error, request_id)


class SideDialect(GeminiDialect):
    """Counting and embedding: whole answers, in which the model says nothing that could be bounded."""

    def bounding_output(self, head: Head, max_output_tokens: int) -> Fields:
        """An unknown field would be a 400."""
        return {}

    def content_bytes(self, body: bytes) -> int:
        return 0


class CountTokensDialect(SideDialect):
    """Counting: the tokens that an answer counts were not used."""

    def whole_usage(self, body: bytes) -> Usage | None:
        return None

    def usage_at_end(self, tail: bytes) -> Usage | None:
        return None


def _model(fields: RawObject, model: str | None) -> str:
    """Return the model of the path; the body may name it too, but Google goes by the path."""
    if model is None and "model" in fields:
        model = read_request(_string, bytes(fields["model"])).removeprefix("models/")
    if not model or len(model) > MAX_MODEL_CHARS:
        raise MissingModel(f"The path must name a model of 1 to {MAX_MODEL_CHARS} characters.", param="model")
    return model


def _config_in(fields: RawObject) -> _Config:
    raw = next((fields[name] for name in _CONFIGS if name in fields), None)
    if raw is None:
        return _Config()
    try:
        return _config.decode(raw) or _Config()
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"The field 'generationConfig' is wrong: {error}.", param="generationConfig") from None


GENERATE_CONTENT: Final = GeminiDialect(FAMILY, "generate_content", array="contents")
COUNT_TOKENS: Final = CountTokensDialect("gemini-count-tokens", "count_content_tokens")
EMBED_CONTENT: Final = SideDialect("gemini-embed-content", "embed_content")
BATCH_EMBED_CONTENTS: Final = SideDialect("gemini-batch-embed-contents", "batch_embed_contents", array="requests")

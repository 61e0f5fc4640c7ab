"""What OpenAI's four operations have in common; each operation's own file says what is different."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from tokenrouter.dialects.answer_reading import WHOLE_BYTES, count_content
from tokenrouter.dialects.base import Fields, Head, StreamReading
from tokenrouter.dialects.heads import peek_head, stream_options
from tokenrouter.dialects.openai import errors as openai_errors
from tokenrouter.dialects.openai import usage
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ledger import Operation, Usage


class OpenAiDialect:
    """One operation of OpenAI's API as the gateway uses it."""

    keep_alive = b": keep-alive\n\n"
    id_header = b"x-request-id"
    forwarded: tuple[bytes, ...] = (b"openai-beta", b"idempotency-key")
    default_headers: Mapping[bytes, bytes] = MappingProxyType({})

    def __init__(
        self,
        name: str,
        operation: Operation,
        reading: StreamReading,
        *,
        max_tokens_fields: tuple[str, ...] = (),
        required: tuple[str, ...] = (),
        arrays: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.operation: Operation = operation
        self.reading = reading
        self._max_tokens_fields = max_tokens_fields
        self._bounds = frozenset(max_tokens_fields)
        self._required = required
        self._arrays = arrays

    def peek(self, body: bytes, model: str | None = None, stream: bool | None = None) -> Head:
        return peek_head(body, bounds=self._bounds, required=self._required, arrays=self._arrays)

    def model_field(self, model: str) -> bytes:
        """Return the value of the request's `model` field."""
        return msgspec.json.encode(model)

    def asking_usage(self, head: Head) -> Fields:
        """Return the fields that make a provider report usage in its stream."""
        options = stream_options(head.body.fields) | {"include_usage": msgspec.Raw(b"true")}
        return {"stream_options": msgspec.json.encode(options)}

    def bounding_output(self, head: Head, max_output_tokens: int) -> Fields:
        """Return the fields that bound the answer; where the client named a bound, under the name it used."""
        used = [name for name in self._max_tokens_fields if name in head.body.fields] or list(
            self._max_tokens_fields[-1:]
        )
        return {name: msgspec.json.encode(max_output_tokens) for name in used}

    def whole_usage(self, body: bytes) -> Usage | None:
        return usage.whole_usage(body) if len(body) <= WHOLE_BYTES else usage.usage_at_end(body)

    def usage_at_end(self, tail: bytes) -> Usage | None:
        return usage.usage_at_end(tail)

    def content_bytes(self, body: bytes) -> int:
        return count_content(self.reading.content, body)

    def error_body(self, error: GatewayError, request_id: str) -> bytes:
        return openai_errors.error_body(error, request_id)

    def error_event(self, error: GatewayError, request_id: str, told: bytes = b"") -> bytes:
        return openai_errors.error_event(error, request_id)

"""OpenAI Responses (platform.openai.com/docs/api-reference/responses-streaming, read 2026-11)."""

import re
from typing import Any, Final

import msgspec

from tokenrouter.dialects.answer_reading import has_error
from tokenrouter.dialects.base import Head
from tokenrouter.dialects.openai import usage as openai_usage
from tokenrouter.dialects.openai.dialect import OpenAiDialect
from tokenrouter.dialects.openai_responses.cut import cut_response, failed_response
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.prices import billed_tier

_TERMINAL: Final = re.compile(rb'"type"\s*:\s*"(?:response\.(?:completed|incomplete|failed)|error)"')
_EVENT_TYPE: Final = re.compile(rb'^data:\s*\{\s*"type"\s*:\s*"([a-z_.]+)"', re.MULTILINE)
_EVENT_LINE: Final = re.compile(rb"^event:\s*([a-z_.]+)", re.MULTILINE)
_LIFECYCLE: Final = frozenset({b"response.created", b"response.in_progress", b"response.queued", b"keepalive"})


class _Served(msgspec.Struct):
    service_tier: Any = None


class _Event(msgspec.Struct):
    response: _Served = msgspec.field(default_factory=_Served)


_event: Final = msgspec.json.Decoder(_Event)


class ResponsesStream:
    """Typed events with a lifecycle; usage and the whole answer come again in the terminal one."""

    content: re.Pattern[bytes] = re.compile(rb'"delta"\s*:\s*"([^"\\]*(?:\\.[^"\\]*)*)"')

    usage_mark = b'"usage"'

    def starts_content(self, events: bytes) -> bool:
        """Lifecycle events come before the model has said anything, and before some vendors' errors."""
        types = _EVENT_LINE.findall(events) or _EVENT_TYPE.findall(events)
        return any(kind not in _LIFECYCLE for kind in types)

    def ends(self, events: bytes) -> bool:
        return _TERMINAL.search(events) is not None

    def closing(self, last_events: bytes) -> bytes | None:
        """Only a terminal event ends this dialect: clients wait for it, and some ask again without end."""
        return b"" if _TERMINAL.search(last_events) else None

    def cut(self, begun: bytes, last: bytes, usage: Usage, *, tells_usage: bool, answers: int) -> bytes:
        return cut_response(begun, last, usage)

    def usage(self, payload: bytes, before: Usage | None) -> Usage | None:
        usage = openai_usage.usage_at_end(payload)
        if usage is None or b'"service_tier"' not in payload:
            return usage
        try:
            tier = _event.decode(payload).response.service_tier
        except (msgspec.DecodeError, RecursionError):
            return usage
        return usage._replace(tier=billed_tier(tier)) if type(tier) is str else usage

    def is_only_usage(self, payload: bytes) -> bool:
        return False

    def is_error(self, payload: bytes) -> bool:
        return payload.startswith((b'{"type":"error"', b'{"type":"response.failed"')) or has_error(payload)


class ResponsesDialect(OpenAiDialect):
    """Responses always report usage. A broken stream ends by `response.failed`: Codex ignores a bare `error` event."""

    def peek(self, body: bytes, model: str | None = None, stream: bool | None = None) -> Head:
        head = super().peek(body, model, stream)
        head.wants_usage = True
        return head

    def error_event(self, error: GatewayError, request_id: str, told: bytes = b"") -> bytes:
        return failed_response(told, request_id, error)


RESPONSES: Final = ResponsesDialect(
    "openai-responses", "responses", ResponsesStream(), max_tokens_fields=("max_output_tokens",)
)

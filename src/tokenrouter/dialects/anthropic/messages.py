"""Anthropic Messages as the road relays it to a provider of the same dialect, and its counting of tokens.

A stream tells the input first and the output last, so its usage is put together from two events. The version and
the names of betas go to the provider as the client sent them: what a body may hold depends on both.
"""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from tokenrouter.dialects.answer_reading import WHOLE_BYTES, count_content, has_error
from tokenrouter.dialects.anthropic import errors as anthropic_errors
from tokenrouter.dialects.anthropic.cut import cut_messages
from tokenrouter.dialects.anthropic.stream_encoder import KEEP_ALIVE, MESSAGE_STOP
from tokenrouter.dialects.anthropic.usage import usage_of
from tokenrouter.dialects.anthropic.wire import FAMILY, WireAnswer, WireThinking, WireUsage
from tokenrouter.dialects.base import Fields, Head
from tokenrouter.dialects.heads import peek_head
from tokenrouter.domain.errors import GatewayError, ProviderProtocolError, ThreadsNotKept
from tokenrouter.domain.ledger import Operation, Usage

_EVENT_NAME: Final = re.compile(rb"^event:\s*([a-z_]+)", re.MULTILINE)
_EVENT_TYPE: Final = re.compile(rb'^data:\s*\{\s*"type"\s*:\s*"([a-z_]+)"', re.MULTILINE)
_ANNOUNCING: Final = frozenset((b"message_start", b"ping"))
_STOPPED: Final = re.compile(rb'"stop_reason"\s*:\s*"')
_MESSAGE_STOP: Final = re.compile(rb'^data:\s*\{\s*"type"\s*:\s*"message_stop"', re.MULTILINE)
_HEADERS: Final[Mapping[bytes, bytes]] = MappingProxyType({b"anthropic-version": b"2023-06-01"})
"""For clients that name no version; the older one takes everything that the newer does."""


class _Reported(msgspec.Struct):
    """Where events and whole answers have their usage."""

    message: WireAnswer | None = None
    usage: WireUsage | None = None


_thinking: Final = msgspec.json.Decoder(WireThinking | None)
_reported: Final = msgspec.json.Decoder(_Reported)
_usage: Final = msgspec.json.Decoder(WireUsage)


def _thinking_budget(raw: msgspec.Raw) -> int:
    """Return `budget_tokens`, which has to be less than `max_tokens` (API reference, "Extended thinking", 2026-11)."""
    try:
        thinking = _thinking.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return 0
    return 0 if thinking is None or thinking.budget_tokens is None else max(0, thinking.budget_tokens)


class MessagesStream:
    """Named events; `message_start` has the input's usage, `message_delta` the rest, `message_stop` is the end."""

    content: re.Pattern[bytes] = re.compile(
        rb'"(?:text|thinking|partial_json)"\s*:\s*"([^"\\]*(?:\\.[^"\\]*)*)"',
    )
    usage_mark = b'"usage"'

    def starts_content(self, events: bytes) -> bool:
        """The first events come before the model has said anything, and before some errors."""
        types = _EVENT_NAME.findall(events) or _EVENT_TYPE.findall(events)
        return any(kind not in _ANNOUNCING for kind in types)

    def ends(self, events: bytes) -> bool:
        return b"message_stop" in events and _MESSAGE_STOP.search(events) is not None

    def closing(self, last_events: bytes) -> bytes | None:
        """Some vendors leave out the last event; a stop reason says that the answer is whole all the same."""
        return MESSAGE_STOP if _STOPPED.search(last_events) else None

    def cut(self, begun: bytes, last: bytes, usage: Usage, *, tells_usage: bool, answers: int) -> bytes:
        return cut_messages(last, usage)

    def usage(self, payload: bytes, before: Usage | None) -> Usage | None:
        """Return the usage so far; what an event leaves out keeps its value from `before`."""
        try:
            event = _reported.decode(payload)
        except (msgspec.DecodeError, RecursionError):
            return None
        reported = event.usage if event.message is None else event.message.usage
        return None if reported is None else usage_of(reported, before)

    def is_only_usage(self, payload: bytes) -> bool:
        return False

    def is_error(self, payload: bytes) -> bool:
        return has_error(payload)


class MessagesDialect:
    """Messages as the gateway relays them."""

    keep_alive = KEEP_ALIVE
    id_header = b"request-id"
    forwarded: tuple[bytes, ...] = (b"anthropic-version", b"anthropic-beta")
    default_headers: Mapping[bytes, bytes] = _HEADERS

    def __init__(self, name: str, operation: Operation) -> None:
        self.name = name
        self.operation: Operation = operation
        self.reading = MessagesStream()

    def peek(self, body: bytes, model: str | None = None, stream: bool | None = None) -> Head:
        """Return what the road needs to know of `body`.

        Raises:
            InvalidRequest: names the field that is missing or of the wrong type.
            ThreadsNotKept: it asks for a thread, or goes on from one (beta message-threads-2026-08-12): that would lie
                in the account that all tenants share, and at no provider of another dialect.
        """
        head = peek_head(body, bounds=frozenset(("max_tokens",)), required=("messages",), arrays=("messages",))
        head.wants_usage = True
        head.answers = 1
        if "thinking" in head.body.fields:
            head.least_bound = _thinking_budget(head.body.fields["thinking"]) + 1
        if bytes(head.body.fields.get("thread", b"null")) != b"null":
            raise ThreadsNotKept(
                "Message threads are not kept here: send the whole conversation in `messages`, without `thread`.",
                param="thread",
            )
        return head

    def model_field(self, model: str) -> bytes:
        """Return the value of the request's `model` field."""
        return msgspec.json.encode(model)

    def asking_usage(self, head: Head) -> Fields:
        """Usage is always told."""
        return {}

    def bounding_output(self, head: Head, max_output_tokens: int) -> Fields:
        return {"max_tokens": msgspec.json.encode(max_output_tokens)}

    def whole_usage(self, body: bytes) -> Usage | None:
        if len(body) > WHOLE_BYTES:
            return self.usage_at_end(body)
        try:
            reported = _reported.decode(body).usage
        except msgspec.DecodeError as error:
            raise ProviderProtocolError(f"The provider's answer cannot be read: {error}.") from None
        except RecursionError:
            raise ProviderProtocolError("The provider's answer is nested too deeply.") from None
        return None if reported is None else usage_of(reported)

    def usage_at_end(self, tail: bytes) -> Usage | None:
        """Return the last usage object in the last part of a JSON text whose beginning is gone."""
        text = tail.decode(errors="replace")
        start = text.find("{", at) if (at := text.rfind('"usage"')) >= 0 else -1
        if start < 0 or text[at + 7 : start].strip() != ":":
            return None
        try:
            _, end = json.JSONDecoder().raw_decode(text, start)
            return usage_of(_usage.decode(text[start:end]))
        except (ValueError, msgspec.DecodeError, RecursionError):
            return None

    def content_bytes(self, body: bytes) -> int:
        return count_content(self.reading.content, body)

    def error_body(self, error: GatewayError, request_id: str) -> bytes:
        return anthropic_errors.error_body(error, request_id)

    def error_event(self, error: GatewayError, request_id: str, told: bytes = b"") -> bytes:
        return anthropic_errors.error_event(error, request_id)


class CountTokensDialect(MessagesDialect):
    """Asking how many tokens a request would have: an answer of its own, never a stream, and nothing is used."""

    def peek(self, body: bytes, model: str | None = None, stream: bool | None = None) -> Head:
        head = super().peek(body)
        head.stream = False
        return head

    def bounding_output(self, head: Head, max_output_tokens: int) -> Fields:
        """Nothing is produced that could be bounded, and an unknown field is a 400."""
        return {}

    def whole_usage(self, body: bytes) -> Usage | None:
        """The tokens that an answer counts were not used."""
        return None

    def usage_at_end(self, tail: bytes) -> Usage | None:
        return None

    def content_bytes(self, body: bytes) -> int:
        return 0


MESSAGES: Final = MessagesDialect(FAMILY, "messages")
COUNT_TOKENS: Final = CountTokensDialect("anthropic-count-tokens", "count_tokens")

"""OpenAI Chat Completions (platform.openai.com/docs/api-reference/chat, read 2026-11)."""

import re
from typing import Final

from tokenrouter.dialects.openai import fields as openai_fields
from tokenrouter.dialects.openai.dialect import OpenAiDialect
from tokenrouter.domain.ledger import Usage

_FINISHED: Final = re.compile(rb'"finish_reason"\s*:\s*"')
_NO_CHOICES: Final = re.compile(rb'"choices"\s*:\s*\[\s*\]')


class ChatStream:
    """Chunks as `data:` lines; the last is `[DONE]`, usage may come in a chunk without choices before it."""

    content: re.Pattern[bytes] = re.compile(
        rb'"(?:content|reasoning_content|reasoning|refusal|arguments|text)"\s*:\s*"([^"\\]*(?:\\.[^"\\]*)*)"'
    )
    """Vendors name reasoning in two ways; `text` is the legacy Completions' own."""

    usage_mark = b'"usage"'

    def starts_content(self, events: bytes) -> bool:
        """A first chunk only comes when the model has begun."""
        return b"data:" in events

    def ends(self, events: bytes) -> bool:
        return events.endswith((b"[DONE]\n\n", b"[DONE]\r\n\r\n"))

    def closing(self, last_events: bytes) -> bytes | None:
        """Some vendors leave out `[DONE]`; a finish reason says that the answer is whole all the same."""
        return b"data: [DONE]\n\n" if _FINISHED.search(last_events) else None

    def usage(self, payload: bytes, before: Usage | None) -> Usage | None:
        return openai_fields.usage_of(payload)

    def is_only_usage(self, payload: bytes) -> bool:
        return _NO_CHOICES.search(payload) is not None

    def is_error(self, payload: bytes) -> bool:
        return openai_fields.has_error(payload)


CHAT: Final = OpenAiDialect(
    "openai-chat",
    "chat",
    ChatStream(),
    max_tokens_fields=("max_tokens", "max_completion_tokens"),
    required=("messages",),
    arrays=("messages",),
)

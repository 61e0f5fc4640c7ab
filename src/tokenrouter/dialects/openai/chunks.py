"""Streams of chunks as OpenAI's Chat Completions has them, and as those operations would that never stream."""

import re
from typing import Final

from tokenrouter.dialects.answer_reading import has_error
from tokenrouter.dialects.openai.cut import cut_chunks
from tokenrouter.dialects.openai.usage import usage_of
from tokenrouter.domain.ledger import Usage

_FINISHED: Final = re.compile(rb'"finish_reason"\s*:\s*"')
_NO_CHOICES: Final = re.compile(rb'"choices"\s*:\s*\[\s*\]')


class ChunkStream:
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

    def cut(self, begun: bytes, last: bytes, usage: Usage, *, tells_usage: bool, answers: int) -> bytes:
        return cut_chunks(begun, usage if tells_usage else None, answers)

    def usage(self, payload: bytes, before: Usage | None) -> Usage | None:
        return usage_of(payload)

    def is_only_usage(self, payload: bytes) -> bool:
        return _NO_CHOICES.search(payload) is not None

    def is_error(self, payload: bytes) -> bool:
        return has_error(payload)

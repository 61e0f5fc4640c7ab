"""OpenAI Chat Completions (platform.openai.com/docs/api-reference/chat, read 2026-11)."""

from typing import Final

from tokenrouter.dialects.openai.chunks import ChunkStream
from tokenrouter.dialects.openai.dialect import OpenAiDialect

CHAT: Final = OpenAiDialect(
    "openai-chat",
    "chat",
    ChunkStream(),
    max_tokens_fields=("max_tokens", "max_completion_tokens"),
    required=("messages",),
    arrays=("messages",),
)

"""OpenAI Embeddings (platform.openai.com/docs/api-reference/embeddings, read 2026-11): whole answers only."""

from typing import Final

from tokenrouter.dialects.openai.dialect import OpenAiDialect
from tokenrouter.dialects.openai_chat.chat import ChatStream

EMBEDDINGS: Final = OpenAiDialect("openai-embeddings", "embeddings", ChatStream(), required=("input",))

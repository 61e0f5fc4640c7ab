"""OpenAI Embeddings (platform.openai.com/docs/api-reference/embeddings, read 2026-11): whole answers only."""

from typing import Final

from tokenrouter.dialects.openai_chat import ChatStream
from tokenrouter.dialects.openai_dialect import OpenAiDialect

EMBEDDINGS: Final = OpenAiDialect("openai-embeddings", "embeddings", ChatStream(), required=("input",))

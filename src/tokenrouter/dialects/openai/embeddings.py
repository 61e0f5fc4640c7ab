"""OpenAI Embeddings (platform.openai.com/docs/api-reference/embeddings, read 2026-11): whole answers only."""

from typing import Final

from tokenrouter.dialects.openai.chunks import ChunkStream
from tokenrouter.dialects.openai.dialect import OpenAiDialect

EMBEDDINGS: Final = OpenAiDialect("openai-embeddings", "embeddings", ChunkStream(), required=("input",))

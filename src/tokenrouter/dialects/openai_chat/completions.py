"""OpenAI's legacy Completions (platform.openai.com/docs/api-reference/completions, read 2026-11).

Its stream is framed and ended like Chat's, so it is read by the same reader.
"""

from typing import Final

from tokenrouter.dialects.openai.chunks import ChunkStream
from tokenrouter.dialects.openai.dialect import OpenAiDialect

COMPLETIONS: Final = OpenAiDialect(
    "openai-completions", "completions", ChunkStream(), max_tokens_fields=("max_tokens",)
)

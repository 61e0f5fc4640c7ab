"""OpenAI's files and batches (platform.openai.com/docs/api-reference/files and /batch, read 2026-11).

They are no questions to a model, so of a dialect they need its name and its way of telling errors only.
"""

from typing import Final

from tokenrouter.dialects.openai.chunks import ChunkStream
from tokenrouter.dialects.openai.dialect import OpenAiDialect


class ResourceDialect(OpenAiDialect):
    """What lies in an account. Idempotency keys are not passed on: two tenants could send the same."""

    forwarded: tuple[bytes, ...] = (b"openai-beta",)


FILES: Final = ResourceDialect("openai-files", "files", ChunkStream())
BATCHES: Final = ResourceDialect("openai-batches", "batches", ChunkStream())

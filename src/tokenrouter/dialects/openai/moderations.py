"""OpenAI Moderations (platform.openai.com/docs/api-reference/moderations, read 2026-11): no tokens are reported."""

from typing import Final

from tokenrouter.dialects.base import Head
from tokenrouter.dialects.json import peek_object
from tokenrouter.dialects.openai.chunks import ChunkStream
from tokenrouter.dialects.openai.dialect import OpenAiDialect

DEFAULT_MODEL: Final = b'"omni-moderation-latest"'
"""What the vendor takes where a request names no model, as most do."""


class ModerationsDialect(OpenAiDialect):
    """Moderations, which need not name a model."""

    def peek(self, body: bytes, model: str | None = None, stream: bool | None = None) -> Head:
        given = peek_object(body)
        if "model" not in given.fields:
            body = b"".join(given.changed({"model": DEFAULT_MODEL}))
        return super().peek(body)


MODERATIONS: Final = ModerationsDialect("openai-moderations", "moderations", ChunkStream(), required=("input",))

"""What is passed through raw has no dialect of ours; errors of the gateway are told in OpenAI's way."""

from typing import Final

from tokenrouter.dialects.openai.chunks import ChunkStream
from tokenrouter.dialects.openai.dialect import OpenAiDialect


class PassthroughDialect(OpenAiDialect):
    """Headers that choose a version of an API go along; nothing that says who asks."""

    forwarded: tuple[bytes, ...] = (b"accept", b"openai-beta", b"anthropic-version", b"anthropic-beta")


PASSTHROUGH: Final = PassthroughDialect("passthrough", "passthrough", ChunkStream())

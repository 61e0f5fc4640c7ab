"""The dialects that conversations may come in, and be translated from: the one list."""

from collections.abc import Mapping
from typing import Final

from tokenrouter.dialects.anthropic_codec import MESSAGES_CODEC
from tokenrouter.dialects.gemini_codec import GEMINI_CODEC
from tokenrouter.dialects.hub import ClientCodec
from tokenrouter.dialects.openai_chat_codec import CHAT_CODEC
from tokenrouter.dialects.openai_completions_codec import COMPLETIONS_CODEC
from tokenrouter.dialects.openai_responses_codec import RESPONSES_CODEC

CLIENT_CODECS: Final[Mapping[str, ClientCodec]] = {
    codec.name: codec for codec in (CHAT_CODEC, COMPLETIONS_CODEC, RESPONSES_CODEC, MESSAGES_CODEC, GEMINI_CODEC)
}
"""By the name of the dialect."""

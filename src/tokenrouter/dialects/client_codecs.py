"""The dialects that conversations may come in, and be translated from: the one list."""

from collections.abc import Mapping
from typing import Final

from tokenrouter.dialects.anthropic.codec import MESSAGES_CODEC
from tokenrouter.dialects.gemini.codec import GEMINI_CODEC
from tokenrouter.dialects.hub import ClientCodec
from tokenrouter.dialects.openai_chat.codec import CHAT_CODEC
from tokenrouter.dialects.openai_chat.completions_codec import COMPLETIONS_CODEC
from tokenrouter.dialects.openai_responses.codec import RESPONSES_CODEC

CLIENT_CODECS: Final[Mapping[str, ClientCodec]] = {
    codec.name: codec for codec in (CHAT_CODEC, COMPLETIONS_CODEC, RESPONSES_CODEC, MESSAGES_CODEC, GEMINI_CODEC)
}
"""By the name of the dialect."""

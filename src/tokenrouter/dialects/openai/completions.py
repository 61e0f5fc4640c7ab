"""OpenAI's legacy Completions (platform.openai.com/docs/api-reference/completions, read 2026-11).

Its stream is framed and ended like Chat's, so it is read by the same reader.
"""

from typing import Final

from tokenrouter.dialects.openai.dialect import OpenAiDialect
from tokenrouter.dialects.openai_chat.chat import ChatStream

COMPLETIONS: Final = OpenAiDialect("openai-completions", "completions", ChatStream(), max_tokens_fields=("max_tokens",))

"""What stands beside OpenAI's Responses: counting a request's tokens, and making a conversation shorter."""

from typing import Final

from tokenrouter.dialects.openai.dialect import OpenAiDialect
from tokenrouter.dialects.openai_responses.responses import ResponsesStream

INPUT_TOKENS: Final = OpenAiDialect("openai-input-tokens", "count_input_tokens", ResponsesStream())
COMPACT: Final = OpenAiDialect("openai-compact", "compact", ResponsesStream())

"""Which dialects a vendor can be spoken to in, for requests that came in another one."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from tokenrouter.dialects.anthropic.codec import MessagesCodec
from tokenrouter.dialects.bedrock.codec import ConverseCodec
from tokenrouter.dialects.gemini.codec import GeminiCodec
from tokenrouter.dialects.hub import ProviderCodec
from tokenrouter.dialects.openai_chat import losses as openai_chat_losses
from tokenrouter.dialects.openai_chat.codec import ChatCodec
from tokenrouter.dialects.openai_responses import losses as openai_responses_losses
from tokenrouter.dialects.openai_responses.codec import ResponsesCodec
from tokenrouter.domain.ledger import Operation
from tokenrouter.providers.presets import Preset


def provider_codecs(preset: Preset) -> dict[Operation, ProviderCodec]:
    """Return a codec for each operation that conversations can be translated to, best first.

    The usual order is that of what gets lost; Responses come last because most who offer them do it by halves.
    """
    order = preset.conversations or tuple(_MAKERS)
    return {operation: _MAKERS[operation](preset) for operation in order if operation in preset.operations}


def _chat(preset: Preset) -> ProviderCodec:
    quirks = preset.quirks
    asks_usage = quirks.stream_usage == "include_usage"
    chat = openai_chat_losses.OPENAI if preset.full_openai else preset.chat
    return ChatCodec(replace(chat, max_tokens_field=quirks.max_tokens_field, asks_usage=asks_usage))


def _responses(preset: Preset) -> ProviderCodec:
    return ResponsesCodec(openai_responses_losses.OPENAI if preset.full_openai else preset.responses)


_MAKERS: Final[Mapping[Operation, Callable[[Preset], ProviderCodec]]] = {
    "messages": lambda preset: MessagesCodec(preset.messages),
    "generate_content": lambda preset: GeminiCodec(preset.gemini),
    "converse": lambda _preset: ConverseCodec(),
    "chat": _chat,
    "responses": _responses,
}

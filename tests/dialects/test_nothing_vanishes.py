"""What a client says reaches the provider in some form, or the client is told that it does not.

Each row of `optional_fields` is sent to every provider dialect but the client's own. It must change what the provider
gets, or be named among the losses, or be refused; and a mark in it must arrive, where nothing is told of its loss.
"""

import copy
import json
from typing import Any, Final

import pytest

from tests.dialects.optional_fields import BASES, ROWS
from tokenrouter.dialects.anthropic.codec import MessagesCodec
from tokenrouter.dialects.bedrock.codec import ConverseCodec
from tokenrouter.dialects.bridge import Asked, HubBridge, HubCrossing
from tokenrouter.dialects.client_codecs import CLIENT_CODECS
from tokenrouter.dialects.gemini.codec import GeminiCodec
from tokenrouter.dialects.gemini.losses import VERTEX
from tokenrouter.dialects.hub import ProviderCodec, Target
from tokenrouter.dialects.openai_chat.codec import ChatCodec
from tokenrouter.dialects.openai_chat.losses import OPENAI as CHAT_OF_OPENAI
from tokenrouter.dialects.openai_responses.codec import ResponsesCodec
from tokenrouter.dialects.openai_responses.losses import OPENAI as RESPONSES_OF_OPENAI
from tokenrouter.dialects.state_memory import StateMemory
from tokenrouter.domain.errors import InvalidRequest

PROVIDERS: Final[dict[str, tuple[ProviderCodec, str]]] = {
    "chat of OpenAI": (ChatCodec(CHAT_OF_OPENAI), "gpt-5.6-sol"),
    "chat of others": (ChatCodec(), "m-1"),
    "responses of OpenAI": (ResponsesCodec(RESPONSES_OF_OPENAI), "gpt-5.6-sol"),
    "responses of others": (ResponsesCodec(), "m-1"),
    "newest Claude": (MessagesCodec(), "claude-opus-5-5"),
    "older Claude": (MessagesCodec(), "claude-sonnet-4-5"),
    "oldest Claude": (MessagesCodec(), "claude-sonnet-4"),
    "Gemini 3": (GeminiCodec(), "gemini-3-pro"),
    "Gemini 2": (GeminiCodec(), "gemini-2.0-flash"),
    "Gemini of Vertex": (GeminiCodec(VERTEX), "gemini-2.5-pro"),
    "Claude of Bedrock": (ConverseCodec(), "anthropic.claude-sonnet-4-5-20250929-v1:0"),
    "Nova of Bedrock": (ConverseCodec(), "amazon.nova-pro-v1:0"),
}
DONE_UNASKED: Final = {
    ("thinking", "adaptive"): "the models of others decide themselves how long they think",
    ("thinking", "between_tools"): "the models of others decide themselves when they think",
    ("thinking", "disabled"): "the model does not think anyway",
    ("thinkingConfig.thinkingBudget", "0"): "the model does not think anyway",
    ("thinkingConfig.includeThoughts", "true"): "vendors of Chat Completions show what they show",
    ("service_tier", "standard_only"): "Google serves nobody better who did not ask for it",
    ("generationConfig.logprobs", "3"): "without `responseLogprobs` Google gives none either",
    ("functionCallingConfig.streamFunctionCallArguments", "true"): "all others stream arguments in pieces",
}
"""By the end of the path and a word of the value: what need not change anything, and why."""
LABELS: Final = frozenset(("response_format", "text.format"))
"""Rows whose mark names a schema, which the dialects of some vendors do not name."""


def put(body: Any, path: str, value: Any) -> Any:
    body = copy.deepcopy(body)
    *way, last = path.split(".")
    at = body
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    if last == "+":
        at.append(value)
    else:
        at[last] = value
    return body


def cross(client: str, provider: str, body: Any) -> HubCrossing:
    codec, model = PROVIDERS[provider]
    bridge = HubBridge(CLIENT_CODECS[client], codec, Target("p", model, "o/p"), StateMemory(), "t")
    is_gemini = client == "gemini"
    asked = Asked("req_1", 1, "alias" if is_gemini else None, False if is_gemini else None)
    return bridge.cross(json.dumps(body).encode(), asked)


def is_done_unasked(path: str, value: Any) -> bool:
    return any(path.endswith(end) and word in json.dumps(value) for end, word in DONE_UNASKED)


@pytest.mark.parametrize(
    ("client", "path", "value", "provider"),
    [
        pytest.param(client, path, value, provider, id=f"{client}-{path}-{provider}")
        for client, rows in ROWS.items()
        for path, value in rows
        for provider, (codec, _) in PROVIDERS.items()
        if codec.name != client and not is_done_unasked(path, value)
    ],
)
def test_what_a_client_says_arrives_or_is_told_of(client: str, path: str, value: Any, provider: str) -> None:
    plain = cross(client, provider, BASES[client])
    try:
        got = cross(client, provider, put(BASES[client], path, value))
    except InvalidRequest:
        return

    told = {loss.feature for loss in got.losses} - {loss.feature for loss in plain.losses}
    is_undone = got.encoded.undo != plain.encoded.undo
    assert told or is_undone or (got.body, got.encoded.headers) != (plain.body, plain.encoded.headers)
    if "mark" in json.dumps(value) and path not in LABELS:
        assert told or is_undone or b"mark" in got.body


@pytest.mark.parametrize("row", DONE_UNASKED)
def test_every_exception_to_that_is_a_row(row: tuple[str, str]) -> None:
    end, word = row

    assert any(path.endswith(end) and word in json.dumps(value) for rows in ROWS.values() for path, value in rows)

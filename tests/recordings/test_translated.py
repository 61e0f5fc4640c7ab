"""Every recorded answer of every provider, written in every client's dialect, read by that vendor's own SDK."""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from anthropic.types import Message as AnthropicMessage
from google.genai.types import GenerateContentResponse
from openai.types.chat import ChatCompletion
from openai.types.responses import Response
from pydantic import BaseModel

from tests.dialects.recorded import decoded, gathered, require_order
from tests.recordings.corpus import STREAMS, TARGET, WHOLES, Recording
from tests.recordings.judges import ChatJudge, Desk, Heard, Judge
from tokenrouter.dialects.anthropic.codec import MESSAGES_CODEC
from tokenrouter.dialects.gemini.codec import GEMINI_CODEC
from tokenrouter.dialects.hub import ClientCodec, Reply
from tokenrouter.dialects.openai_chat.codec import CHAT_CODEC
from tokenrouter.dialects.openai_responses.codec import RESPONSES_CODEC
from tokenrouter.dialects.translate import TranslatingRelay, translate_answer
from tokenrouter.domain.answers import Answer, ItemBegun, StopReason
from tokenrouter.domain.items import Call, Item, Message, Reasoning, Refusal, Text
from tokenrouter.domain.ledger import Usage

CLIENTS: dict[str, ClientCodec] = {
    "chat": CHAT_CODEC,
    "responses": RESPONSES_CODEC,
    "messages": MESSAGES_CODEC,
    "gemini": GEMINI_CODEC,
}
QUESTIONS = {
    "chat": {"model": "m", "messages": [], "stream_options": {"include_usage": True}},
    "responses": {"model": "m", "input": "x", "include": ["reasoning.encrypted_content"]},
    "messages": {"model": "m", "max_tokens": 9, "messages": []},
    "gemini": {"contents": [], "generationConfig": {"thinkingConfig": {"includeThoughts": True}}},
}
"""What the client asked: for all that an answer may hold."""
STOPS: dict[str, Mapping[StopReason, str]] = {
    "chat": {"end": "stop", "tool": "tool_calls", "length": "length", "filter": "content_filter"},
    "responses": {
        "end": "completed",
        "tool": "completed",
        "length": "max_output_tokens",
        "filter": "content_filter",
    },
    "messages": {"end": "end_turn", "tool": "tool_use", "length": "max_tokens", "filter": "refusal"},
    "gemini": {"end": "STOP", "tool": "STOP", "length": "MAX_TOKENS", "filter": "SAFETY"},
}
"""Reasons in each dialect's word (dialects facts, 2.7)."""
PLAIN = frozenset(("messages", "gemini"))
"""Dialects with plain functions only: a free text is their argument `input`, a namespace part of their name."""
WORDLESS = frozenset(("messages", "gemini"))
"""Dialects with a field for why an answer was refused; the others say it in the words of a refusal."""


def has_free_text(recording: Recording) -> bool:
    events = decoded(recording.codec.stream_decoder(TARGET), recording.wire)
    return any(isinstance(event, ItemBegun) and getattr(event.item, "kind", "") == "custom" for event in events)


FREE_TEXTS = [("chat", recording) for recording in STREAMS if has_free_text(recording)]
"""Streams that OpenAI's helper cannot read, whoever wrote them: it knows no free-text calls of Chat Completions."""


BETAS = [("messages", recording) for recording in WHOLES if recording.spoken == "messages"]
"""Answers that pass from Anthropic to its own clients, with blocks of betas that stand in other types of the SDK."""


def pairs(recordings: Sequence[Recording], without: Sequence[tuple[str, Recording]] = ()) -> pytest.MarkDecorator:
    cases = [case for case in itertools.product(CLIENTS, recordings) if case not in without]
    return pytest.mark.parametrize(
        ("client", "recording"), cases, ids=[f"{recording.name}-{client}" for client, recording in cases]
    )


def reply_in(client: str, *, stream: bool) -> Reply:
    body = json.dumps(QUESTIONS[client]).encode()
    return Reply(CLIENTS[client].decode_request(body, model="m", stream=stream), "r1", 1_700_000_000)


def expected(answer: Answer, client: str) -> Heard:
    """Return what a client is to understand of `answer`."""
    choice = answer.choices[0]
    words = [part.text for item in choice.items for part in _parts(item) if isinstance(part, Text | Refusal)]
    if not words and client not in WORDLESS:
        words = [choice.stop.explanation]
    thoughts = [text for item in choice.items if isinstance(item, Reasoning) for text in item.texts]
    calls = tuple(_called(item, client) for item in choice.items if isinstance(item, Call))
    usage = (answer.usage or Usage())._replace(
        cache_write_tokens=0,
        cache_write_1h_tokens=0,
        audio_tokens=0,
        audio_output_tokens=0,
        image_input_tokens=0,
        image_output_tokens=0,
        tier="",
    )
    return Heard("".join(words), "".join(thoughts), calls, STOPS[client][choice.stop.reason], usage)


def _parts(item: Item) -> Sequence[object]:
    return item.parts if isinstance(item, Message) else ()


def _called(call: Call, client: str) -> tuple[str, Any]:
    name = f"{call.namespace}__{call.name}" if call.namespace and client in PLAIN else call.name
    if call.kind == "function":
        return name, json.loads(call.arguments)
    return name, {"input": call.arguments} if client in PLAIN else call.arguments


def blankless(heard: Heard) -> Heard:
    """Return it without what dialects put between sections of thoughts and between parts."""
    return Heard("".join(heard.text.split()), "".join(heard.thoughts.split()), heard.calls, heard.stop, heard.usage)


@pairs(WHOLES)
def test_a_recorded_answer_is_understood_in_every_dialect(
    client: str, recording: Recording, desk: Desk, readers: Mapping[str, Judge]
) -> None:
    wanted = expected(recording.codec.decode_answer(recording.wire, TARGET), client)
    reply = reply_in(client, stream=False)
    desk.lay(translate_answer(recording.wire, recording.codec, TARGET, CLIENTS[client], reply).body, stream=False)

    heard = readers[client].whole()

    assert blankless(heard) == blankless(wanted)


def translated(recording: Recording, client: str) -> tuple[bytes, TranslatingRelay]:
    """Return the stream that the client gets, and the relay that made it."""
    decoder = recording.codec.stream_decoder(TARGET)
    encoder = CLIENTS[client].stream_encoder(reply_in(client, stream=True))
    relay = TranslatingRelay(decoder, encoder, provider="acme", request_id="req_r1")
    begun = relay.feed(recording.wire)
    last = relay.close()
    return begun + (last or b""), relay


STRICT: dict[str, type[BaseModel]] = {
    "chat": ChatCompletion,
    "responses": Response,
    "messages": AnthropicMessage,
    "gemini": GenerateContentResponse,
}
"""The vendors' types. Their SDKs read answers leniently; programs in other languages do not."""


@pairs(WHOLES, without=BETAS)
def test_a_recorded_answer_fits_the_types_of_every_dialect(client: str, recording: Recording) -> None:
    reply = reply_in(client, stream=False)

    body = translate_answer(recording.wire, recording.codec, TARGET, CLIENTS[client], reply).body

    STRICT[client].model_validate_json(body)


@pairs(STREAMS, without=FREE_TEXTS)
def test_a_recorded_stream_is_understood_in_every_dialect(
    client: str, recording: Recording, desk: Desk, readers: Mapping[str, Judge]
) -> None:
    events = decoded(recording.codec.stream_decoder(TARGET), recording.wire)
    require_order(events)
    wanted = expected(gathered(events), client)
    wire, relay = translated(recording, client)
    assert relay.ended
    desk.lay(wire, stream=True)

    heard = readers[client].stream()

    assert blankless(heard) == blankless(wanted)
    assert relay.usage == gathered(events).usage


@pytest.mark.parametrize(("client", "recording"), FREE_TEXTS, ids=str)
def test_a_free_text_call_is_understood_in_chunks(
    client: str, recording: Recording, desk: Desk, readers: Mapping[str, Judge]
) -> None:
    wanted = expected(gathered(decoded(recording.codec.stream_decoder(TARGET), recording.wire)), client)
    desk.lay(translated(recording, client)[0], stream=True)
    chat = readers[client]
    assert isinstance(chat, ChatJudge)

    assert chat.free_text_calls() == wanted.calls


def payloads(wire: bytes) -> list[object]:
    return [json.loads(frame.removeprefix(b"data: ")) for frame in wire.split(b"\n\n") if frame]


@pytest.mark.parametrize("recording", STREAMS, ids=str)
def test_gemini_without_events_gets_the_same_in_an_array(recording: Recording) -> None:
    events, _ = translated(recording, "gemini")
    encoder = GEMINI_CODEC.stream_encoder(replace(reply_in("gemini", stream=True), sse=False))
    decoder = recording.codec.stream_decoder(TARGET)
    relay = TranslatingRelay(decoder, encoder, provider="acme", request_id="req_r1")
    array = relay.feed(recording.wire) + (relay.close() or b"")

    assert json.loads(array) == payloads(events)

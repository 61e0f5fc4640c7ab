"""What goes wrong when tokens are counted across dialects."""

import json
from typing import Any

import pytest

from tests.gateway.fakes import Client, Notes, Provided, Scripted, gateway
from tests.gateway.test_translation import SSE, body_of, call
from tests.pitfalls.crossing import (
    ANTHROPIC,
    COMPATIBLE,
    DONE,
    GEMINI,
    OPENAI,
    PAIRS,
    answered,
    begun,
    block,
    bridge,
    chat,
    crossed,
    data,
    ended,
    google,
    named,
    responded,
    said,
    sent,
    streamed,
)
from tests.pitfalls.readers import READERS, read_chat, read_messages
from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_responses.responses import RESPONSES

_PLAIN, _READ, _WRITTEN, _THOUGHT, _ANSWER = 100, 40, 25, 30, 50
"""Tokens of the prompt that no cache has; read from one; written to one; of reasoning; of the rest of the answer."""
_INPUT, _OUTPUT = _PLAIN + _READ + _WRITTEN, _THOUGHT + _ANSWER
_CHAT_USAGE = {
    "prompt_tokens": _INPUT,
    "completion_tokens": _OUTPUT,
    "total_tokens": _INPUT + _OUTPUT,
    "prompt_tokens_details": {"cached_tokens": _READ, "cache_write_tokens": _WRITTEN},
    "completion_tokens_details": {"reasoning_tokens": _THOUGHT},
}
_RESPONSES_USAGE = {
    "input_tokens": _INPUT,
    "input_tokens_details": {"cached_tokens": _READ, "cache_write_tokens": _WRITTEN},
    "output_tokens": _OUTPUT,
    "output_tokens_details": {"reasoning_tokens": _THOUGHT},
    "total_tokens": _INPUT + _OUTPUT,
}
_ANTHROPIC_USAGE: dict[str, Any] = {
    "input_tokens": _PLAIN,
    "cache_read_input_tokens": _READ,
    "cache_creation_input_tokens": _WRITTEN,
    "output_tokens": _OUTPUT,
    "output_tokens_details": {"thinking_tokens": _THOUGHT},
}
_GEMINI_USAGE = {
    "promptTokenCount": _INPUT - 5,
    "toolUsePromptTokenCount": 5,
    "cachedContentTokenCount": _READ,
    "candidatesTokenCount": _ANSWER,
    "thoughtsTokenCount": _THOUGHT,
    "totalTokenCount": _INPUT + _OUTPUT,
}
_WORDS = {"type": "text", "text": ""}, {"type": "text_delta", "text": "hello"}
_STREAMS = {
    COMPATIBLE: chat({"content": "hello"}, "stop") + data({"choices": [], "usage": _CHAT_USAGE}) + DONE,
    OPENAI: named(*responded(said("hello"), usage=_RESPONSES_USAGE)),
    ANTHROPIC: named(
        begun(**{name: count for name, count in _ANTHROPIC_USAGE.items() if name != "output_tokens_details"}),
        *block(0, *_WORDS),
        *ended(output_tokens=_OUTPUT, output_tokens_details={"thinking_tokens": _THOUGHT}),  # type: ignore[arg-type]
    ),
    GEMINI: google({"text": "hello"}, finish="STOP", usageMetadata=_GEMINI_USAGE),
}
_ANSWERS = {
    COMPATIBLE: {
        "id": "c1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
        "usage": _CHAT_USAGE,
    },
    OPENAI: {"id": "r", "model": "m", "status": "completed", "output": [said("hello")], "usage": _RESPONSES_USAGE},
    ANTHROPIC: {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "hello"}],
        "stop_reason": "end_turn",
        "usage": _ANTHROPIC_USAGE,
    },
    GEMINI: {
        "candidates": [{"content": {"role": "model", "parts": [{"text": "hello"}]}, "finishReason": "STOP"}],
        "usageMetadata": _GEMINI_USAGE,
    },
}
_USAGE_FIELDS = {CHAT.name: "usage", RESPONSES.name: "usage", MESSAGES.name: "usage"}


def counts(client: Dialect, usage: dict[str, Any]) -> tuple[int, int, int, int, int]:
    """Return total input, read from a cache, written to one, total output and reasoning, as a client reads them."""
    if client is MESSAGES:
        read, written = usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]
        thought = usage.get("output_tokens_details", {}).get("thinking_tokens", 0)
        return usage["input_tokens"] + read + written, read, written, usage["output_tokens"], thought
    if client is GENERATE_CONTENT:
        thought = usage.get("thoughtsTokenCount", 0)
        output = usage["candidatesTokenCount"] + thought
        assert usage["totalTokenCount"] == usage["promptTokenCount"] + output
        return usage["promptTokenCount"], usage.get("cachedContentTokenCount", 0), 0, output, thought
    given, taken = ("prompt", "completion") if client is CHAT else ("input", "output")
    inside, outside = usage[f"{given}_tokens_details"], usage[f"{taken}_tokens_details"]
    assert usage["total_tokens"] == usage[f"{given}_tokens"] + usage[f"{taken}_tokens"]
    read, written = inside["cached_tokens"], inside["cache_write_tokens"]
    return usage[f"{given}_tokens"], read, written, usage[f"{taken}_tokens"], outside["reasoning_tokens"]


def expected(kind: str, client: Dialect) -> tuple[int, int, int, int, int]:
    """Gemini tells nothing of tokens that are written to a cache."""
    return _INPUT, _READ, 0 if kind == GEMINI or client is GENERATE_CONTENT else _WRITTEN, _OUTPUT, _THOUGHT


@pytest.mark.parametrize(("kind", "client"), PAIRS)
def test_10_cached_tokens_are_counted_once_in_every_stream(kind: str, client: Dialect) -> None:
    """10: twice or lost (new-api PR#2744, new-api#4395, higress#4272, CLIProxyAPI#5956, OmniRoute PR#9657)."""
    heard = READERS[client.name](streamed(bridge(kind, client), _STREAMS[kind]))

    assert counts(client, heard.usage) == expected(kind, client)


@pytest.mark.parametrize(("kind", "client"), PAIRS)
def test_10_and_in_every_whole_answer(kind: str, client: Dialect) -> None:
    """10: what the client is told and what the ledger gets are the same."""
    told = answered(bridge(kind, client), _ANSWERS[kind])

    assert counts(client, told[_USAGE_FIELDS.get(client.name, "usageMetadata")]) == expected(kind, client)


@pytest.mark.parametrize("kind", [COMPATIBLE, OPENAI, ANTHROPIC, GEMINI])
def test_10_and_in_the_ledger(kind: str) -> None:
    """10: where it is money."""
    client = MESSAGES if kind != ANTHROPIC else CHAT
    relay = crossed(bridge(kind, client)).relay()
    relay.feed(_STREAMS[kind])
    relay.close()
    whole = crossed(bridge(kind, client)).answer(json.dumps(_ANSWERS[kind]).encode()).usage

    assert relay.usage is not None
    assert relay.usage == whole
    assert (whole.input_tokens, whole.cached_input_tokens) == (_INPUT, _READ)
    assert whole.cache_write_tokens == (0 if kind == GEMINI else _WRITTEN)
    assert (whole.output_tokens, whole.reasoning_tokens) == (_OUTPUT, _THOUGHT)


def test_10_no_count_falls_below_0_though_a_vendor_reports_more_cached_than_total() -> None:
    """10: some do."""
    odd = {**_CHAT_USAGE, "prompt_tokens": 10}
    wire = chat({"content": "hello"}, "stop") + data({"choices": [], "usage": odd}) + DONE

    assert read_messages(streamed(bridge(COMPATIBLE, MESSAGES), wire)).usage["input_tokens"] == 0


def test_10_reasoning_that_a_vendor_reports_beside_the_answer_is_billed() -> None:
    """10: only its total tells (facts, 2.13)."""
    beside = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 22}
    usage = {**beside, "completion_tokens_details": {"reasoning_tokens": 7}}
    wire = chat({"content": "hello"}, "stop") + data({"choices": [], "usage": usage}) + DONE

    assert read_messages(streamed(bridge(COMPATIBLE, MESSAGES), wire)).usage["output_tokens"] == 12


@pytest.mark.parametrize("kind", [COMPATIBLE, OPENAI, GEMINI])
def test_11_an_anthropic_client_reads_all_counts_in_the_last_delta(kind: str) -> None:
    """11: cache fields were 0 in message_start, or everything was (litellm#31069)."""
    wire = streamed(bridge(kind, MESSAGES), _STREAMS[kind])
    start, last = (json.loads(wire.split(b"data: ")[at].split(b"\n")[0]) for at in (1, -2))

    assert start["message"]["usage"]["input_tokens"] > 0, "an estimate, until the true number is known"
    assert counts(MESSAGES, last["usage"]) == expected(kind, MESSAGES)


def test_11_what_anthropic_tells_at_the_start_is_known_at_the_end() -> None:
    """11: the last delta tells the output only."""
    heard = read_chat(streamed(bridge(ANTHROPIC, CHAT), _STREAMS[ANTHROPIC]))

    assert counts(CHAT, heard.usage) == expected(ANTHROPIC, CHAT)


@pytest.mark.parametrize("client", [RESPONSES, MESSAGES, GENERATE_CONTENT])
@pytest.mark.parametrize("choices", [[], [{"index": 0, "delta": {}}]], ids=["no choices", "empty delta"])
def test_12_usage_that_follows_the_finish_reason_is_counted(client: Dialect, choices: list[Any]) -> None:
    """12: it was ignored (OmniRoute PR#11833, OmniRoute#9750)."""
    wire = chat({"content": "hello"}) + chat({}, "stop") + data({"choices": choices, "usage": _CHAT_USAGE}) + DONE
    heard = READERS[client.name](streamed(bridge(COMPATIBLE, client), wire))

    assert counts(client, heard.usage) == expected(COMPATIBLE, client)


@pytest.mark.parametrize("client", [RESPONSES, MESSAGES, GENERATE_CONTENT])
def test_12_usage_is_always_asked_for(client: Dialect) -> None:
    """12: it was never sent (quotio#460)."""
    assert sent(bridge(COMPATIBLE, client))["stream_options"] == {"include_usage": True}
    assert "stream_options" not in sent(bridge(COMPATIBLE, client), stream=False)


@pytest.mark.parametrize("kind", [ANTHROPIC, OPENAI, GEMINI])
def test_12_a_chat_client_gets_usage_only_if_it_asked(kind: str) -> None:
    """12: it was forced on clients (openclaw#90495)."""
    body = {"messages": [{"role": "user", "content": "hi"}]}
    out = streamed(bridge(kind, CHAT), _STREAMS[kind], body=body)

    assert b'"usage"' not in out
    assert read_chat(streamed(bridge(kind, CHAT), _STREAMS[kind])).usage


async def test_12_nor_does_the_relay_show_what_only_the_gateway_asked_for() -> None:
    """12: and the ledger has it all the same."""
    provided, notes, fake = Provided(Scripted(200, SSE, [_STREAMS[COMPATIBLE]])), Notes(), Client()
    await gateway(provided, notes).serve(call(CHAT, stream=True), fake)

    assert body_of(provided.asked[0])["stream_options"] == {"include_usage": True}
    assert b'"usage"' not in fake.body
    assert fake.body.endswith(DONE)
    assert (notes.ended[0].usage.input_tokens, notes.ended[0].usage.output_tokens) == (_INPUT, _OUTPUT)

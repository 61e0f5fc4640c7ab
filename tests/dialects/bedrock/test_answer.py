import json
from typing import Any

import pytest

from tokenrouter.dialects.bedrock.answer import decode_answer
from tokenrouter.dialects.bedrock.messages import FAMILY
from tokenrouter.dialects.hub import Target
from tokenrouter.domain.answers import Answer, Stop
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.items import (
    Call,
    Citation,
    Foreign,
    Image,
    Inline,
    Item,
    Message,
    ProviderState,
    Reasoning,
    Text,
)
from tokenrouter.domain.ledger import Usage

TARGET = Target("aws", "anthropic.claude-opus-5", "aws/us-east-1/opus")


def read(*blocks: object, stop: str | None = "end_turn", **more: object) -> Answer:
    body = {"output": {"message": {"role": "assistant", "content": list(blocks)}}, "stopReason": stop, **more}
    return decode_answer(json.dumps(body).encode(), TARGET)


def items(*blocks: object) -> tuple[Item, ...]:
    return read(*blocks).choices[0].items


def state(kind: Any, value: str) -> ProviderState:
    return ProviderState(FAMILY, kind, value, "aws/us-east-1/opus")


def test_each_block_is_an_item_in_its_order() -> None:
    assert items(
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "cmVk"}},
        {"reasoningContent": {"reasoningText": {"text": "unsigned"}}},
        {"text": "Look:"},
        {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"x": 1.0}}},
        {"text": ""},
        {"image": {"format": "png", "source": {"bytes": "AAAA"}}},
    ) == (
        Reasoning(("hm",), state=state("signature", "c2ln")),
        Reasoning(state=state("redacted", "cmVk")),
        Reasoning(("unsigned",)),
        Message("assistant", (Text("Look:"),)),
        Call("t1", "f", '{"x": 1.0}'),
        Message("assistant", (Image(Inline("image/png", "AAAA")),)),
    )


def test_hidden_reasoning_is_its_signature_alone() -> None:
    assert items({"reasoningContent": {"reasoningText": {"text": "", "signature": "c2ln"}}}) == (
        Reasoning(state=state("signature", "c2ln")),
    )


@pytest.mark.parametrize("given", [{}, {"input": None}])
def test_a_call_without_arguments_has_an_empty_object(given: dict[str, object]) -> None:
    assert items({"toolUse": {"toolUseId": "t1", "name": "f", **given}}) == (Call("t1", "f", "{}"),)


def test_a_call_without_an_id_gets_one() -> None:
    (call,) = items({"toolUse": {"name": "f", "input": {}}})

    assert isinstance(call, Call)
    assert call.call_id.startswith("call_")


def test_what_bedrock_did_itself_and_what_nobody_knows_is_kept_whole() -> None:
    searched = {"toolUse": {"toolUseId": "t", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}}

    own, new = items(searched, {"hologram": {"a": 1}})

    assert isinstance(own, Foreign)
    assert (own.family, own.kind, json.loads(own.json)) == (FAMILY, "toolUse", searched)
    assert new == Foreign(FAMILY, "hologram", b'{"hologram": {"a": 1}}')


def test_citations_stand_with_their_words() -> None:
    web = {"location": {"web": {"url": "https://x"}}, "title": "X"}
    char = {"sourceContent": [{"text": "gr"}, {"text": "ass"}], "location": {"documentChar": {"start": 0, "end": 5}}}
    (message,) = items(
        {"citationsContent": {"content": [{"text": "It is "}, {"text": "green."}], "citations": [web, char, 7]}}
    )

    assert isinstance(message, Message)
    (text,) = message.parts
    assert isinstance(text, Text)
    assert text.text == "It is green."
    assert text.citations == (
        Citation("https://x", "X", family=FAMILY, json=json.dumps(web).encode()),
        Citation(cited_text="grass", start=0, end=5, family=FAMILY, json=json.dumps(char).encode()),
    )


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("end_turn", "end"),
        ("tool_use", "tool"),
        ("max_tokens", "length"),
        ("stop_sequence", "stop_sequence"),
        ("guardrail_intervened", "filter"),
        ("content_filtered", "filter"),
        ("model_context_window_exceeded", "context"),
        ("malformed_tool_use", "broken_call"),
        ("malformed_model_output", "error"),
        ("what_comes_next_year", "end"),
    ],
)
def test_every_stop_reason_has_its_meaning(native: str, reason: Any) -> None:
    assert read({"text": "x"}, stop=native).choices[0].stop == Stop(reason, native=native)


@pytest.mark.parametrize(("native", "reason"), [("end_turn", "tool"), (None, "tool"), ("max_tokens", "length")])
def test_calls_count_where_the_reason_does_not_tell_them(native: str | None, reason: str) -> None:
    assert read({"toolUse": {"toolUseId": "t", "name": "f"}}, stop=native).choices[0].stop.reason == reason


def test_the_sequence_that_was_met_and_the_guardrails_reason_are_told() -> None:
    met = read(stop="stop_sequence", additionalModelResponseFields={"stop_sequence": "END"})
    guarded = read({"text": "Sorry."}, stop="guardrail_intervened", trace={"guardrail": {"actionReason": "Blocked."}})

    assert met.choices[0].stop.sequence == "END"
    assert guarded.choices[0].stop.explanation == "Blocked."
    assert read(additionalModelResponseFields={"stop_sequence": 1}).choices[0].stop.sequence == ""


def test_cached_tokens_are_outside_of_bedrocks_input_and_inside_of_ours() -> None:
    told = {
        "inputTokens": 10,
        "outputTokens": 5,
        "totalTokens": 1015,
        "cacheReadInputTokens": 900,
        "cacheWriteInputTokens": 100,
    }

    assert read(usage=told).usage == Usage(1010, 5, 900, 100)
    assert read(usage={"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}).usage == Usage(10, 5)
    assert read(usage={"inputTokens": -1, "cacheReadInputTokens": None}).usage == Usage()
    assert read().usage is None


def test_caches_of_an_hour_and_the_tier_are_told_with_the_usage() -> None:
    details = [{"ttl": "1h", "inputTokens": 70}, {"ttl": "5m", "inputTokens": 30}]
    told = {"inputTokens": 10, "outputTokens": 5, "cacheWriteInputTokens": 100, "cacheDetails": details}

    answer = read(usage=told, serviceTier={"type": "flex"})

    assert answer.usage == Usage(110, 5, 0, 100, cache_write_1h_tokens=70, tier="flex")


def test_model_and_tier_are_told() -> None:
    answer = read(serviceTier={"type": "flex"}, metrics={"latencyMs": 9})

    assert (answer.model, answer.tier) == ("anthropic.claude-opus-5", "flex")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"<html>", "malformed"),
        (b"{}", "without a message"),
        (b'{"output":{"message":{"content":[{"text":1}]}}}', r"block \(0\).*text"),
        (b'{"output":{"message":{"content":7}}}', "content"),
        (b'{"output":{"message":{"content":[[]]}}}', r"block \(0\)"),
    ],
)
def test_an_answer_that_cannot_be_read_is_told_with_the_provider_and_the_place(body: bytes, where: str) -> None:
    with pytest.raises(ProviderProtocolError, match=f"'aws'.*{where}"):
        decode_answer(body, TARGET)

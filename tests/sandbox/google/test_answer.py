"""Answers have the shape of the recorded ones: parts, signatures, reasons to finish, usage."""

import base64
import json
from typing import Any

import pytest

from tests.sandbox.google.asking import WEATHER, asking, generate, said, vertex
from tests.sandbox.wire import Answered
from tokenrouter.testing.processes import SandboxProcess

THINKING = {"thinkingConfig": {"thinkingLevel": "LOW", "includeThoughts": True}}


def parts(answered: Answered) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answered.json()["candidates"][0]["content"]["parts"]
    return found


def test_echo_answers_as_recorded(sandbox: SandboxProcess) -> None:
    answered = generate(sandbox.base_url, "echo", asking("hällo 🎈"))

    document = answered.json()
    response_id = document.pop("responseId")
    assert len(response_id) == 22
    assert document == {
        "candidates": [
            {"content": {"parts": [{"text": "hällo 🎈"}], "role": "model"}, "finishReason": "STOP", "index": 0}
        ],
        "usageMetadata": {
            "promptTokenCount": 9,
            "candidatesTokenCount": 3,
            "totalTokenCount": 12,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 9}],
        },
        "modelVersion": "echo",
    }


def test_vertex_says_when_and_on_what_terms(sandbox: SandboxProcess) -> None:
    document = vertex(sandbox.base_url, "echo", asking()).json()

    assert document["usageMetadata"]["trafficType"] == "ON_DEMAND"
    assert document["createTime"].endswith("Z")


def test_a_stream_tells_the_usage_so_far_in_every_chunk(sandbox: SandboxProcess) -> None:
    answered = generate(sandbox.base_url, "lorem-3", asking(), "streamGenerateContent", "?alt=sse")

    chunks = answered.events()
    assert answered.headers["content-type"] == "text/event-stream"
    assert [chunk["usageMetadata"]["candidatesTokenCount"] for chunk in chunks] == [1, 2, 3, 3]
    assert ["finishReason" in chunk["candidates"][0] for chunk in chunks] == [False, False, False, True]
    assert len({chunk["responseId"] for chunk in chunks}) == 1


def test_without_alt_the_stream_is_one_json_array(sandbox: SandboxProcess) -> None:
    answered = generate(sandbox.base_url, "lorem-3", asking(), "streamGenerateContent")

    assert answered.headers["content-type"] == "application/json; charset=UTF-8"
    assert [chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in answered.json()] == [
        "Lore",
        "m ip",
        "sum ",
        "",
    ]


def test_a_thinker_signs_its_first_call_only(sandbox: SandboxProcess) -> None:
    body = asking("use tools", tools=[WEATHER], generationConfig=THINKING)

    thought, first, second = parts(generate(sandbox.base_url, "thinker", body))

    assert thought["thought"] is True
    assert first["functionCall"] == {"name": "get_weather", "args": {"city": "text"}}
    assert base64.b64decode(first["thoughtSignature"])
    assert second == {"functionCall": {"name": "get_time", "args": {}}}


def test_a_thinker_signs_its_text_at_the_end(sandbox: SandboxProcess) -> None:
    whole = parts(generate(sandbox.base_url, "thinker", asking()))
    streamed = generate(sandbox.base_url, "thinker", asking(), "streamGenerateContent", "?alt=sse").events()

    assert "thoughtSignature" in whole[0]
    *_, last = streamed
    [ending] = last["candidates"][0]["content"]["parts"]
    assert ending["text"] == ""
    assert ending["thoughtSignature"]


def test_thoughts_are_counted_beside_the_candidates(sandbox: SandboxProcess) -> None:
    usage = generate(sandbox.base_url, "thinker", asking(generationConfig=THINKING)).json()["usageMetadata"]

    assert usage["thoughtsTokenCount"] == 32
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"] + 32


def test_the_open_thinker_gives_its_calls_ids(sandbox: SandboxProcess) -> None:
    body = asking("use tool", tools=[WEATHER])

    assert parts(generate(sandbox.base_url, "thinker-open", body))[0]["functionCall"]["id"]
    assert "id" not in parts(generate(sandbox.base_url, "echo", body))[0]["functionCall"]


@pytest.mark.parametrize("model", ["thinker", "thinker-open", "echo"])
def test_a_turn_with_tools_comes_round_with_its_signature_and_not_without(sandbox: SandboxProcess, model: str) -> None:
    first = generate(sandbox.base_url, model, asking("use tool", tools=[WEATHER])).json()
    content = first["candidates"][0]["content"]
    results = {"role": "user", "parts": [{"functionResponse": {"name": "get_weather", "response": {"output": "21"}}}]}
    body = {"contents": [said("use tool"), content, results], "tools": [WEATHER]}

    assert parts(generate(sandbox.base_url, model, body))[0]["text"] == "The tool answered: 21"
    signed = content["parts"][0].pop("thoughtSignature", None)
    again = generate(sandbox.base_url, model, body)
    assert again.status == (400 if signed else 200)
    assert bool(signed) == model.startswith("thinker")


@pytest.mark.parametrize("reason", ["SAFETY", "RECITATION", "SPII"])
def test_a_reason_to_finish_can_be_asked_for(sandbox: SandboxProcess, reason: str) -> None:
    body = asking(f"please finish with {reason}")

    [candidate] = generate(sandbox.base_url, "echo", body).json()["candidates"]
    *_, last = generate(sandbox.base_url, "echo", body, "streamGenerateContent", "?alt=sse").events()
    assert candidate["finishReason"] == last["candidates"][0]["finishReason"] == reason


def test_a_malformed_call_leaves_nothing_said(sandbox: SandboxProcess) -> None:
    body = asking("finish with MALFORMED_FUNCTION_CALL", tools=[WEATHER])

    [candidate] = generate(sandbox.base_url, "echo", body).json()["candidates"]

    assert candidate["content"] == {}
    assert candidate["finishMessage"].startswith("Malformed function call")


def test_a_blocked_prompt_has_no_candidates(sandbox: SandboxProcess) -> None:
    body = asking("please be blocked with PROHIBITED_CONTENT")

    document = generate(sandbox.base_url, "echo", body).json()
    [chunk] = generate(sandbox.base_url, "echo", body, "streamGenerateContent", "?alt=sse").events()

    assert "candidates" not in document
    assert document["promptFeedback"] == chunk["promptFeedback"] == {"blockReason": "PROHIBITED_CONTENT"}
    assert "candidatesTokenCount" not in document["usageMetadata"]


def test_several_candidates_take_turns_in_a_stream(sandbox: SandboxProcess) -> None:
    body = asking(generationConfig={"candidateCount": 2})

    chunks = generate(sandbox.base_url, "lorem-2", body, "streamGenerateContent", "?alt=sse").events()

    assert [chunk["candidates"][0]["index"] for chunk in chunks] == [0, 1, 0, 1, 0, 1]
    assert chunks[-1]["usageMetadata"]["candidatesTokenCount"] == 4


def test_vertex_streams_arguments_when_asked(sandbox: SandboxProcess) -> None:
    config = {"functionCallingConfig": {"mode": "ANY", "streamFunctionCallArguments": True}}
    body = asking(tools=[WEATHER], toolConfig=config)

    array = vertex(sandbox.base_url, "thinker", body, "streamGenerateContent").json()

    calls = [
        part["functionCall"]
        for chunk in array
        for part in chunk["candidates"][0]["content"]["parts"]
        if "functionCall" in part
    ]
    assert calls[0] == {"name": "get_weather", "willContinue": True}
    assert [call["partialArgs"][0]["stringValue"] for call in calls[1:3]] == ["te", "xt"]
    assert calls[3] == {}


def test_what_the_limit_cuts_is_no_call(sandbox: SandboxProcess) -> None:
    body = asking("use tool", tools=[WEATHER], generationConfig={"maxOutputTokens": 4})

    [candidate] = generate(sandbox.base_url, "echo", body).json()["candidates"]

    assert candidate["finishReason"] == "MAX_TOKENS"
    assert candidate["content"]["parts"] == [{"text": ""}]


def test_a_long_prompt_is_cached_the_second_time(sandbox: SandboxProcess) -> None:
    body = asking("a prompt of Gemini's that only this test sends " * 200, generationConfig={"maxOutputTokens": 1})

    usages = [generate(sandbox.base_url, "echo", body).json()["usageMetadata"] for _ in range(2)]

    assert "cachedContentTokenCount" not in usages[0]
    assert usages[1]["cachedContentTokenCount"] == usages[1]["cacheTokensDetails"][0]["tokenCount"] > 1024
    assert usages[0]["promptTokenCount"] == usages[1]["promptTokenCount"]


@pytest.mark.parametrize("form", ["responseSchema", "responseJsonSchema"])
def test_a_schema_gets_an_instance(sandbox: SandboxProcess, form: str) -> None:
    schema = {"type": "OBJECT", "properties": {"x": {"type": "INTEGER"}}, "required": ["x"]}
    as_json = {"type": "object", "properties": {"x": {"const": 7}}, "required": ["x"]}
    config = {"responseMimeType": "application/json", form: schema if form == "responseSchema" else as_json}

    text = parts(generate(sandbox.base_url, "echo", asking(generationConfig=config)))[0]["text"]

    assert json.loads(text) == {"x": 1 if form == "responseSchema" else 7}

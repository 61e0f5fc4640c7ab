import json
from typing import Any

import pytest

from tokenrouter.dialects.gemini.request_decoder import decode_request
from tokenrouter.domain.errors import InvalidJson, InvalidRequest, NestedTooDeeply
from tokenrouter.domain.items import Message, Text
from tokenrouter.domain.requests import (
    HostedTool,
    OutputFormat,
    ReasoningControl,
    Request,
    Sampling,
    Service,
    Tool,
    ToolChoice,
)

SCHEMA = {"type": "object", "properties": {"file_uri": {"type": "string"}}}


def decode(**fields: Any) -> Request:
    return decode_request(json.dumps({"contents": [], **fields}).encode(), model="m", stream=True)


def config(**fields: Any) -> Request:
    return decode(generationConfig=fields)


def test_the_model_and_the_stream_are_from_the_path() -> None:
    request = decode(model="models/other")

    assert (request.model, request.stream, request.family, request.wants_usage) == ("m", True, "gemini", True)
    assert decode_request(b'{"contents":[],"model":"models/other"}').model == "other"
    assert not decode_request(b'{"contents":[]}', model="m").stream


def test_either_spelling_is_understood() -> None:
    request = decode(
        system_instruction={"parts": [{"text": "x"}]},
        generation_config={"max_output_tokens": 5, "thinking_config": {"thinking_level": "low"}},
        tool_config={"function_calling_config": {"mode": "any", "allowed_function_names": ["f"]}},
        tools=[{"function_declarations": [{"name": "f", "parameters_json_schema": SCHEMA}]}],
    )

    assert request.items == (Message("system", (Text("x"),)),)
    assert request.max_output_tokens == 5
    assert request.reasoning == ReasoningControl("low", shown=False)
    assert request.tool_choice == ToolChoice("required", ("f",))
    assert isinstance(request.tools[0], Tool)
    assert json.loads(request.tools[0].parameters or b"") == SCHEMA


def test_functions_have_schemas_of_either_kind_or_none() -> None:
    declared = [
        {"name": "a", "description": "A.", "parameters": {"type": "OBJECT", "properties": {"x": {"type": "STRING"}}}},
        {"name": "b", "parametersJsonSchema": SCHEMA, "behavior": "NON_BLOCKING"},
        {"name": "c"},
    ]
    first, second, third = decode(tools=[{"functionDeclarations": declared}]).tools

    assert first == Tool("a", "A.", b'{"type":"object","properties":{"x":{"type":"string"}}}')
    assert second == Tool("b", "", json.dumps(SCHEMA).encode(), extra={"behavior": b'"NON_BLOCKING"'})
    assert third == Tool("c")


def test_googles_own_tools_are_hosted_ones() -> None:
    tools = decode(
        tools=[{"googleSearch": {}, "code_execution": {}}, {"urlContext": {}}, {"googleMaps": {"x": 1}}]
    ).tools

    assert tools == (
        HostedTool("web_search", "gemini", b'{"googleSearch":{}}'),
        HostedTool("code_execution", "gemini", b'{"codeExecution":{}}'),
        HostedTool("url_context", "gemini", b'{"urlContext":{}}'),
        HostedTool("other", "gemini", b'{"googleMaps":{"x": 1}}'),
    )


@pytest.mark.parametrize(
    ("calling", "choice"),
    [
        ({}, None),
        ({"mode": "AUTO"}, ToolChoice("auto")),
        ({"mode": "ANY"}, ToolChoice("required")),
        ({"mode": "NONE"}, ToolChoice("none")),
        ({"mode": "VALIDATED", "allowedFunctionNames": ["f"]}, ToolChoice("auto", ("f",))),
    ],
)
def test_modes_of_calling_are_choices(calling: Any, choice: ToolChoice | None) -> None:
    assert decode(toolConfig={"functionCallingConfig": calling}).tool_choice == choice


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, None),
        ({"responseMimeType": "text/plain"}, None),
        ({"responseMimeType": "application/json"}, OutputFormat("json_object")),
        (
            {"responseMimeType": "application/json", "responseJsonSchema": {"type": "OBJECT"}},
            OutputFormat("json_schema", b'{"type":"object"}'),
        ),
        ({"responseSchema": {"type": "STRING"}}, OutputFormat("json_schema", b'{"type":"string"}')),
    ],
)
def test_the_shape_of_the_answer_is_read(asked: Any, wanted: OutputFormat | None) -> None:
    assert config(**asked).output_format == wanted


@pytest.mark.parametrize(
    ("thinking", "control"),
    [
        ({"includeThoughts": True, "thinkingBudget": 8192}, ReasoningControl(budget_tokens=8192, shown=True)),
        ({"thinkingLevel": "HIGH"}, ReasoningControl("high", shown=False)),
        ({"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}, None),
        ({"thinkingBudget": 0}, ReasoningControl(budget_tokens=0, shown=False)),
    ],
)
def test_thinking_is_a_level_or_a_budget(thinking: Any, control: ReasoningControl) -> None:
    assert config(thinkingConfig=thinking).reasoning == control


def test_sampling_is_read() -> None:
    request = config(
        maxOutputTokens=9,
        temperature=1,
        topP=0.95,
        topK=64.0,
        candidateCount=2,
        stopSequences=["a"],
        seed=3,
        presencePenalty=0.1,
        frequencyPenalty=0.2,
        responseLogprobs=True,
        logprobs=5,
        responseModalities=["TEXT", "IMAGE"],
    )

    assert request.max_output_tokens == 9
    assert request.sampling == Sampling(1, 0.95, 64, ("a",), 2, 3, 0.1, 0.2, True, 5)
    assert request.modalities == ("image",)


def test_service_settings_are_read_and_the_rest_is_kept() -> None:
    request = decode(
        cachedContent="cachedContents/1",
        labels={"team": "a"},
        serviceTier="flex",
        safetySettings=[{"category": "C"}],
        generationConfig={
            "speechConfig": {"x": 1},
            "responseMimeType": "text/x.enum",
            "responseSchema": {"type": "STRING"},
        },
        toolConfig={"retrievalConfig": {"y": 2}},
        store=None,
    )

    assert request.service == Service(metadata=b'{"team": "a"}', tier="flex", cached_content="cachedContents/1")
    assert {name: json.loads(raw) for name, raw in request.extra.items()} == {
        "safetySettings": [{"category": "C"}],
        "generationConfig.speechConfig": {"x": 1},
        "generationConfig.responseMimeType": "text/x.enum",
        "generationConfig.responseSchema": {"type": "STRING"},
        "toolConfig.retrievalConfig": {"y": 2},
    }


def test_a_request_that_is_only_counted_is_read_too() -> None:
    body = b'{"generateContentRequest":{"model":"models/x","contents":[{"parts":[{"text":"a"}]}]}}'

    assert decode_request(body, model="m").items == (Message("user", (Text("a"),)),)
    assert decode_request(body.replace(b"generateContentR", b"generate_content_r"), model="m").items


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"contents": 7}, "contents"),
        ({"generationConfig": {"temperature": "hot"}}, "generationConfig.temperature"),
        (
            {"generationConfig": {"thinkingConfig": {"thinkingLevel": "DEEP"}}},
            "generationConfig.thinkingConfig.thinkingLevel",
        ),
        ({"toolConfig": {"functionCallingConfig": {"mode": "SOME"}}}, "toolConfig.functionCallingConfig.mode"),
        ({"tools": [{"functionDeclarations": [{}]}]}, "tools[0].functionDeclarations"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(fields: Any, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode(**fields)
    assert caught.value.param == param


def test_what_is_no_json_or_too_deep_is_told() -> None:
    with pytest.raises(InvalidJson):
        decode_request(b"{", model="m")
    with pytest.raises(InvalidRequest, match="contents"):
        decode_request(b"{}", model="m")
    with pytest.raises(NestedTooDeeply):
        decode_request(b'{"contents":' + b"[" * 9999, model="m")

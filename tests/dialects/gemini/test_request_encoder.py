import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.gemini.losses import AI_STUDIO, VERTEX, GeminiQuirks
from tokenrouter.dialects.gemini.request_decoder import decode_request
from tokenrouter.dialects.gemini.request_encoder import encode_request
from tokenrouter.dialects.hub import EncodedRequest, Target
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import Call, CallOutput, Image, Inline, Item, Message, Text
from tokenrouter.domain.requests import (
    OutputFormat,
    ReasoningControl,
    Request,
    Sampling,
    Service,
    Tool,
    ToolChoice,
)
from tokenrouter.sandbox.google import tools as gemini_tools
from tokenrouter.sandbox.google import turns as gemini_turns
from tokenrouter.sandbox.google.json import read
from tokenrouter.sandbox.google.surface import AI_STUDIO as STUDIO
from tokenrouter.sandbox.google.surface import VERTEX_AI
from tokenrouter.sandbox.google.thought_signatures import Signer

GO = (Message("user", (Text("go"),)),)
SCHEMA = b'{"type":"object","properties":{"a":{"type":"string"}}}'


def encoded(request: Request, model: str = "gemini-3-pro", quirks: GeminiQuirks = AI_STUDIO) -> EncodedRequest:
    return encode_request(request, Target("acme", model, "o"), quirks)


def wire(request: Request, model: str = "gemini-3-pro", quirks: GeminiQuirks = AI_STUDIO) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(encoded(request, model, quirks).body)
    return told


def lost(request: Request, model: str = "gemini-3-pro", quirks: GeminiQuirks = AI_STUDIO) -> dict[str, str]:
    return {loss.feature: loss.fate for loss in encoded(request, model, quirks).losses}


def thinking(control: ReasoningControl, model: str) -> Any:
    return wire(Request("m", GO, reasoning=control), model).get("generationConfig", {}).get("thinkingConfig")


def test_the_model_and_the_stream_are_not_in_the_body() -> None:
    assert wire(Request("m", GO, stream=True)) == {"contents": [{"role": "user", "parts": [{"text": "go"}]}]}


def test_settings_are_told_in_geminis_words() -> None:
    sampling = Sampling(0.5, 0.9, 40, ("a",), 2, 7, 0.1, 0.2, True, 5)
    request = Request("m", GO, max_output_tokens=9, sampling=sampling, modalities=("image",))

    assert wire(request)["generationConfig"] == {
        "maxOutputTokens": 9,
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40,
        "seed": 7,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "candidateCount": 2,
        "stopSequences": ["a"],
        "responseLogprobs": True,
        "logprobs": 5,
        "responseModalities": ["TEXT", "IMAGE"],
    }
    assert lost(request) == {}


def test_stop_sequences_beyond_the_fifth_are_left_to_the_gateway() -> None:
    told = encoded(Request("m", GO, sampling=Sampling(stop=tuple("abcdefg"))))

    assert json.loads(told.body)["generationConfig"]["stopSequences"] == list("abcde")
    assert told.undo is not None
    assert told.undo.stop == ("f", "g")
    assert [loss.feature for loss in told.losses] == ["sampling.stop"]


@pytest.mark.parametrize(
    ("model", "control", "config"),
    [
        ("gemini-3-flash", ReasoningControl("minimal"), {"includeThoughts": True, "thinkingLevel": "MINIMAL"}),
        ("gemini-3-pro-preview", ReasoningControl("minimal"), {"includeThoughts": True, "thinkingLevel": "LOW"}),
        ("gemini-3-pro-preview", ReasoningControl("medium"), {"includeThoughts": True, "thinkingLevel": "HIGH"}),
        ("gemini-3.1-pro", ReasoningControl("medium"), {"includeThoughts": True, "thinkingLevel": "MEDIUM"}),
        ("gemini-3.1-pro", ReasoningControl("max"), {"includeThoughts": True, "thinkingLevel": "HIGH"}),
        ("gemini-3-flash", ReasoningControl("none"), {"thinkingLevel": "MINIMAL"}),
        ("gemini-3-flash", ReasoningControl(budget_tokens=2000, shown=False), {"thinkingLevel": "LOW"}),
        ("gemini-3-flash", ReasoningControl(adaptive=True), {"includeThoughts": True}),
        ("gemini-2.5-flash", ReasoningControl("high"), {"includeThoughts": True, "thinkingBudget": 24576}),
        ("gemini-2.5-flash", ReasoningControl("max"), {"includeThoughts": True, "thinkingBudget": 24576}),
        ("gemini-2.5-flash", ReasoningControl("none"), {"thinkingBudget": 0}),
        ("gemini-2.5-pro", ReasoningControl("none"), {"thinkingBudget": 128}),
        ("gemini-2.5-pro", ReasoningControl(budget_tokens=-1), {"includeThoughts": True, "thinkingBudget": -1}),
        ("gemini-2.5-pro", ReasoningControl(adaptive=True), {"includeThoughts": True, "thinkingBudget": -1}),
        ("gemini-2.5-flash-lite", ReasoningControl(budget_tokens=5, shown=False), {"thinkingBudget": 512}),
        ("gemini-2.0-flash", ReasoningControl("high"), None),
    ],
)
def test_models_are_told_to_think_by_what_they_know(model: str, control: ReasoningControl, config: Any) -> None:
    assert thinking(control, model) == config


def test_thinking_that_cannot_be_told_as_it_was_asked_is_noted() -> None:
    def noted(model: str, control: ReasoningControl) -> dict[str, str]:
        return lost(Request("m", GO, reasoning=control), model)

    assert noted("gemini-3-flash", ReasoningControl("low", summary="auto")) == {}
    assert noted("gemini-3-flash", ReasoningControl("max")) == {"reasoning.effort": "emulated"}
    assert noted("gemini-3-flash", ReasoningControl(budget_tokens=2000)) == {"reasoning.budget": "emulated"}
    assert noted("gemini-2.5-pro", ReasoningControl(budget_tokens=99999)) == {"reasoning.budget": "emulated"}
    assert noted("gemini-2.5-pro", ReasoningControl("low", summary="detailed")) == {"reasoning.summary": "dropped"}
    assert noted("gemma-3", ReasoningControl("low")) == {"reasoning": "dropped"}
    assert noted("gemma-3", ReasoningControl("none")) == {}


@pytest.mark.parametrize(
    ("model", "wanted", "config"),
    [
        ("gemini-2.5-flash", OutputFormat("json_object"), {"responseMimeType": "application/json"}),
        (
            "gemini-2.5-flash",
            OutputFormat("json_schema", SCHEMA, "answer"),
            {"responseMimeType": "application/json", "responseJsonSchema": json.loads(SCHEMA)},
        ),
        (
            "gemini-2.0-flash",
            OutputFormat("json_schema", SCHEMA),
            {
                "responseMimeType": "application/json",
                "responseSchema": {
                    "type": "OBJECT",
                    "properties": {"a": {"type": "STRING"}},
                    "propertyOrdering": ["a"],
                },
            },
        ),
    ],
)
def test_json_is_asked_for_by_the_schema_that_the_model_knows(model: str, wanted: OutputFormat, config: Any) -> None:
    assert wire(Request("m", GO, output_format=wanted), model)["generationConfig"] == config


def test_a_model_that_takes_no_schema_beside_functions_is_told_it_in_words() -> None:
    request = Request("m", GO, tools=(Tool("f"),), output_format=OutputFormat("json_schema", SCHEMA))

    older = wire(request, "gemini-2.5-pro")
    assert "generationConfig" not in older
    assert SCHEMA.decode() in older["systemInstruction"]["parts"][0]["text"]
    assert lost(request, "gemini-2.5-pro") == {"output_format": "emulated"}
    assert wire(request)["generationConfig"]["responseJsonSchema"] == json.loads(SCHEMA)


def test_tools_and_their_undoing_are_told() -> None:
    told = encoded(Request("m", GO, tools=(Tool("2nd"),), tool_choice=ToolChoice("required")))

    assert json.loads(told.body)["toolConfig"] == {"functionCallingConfig": {"mode": "ANY"}}
    assert told.undo is not None
    assert told.undo.names.keys() == {"_2nd"}


def test_what_gemini_has_no_field_for_is_named() -> None:
    request = Request(
        "m",
        GO,
        parallel_calls=False,
        sampling=Sampling(logit_bias=b"{}"),
        service=Service(user="u", metadata=b"{}", tier="scale", cache_key="k", stored=False),
        verbosity="low",
        extra={"prediction": b"{}"},
    )

    assert lost(request).keys() == {
        "parallel_calls",
        "sampling.logit_bias",
        "service.user",
        "service.metadata",
        "service.tier",
        "service.cache_key",
        "verbosity",
        "prediction",
    }


def test_tiers_go_where_they_are_known() -> None:
    def tier(name: str, quirks: GeminiQuirks = AI_STUDIO) -> tuple[Any, Any]:
        request = Request("m", GO, service=Service(tier=name))
        return wire(request, quirks=quirks).get("serviceTier"), lost(request, quirks=quirks)

    assert tier("flex") == ("flex", {})
    assert tier("auto") == tier("default") == (None, {})
    assert tier("flex", VERTEX) == (None, {"service.tier": "dropped"})


def test_a_stored_answer_cannot_be_gone_on_from() -> None:
    with pytest.raises(InvalidRequest, match="previous_id"):
        encoded(Request("m", GO, service=Service(previous_id="resp_1")))


def test_what_only_gemini_has_stays_where_the_client_speaks_gemini() -> None:
    body = {
        "contents": [{"role": "user", "parts": [{"text": "go"}]}],
        "safetySettings": [{"category": "C", "threshold": "BLOCK_NONE"}],
        "cachedContent": "cachedContents/1",
        "labels": {"a": "b"},
        "generationConfig": {"temperature": 1.0, "speechConfig": {"x": 1}},
        "toolConfig": {"retrievalConfig": {"y": 2}},
        "tools": [{"googleMaps": {}}],
    }
    request = decode_request(json.dumps(body).encode(), model="m")

    assert wire(request, quirks=VERTEX) == body
    assert lost(request, quirks=VERTEX) == {}
    assert lost(request) == {"service.metadata": "dropped"}


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
arguments = st.dictionaries(words, st.integers(), max_size=2).map(lambda each: json.dumps(each, separators=(",", ":")))


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Item, ...]:
    items: list[Item] = [Message("user", (Text(draw(words)),))]
    if draw(st.booleans()):
        items.insert(0, Message("system", (Text(draw(words)),)))
    for number in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            items.append(Message("assistant", (Text(draw(words)),)))
        calls = [Call(f"c{number}_{each}", "f", draw(arguments)) for each in range(draw(st.integers(1, 3)))]
        items += calls
        media = (Image(Inline("image/png", "AAAA")),) if draw(st.booleans()) else ()
        items += [
            CallOutput(call.call_id, (Text(draw(words)), *media), draw(st.booleans()), name="f") for call in calls
        ]
    return tuple(items)


@given(conversations(), st.sampled_from(["gemini-2.0-flash", "gemini-3-pro"]), st.booleans())
def test_google_takes_whatever_conversation_a_client_sends(items: tuple[Item, ...], model: str, vertex: bool) -> None:
    quirks, surface = (VERTEX, VERTEX_AI) if vertex else (AI_STUDIO, STUDIO)
    tools = (Tool("f", parameters=SCHEMA), Tool("g.1", parameters=b'{"type":"object","properties":{}}'))
    request = Request("m", items, tools=tools, tool_choice=ToolChoice("required", ("f",)), max_output_tokens=9)
    body = encoded(request, model, quirks).body
    message: Any = read(surface.declared, "GenerateContentRequest", json.loads(body))

    gemini_turns.read(message["contents"], surface)
    gemini_turns.check_signatures(message["contents"], Signer("x", model), surface, thinks=model == "gemini-3-pro")
    functions = gemini_tools.read_tools(message["tools"])
    assert gemini_tools.read_choice(message["tool_config"], functions)[0] == "required"


@given(conversations())
def test_what_was_encoded_decodes_to_the_same_conversation(items: tuple[Item, ...]) -> None:
    assert decode_request(encoded(Request("m", items)).body, model="m").items == items

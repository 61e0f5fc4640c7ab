import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.hub import CalledAs, Target
from tokenrouter.dialects.openai_responses.losses import OPENAI, ResponsesQuirks
from tokenrouter.dialects.openai_responses.request_decoder import decode_request
from tokenrouter.dialects.openai_responses.request_encoder import encode_request
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import Call, CallOutput, Item, Message, ProviderState, Reasoning, Text
from tokenrouter.domain.requests import (
    OutputFormat,
    ReasoningControl,
    Request,
    Sampling,
    Service,
    Tool,
    ToolChoice,
)

REASONS = Target("acme", "gpt-5.4", "o")
PLAINLY = Target("acme", "gpt-4o", "o")
PLAIN = ResponsesQuirks()
OWN = "openai-responses"


def encode(request: Request, quirks: ResponsesQuirks = OPENAI, target: Target = REASONS) -> dict[str, Any]:
    wire: dict[str, Any] = json.loads(encode_request(request, target, quirks).body)
    return wire


def lost(request: Request, quirks: ResponsesQuirks = OPENAI, target: Target = REASONS) -> dict[str, str]:
    return {loss.feature: loss.fate for loss in encode_request(request, target, quirks).losses}


def test_nothing_is_stored_and_reasoning_comes_encrypted() -> None:
    assert encode(Request("m", ())) == {
        "model": "gpt-5.4",
        "input": [],
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }
    assert "include" not in encode(Request("m", ()), PLAIN)


def test_a_model_that_does_not_reason_is_asked_for_none_of_it() -> None:
    request = Request("m", (), reasoning=ReasoningControl("high"))

    assert encode(request, target=PLAINLY).keys() == {"model", "input", "store"}
    assert lost(request, target=PLAINLY) == {"reasoning": "dropped"}
    off = Request("m", (), reasoning=ReasoningControl("none"))
    assert lost(off, target=PLAINLY) == {}
    assert "reasoning" not in encode(off, target=PLAINLY)


def test_a_model_that_reasons_is_sent_no_temperature() -> None:
    request = Request("m", (), sampling=Sampling(0.5, 0.9, logprobs=True, top_logprobs=2))

    assert encode(request).keys() == {"model", "input", "store", "include"}
    assert lost(request).keys() == {"sampling.temperature", "sampling.top_p", "sampling.logprobs"}
    plainly = encode(request, target=PLAINLY)
    assert (plainly["temperature"], plainly["top_p"], plainly["top_logprobs"]) == (0.5, 0.9, 2)
    assert plainly["include"] == ["message.output_text.logprobs"]


def test_a_model_that_is_told_not_to_reason_is_sent_its_temperature() -> None:
    request = Request("m", (), sampling=Sampling(0.5), reasoning=ReasoningControl("none"))

    assert encode(request)["temperature"] == 0.5
    assert lost(request) == {}


def test_a_bound_below_the_vendors_least_is_raised() -> None:
    request = Request("m", (), max_output_tokens=5)

    assert encode(request)["max_output_tokens"] == 16
    assert lost(request) == {"max_output_tokens": "emulated"}
    assert encode(request, PLAIN)["max_output_tokens"] == 5
    assert lost(Request("m", (), max_output_tokens=16)) == {}


def test_streams_are_not_padded_where_the_vendor_pads() -> None:
    assert encode(Request("m", (), stream=True))["stream_options"] == {"include_obfuscation": False}
    assert "stream_options" not in encode(Request("m", (), stream=True), PLAIN)


def test_stop_sequences_are_left_to_the_gateway() -> None:
    encoded = encode_request(Request("m", (), sampling=Sampling(stop=("a", "b"))), REASONS, OPENAI)

    assert b"stop" not in encoded.body
    assert encoded.undo is not None
    assert encoded.undo.stop == ("a", "b")
    assert [loss.fate for loss in encoded.losses] == ["emulated"]


def test_reasoning_is_told_as_effort_and_shown_as_a_summary() -> None:
    budget = Request("m", (), reasoning=ReasoningControl(budget_tokens=2000, shown=True))

    assert encode(budget)["reasoning"] == {"effort": "low", "summary": "auto"}
    assert lost(budget) == {"reasoning.budget": "emulated"}
    assert encode(Request("m", (), reasoning=ReasoningControl("high")))["reasoning"] == {"effort": "high"}
    assert "reasoning" not in encode(Request("m", (), reasoning=ReasoningControl(adaptive=True)))


def test_text_has_its_format_and_verbosity() -> None:
    schema = OutputFormat("json_schema", b'{"a":1}', description="d", strict=True)

    assert encode(Request("m", (), output_format=schema, verbosity="low"))["text"] == {
        "format": {"type": "json_schema", "name": "answer", "schema": {"a": 1}, "description": "d", "strict": True},
        "verbosity": "low",
    }
    assert encode(Request("m", (), output_format=OutputFormat("json_object")))["text"] == {
        "format": {"type": "json_object"}
    }
    assert lost(Request("m", (), verbosity="low"), PLAIN) == {"verbosity": "dropped"}


def test_the_service_is_asked_for_in_openais_words() -> None:
    service = Service("u" * 65, b'{"a":"b"}', "flex", "k", "24h")
    wire = encode(Request("m", (), service=service))

    assert len(wire["safety_identifier"]) == 64
    assert (wire["metadata"], wire["service_tier"], wire["prompt_cache_key"]) == ({"a": "b"}, "flex", "k")
    assert wire["prompt_cache_retention"] == "24h"
    assert encode(Request("m", (), service=Service("u")), PLAIN)["user"] == "u"


@pytest.mark.parametrize("service", [Service(previous_id="resp_1"), Service(cached_content="c")])
def test_what_is_stored_elsewhere_is_refused(service: Service) -> None:
    with pytest.raises(InvalidRequest, match="service"):
        encode(Request("m", (), service=service))


def test_settings_that_the_dialect_lacks_are_named() -> None:
    sampling = Sampling(None, None, 40, answers=2, seed=1, presence_penalty=1, frequency_penalty=1, logit_bias=b"{}")
    request = Request("m", (), sampling=sampling, extra={"prediction": b"{}"}, modalities=("audio",))

    assert lost(request) == {
        "sampling.top_k": "dropped",
        "sampling.answers": "emulated",
        "sampling.seed": "dropped",
        "sampling.presence_penalty": "dropped",
        "sampling.frequency_penalty": "dropped",
        "sampling.logit_bias": "dropped",
        "modalities": "dropped",
        "prediction": "dropped",
    }


def test_fields_of_this_dialect_reach_a_vendor_that_has_them() -> None:
    extra = {"truncation": b'"auto"', "reasoning.context": b'"all_turns"', "unheard_of": b"1"}
    request = Request("m", (), OWN, extra=extra)

    wire = encode(request)
    assert (wire["truncation"], wire["reasoning"]) == ("auto", {"context": "all_turns"})
    assert lost(request) == {"unheard_of": "dropped"}
    assert lost(request, PLAIN).keys() == extra.keys()
    assert lost(Request("m", (), "openai-chat", extra=extra)).keys() == extra.keys()


def test_a_choice_of_a_hosted_tool_goes_only_with_tools() -> None:
    extra = {"tool_choice": b'{"type":"web_search"}'}

    assert "tool_choice" not in encode(Request("m", (), OWN, extra=extra))
    assert encode(Request("m", (), OWN, tools=(Tool("f"),), extra=extra))["tool_choice"] == {"type": "web_search"}


def test_without_tools_there_is_no_choice_and_no_word_on_parallel_calls() -> None:
    request = Request("m", (), tool_choice=ToolChoice("auto"), parallel_calls=False)

    assert encode(request, PLAIN).keys() == {"model", "input", "store"}


def test_tools_are_declared_with_the_choice_of_them() -> None:
    request = Request("m", (), tools=(Tool("f"),), tool_choice=ToolChoice("required", ("f",)), parallel_calls=False)
    wire = encode(request)

    assert wire["tools"][0]["name"] == "f"
    assert wire["tool_choice"] == {"type": "function", "name": "f"}
    assert wire["parallel_tool_calls"] is False


def test_names_that_had_to_be_made_up_can_be_undone() -> None:
    tools = (Tool("wait", namespace="agents"), Tool("p", kind="custom"), Tool("f"))

    assert encode_request(Request("m", (), tools=tools), REASONS, OPENAI).undo is None
    plainly = encode_request(Request("m", (), tools=tools), REASONS, PLAIN).undo
    assert plainly is not None
    assert plainly.names == {"agents__wait": CalledAs("wait", "agents"), "p": CalledAs("p", kind="custom")}


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)
arguments = st.dictionaries(words, st.integers(), max_size=2).map(json.dumps)


@st.composite
def turns(draw: st.DrawFn) -> tuple[Item, ...]:
    items: list[Item] = [Message(draw(st.sampled_from(["user", "system", "developer"])), (Text(draw(words)),))]
    for number in range(draw(st.integers(0, 3))):
        items.append(Reasoning((draw(words),), True, ProviderState(OWN, "encrypted", draw(words))))
        if draw(st.booleans()):
            items.append(Message("assistant", (Text(draw(words)),), phase="commentary"))
        calls = [
            Call(f"c{number}_{each}", "f", draw(arguments), namespace="ns") for each in range(draw(st.integers(1, 2)))
        ]
        calls.append(Call(f"c{number}_p", "p", draw(words), "custom"))
        items += calls
        items += [CallOutput(call.call_id, (Text(draw(words)),), kind=call.kind) for call in calls]
    return (*items, Message("user", (Text(draw(words)), Text(draw(words)))))


@given(turns())
def test_what_was_encoded_decodes_to_the_same_conversation(items: tuple[Item, ...]) -> None:
    assert decode_request(encode_request(Request("m", items), REASONS, OPENAI).body).items == items

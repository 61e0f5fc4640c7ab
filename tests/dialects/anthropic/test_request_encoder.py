import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.anthropic.codec import MessagesCodec
from tokenrouter.dialects.anthropic.losses import ANTHROPIC, MODELS, MessagesQuirks
from tokenrouter.dialects.anthropic.request_decoder import decode_request
from tokenrouter.dialects.anthropic.request_encoder import encode_request
from tokenrouter.dialects.hub import EncodedRequest, Target, Undo
from tokenrouter.dialects.translate import translate_request
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import (
    CacheTtl,
    Call,
    CallOutput,
    FileId,
    Foreign,
    Image,
    Item,
    Message,
    ProviderState,
    Reasoning,
    Text,
)
from tokenrouter.domain.requests import (
    OutputFormat,
    ReasoningControl,
    Request,
    Sampling,
    Service,
    Tool,
    ToolChoice,
)
from tokenrouter.sandbox import models as sandbox_models
from tokenrouter.sandbox.anthropic.request import read_messages
from tokenrouter.sandbox.anthropic.terms import Terms

HI = (Message("user", (Text("hi"),)),)
SCHEMA = OutputFormat("json_schema", b'{"type":"object","properties":{"n":{"type":"integer","minimum":1}}}')
F = (Tool("f", "Does.", b'{"type":"object"}'),)
FORCED = ToolChoice("required", ("f",))
OLD, SONNET_45, OPUS_46, OPUS_47, OPUS_55, OTHER = (
    "claude-3-5-sonnet-20241022",
    "claude-sonnet-4-5",
    "claude-opus-4-6",
    "claude-opus-4-7",
    "claude-opus-5-5",
    "other-1",
)


def encoded(
    model: str, items: tuple[Item, ...] = HI, quirks: MessagesQuirks = ANTHROPIC, **more: Any
) -> EncodedRequest:
    return encode_request(Request("m", items, **more), Target("acme", model, "o"), quirks)


def encode(model: str, items: tuple[Item, ...] = HI, quirks: MessagesQuirks = ANTHROPIC, **more: Any) -> dict[str, Any]:
    wire: dict[str, Any] = json.loads(encoded(model, items, quirks, **more).body)
    return wire


def lost(model: str, items: tuple[Item, ...] = HI, **more: Any) -> dict[str, str]:
    return {loss.feature: loss.fate for loss in encoded(model, items, **more).losses}


def test_the_least_request_names_a_model_and_a_bound() -> None:
    assert encode(OPUS_47) == {
        "model": OPUS_47,
        "max_tokens": 128000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    }
    assert encoded(OPUS_47).headers == {"anthropic-version": "2023-06-01"}


def test_a_cloud_has_the_version_in_the_body_and_the_model_in_its_path() -> None:
    cloud = MessagesQuirks(platform_version="vertex-2023-10-16", betas=("b",))
    wire = encode(OPUS_47, quirks=cloud)

    assert "model" not in wire
    assert (wire["anthropic_version"], wire["anthropic_beta"]) == ("vertex-2023-10-16", ["b"])
    assert encoded(OPUS_47, quirks=cloud).headers == {}


def test_the_bound_is_the_clients_or_the_models_whichever_is_less() -> None:
    assert encode(SONNET_45, max_output_tokens=50)["max_tokens"] == 50
    assert encode(SONNET_45, max_output_tokens=90_000)["max_tokens"] == 64_000
    assert lost(SONNET_45, max_output_tokens=90_000) == {"max_output_tokens": "emulated"}
    assert encode(OTHER, max_output_tokens=90_000)["max_tokens"] == 90_000


def test_sampling_goes_only_to_models_that_take_it() -> None:
    sampling = Sampling(0.5, 0.9, 40, ("x",))

    assert lost(OPUS_47, sampling=sampling).keys() == {"sampling.temperature", "sampling.top_p", "sampling.top_k"}
    assert encode(OPUS_47, sampling=sampling).keys() == {"model", "max_tokens", "messages", "stop_sequences"}
    taken = encode(OLD, sampling=sampling)
    assert (taken["temperature"], taken["top_p"], taken["top_k"]) == (0.5, 0.9, 40)
    assert "top_p" not in encode(SONNET_45, sampling=sampling)
    newer = MessagesQuirks(version="2026-10-21")
    assert "temperature" not in encode(OLD, quirks=newer, sampling=sampling)


def test_a_temperature_above_1_becomes_1() -> None:
    assert encode(OLD, sampling=Sampling(1.7))["temperature"] == 1
    assert lost(OLD, sampling=Sampling(1.7)) == {"sampling.temperature_above_1": "emulated"}


def test_thinking_forbids_most_sampling() -> None:
    high = ReasoningControl("high")
    wire = encode(OTHER, sampling=Sampling(0.5, 0.9, 40), reasoning=high)

    assert wire["thinking"] == {"type": "enabled", "budget_tokens": 8192}
    assert not {"temperature", "top_p", "top_k"} & wire.keys()
    allowed = encode(OTHER, sampling=Sampling(1, 0.95), reasoning=high)
    assert (allowed["temperature"], allowed["top_p"]) == (1, 0.95)


def test_blank_stop_sequences_are_left_to_the_gateway() -> None:
    result = encoded(OLD, sampling=Sampling(stop=("\n\n", "END")))

    assert json.loads(result.body)["stop_sequences"] == ["END"]
    assert result.undo == Undo(stop=("\n\n",))


def test_a_schema_is_native_or_a_call_that_is_made() -> None:
    native = encode(OPUS_47, output_format=SCHEMA)
    assert native["output_config"]["format"]["type"] == "json_schema"
    assert native["output_config"]["format"]["schema"]["additionalProperties"] is False
    assert lost(OPUS_47, output_format=SCHEMA) == {"output_format.keywords": "emulated"}

    forced = encoded(OLD, output_format=SCHEMA)
    wire = json.loads(forced.body)
    assert wire["tool_choice"] == {"type": "tool", "name": "structured_answer"}
    assert wire["tools"][0]["input_schema"]["properties"]["n"] == {"type": "integer", "minimum": 1}
    assert forced.undo == Undo(format_tool="structured_answer")


def test_a_schema_by_a_forced_call_ends_thinking() -> None:
    wire = encode(OTHER, output_format=SCHEMA, reasoning=ReasoningControl("high"))

    assert wire["thinking"] == {"type": "disabled"}
    assert lost(OTHER, output_format=SCHEMA, reasoning=ReasoningControl("high")) == {
        "output_format": "emulated",
        "reasoning.with_forced_choice": "dropped",
    }


def test_any_json_object_is_asked_for_in_words() -> None:
    wire = encode(OPUS_47, output_format=OutputFormat("json_object"))

    assert "JSON object" in wire["system"][0]["text"]


def test_a_forced_call_ends_thinking_where_it_can_be_ended() -> None:
    wire = encode(OPUS_46, tools=F, tool_choice=FORCED, reasoning=ReasoningControl("max"))

    assert wire["tool_choice"] == {"type": "tool", "name": "f"}
    assert wire["thinking"] == {"type": "disabled"}
    assert wire["output_config"] == {"effort": "high"}


def test_tools_of_earlier_calls_are_declared_where_no_other_is() -> None:
    items = (*HI, Call("a", "f"), CallOutput("a", (Text("1"),)))
    wire = encode(SONNET_45, items)

    assert [tool["name"] for tool in wire["tools"]] == ["f"]
    assert wire["tool_choice"] == {"type": "none"}


def test_what_only_this_dialect_has_survives_between_two_that_speak_it() -> None:
    body = {
        "model": "m",
        "max_tokens": 5,
        "messages": [{"role": "user", "content": [{"type": "container_upload", "file_id": "f"}]}],
        "tools": [
            {"type": "code_execution_20260521", "name": "code_execution"},
            {"name": "g", "input_schema": {"type": "object"}, "allowed_callers": ["direct"], "defer_loading": True},
        ],
        "context_management": {"edits": []},
        "metadata": {"user_id": "x" * 200},
    }
    request = decode_request(json.dumps(body).encode())
    result = encode_request(request, Target("acme", OPUS_47, "o"), ANTHROPIC)
    wire = json.loads(result.body)

    assert {**wire, "model": "m"} == body
    assert result.losses == ()
    assert result.headers["anthropic-beta"] == "context-management-2025-06-27"


def test_service_settings_are_told_as_far_as_they_go() -> None:
    service = Service(user="u" * 300, tier="default", cache_key="k", cache_retention="24h", stored=True)
    wire = encode(OPUS_47, service=service)

    assert len(wire["metadata"]["user_id"]) == 64
    assert wire["service_tier"] == "standard_only"
    assert wire["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert lost(OPUS_47, service=Service(tier="flex", stored=True)) == {
        "service.stored": "dropped",
        "service.tier": "dropped",
    }


def test_a_stored_answer_cannot_be_gone_on_from() -> None:
    with pytest.raises(InvalidRequest, match="previous_id"):
        encode(OPUS_47, service=Service(previous_id="resp_1"))


def test_no_more_than_four_marks_for_caching_are_set() -> None:
    marked = tuple(Message("user", (Text(f"{n}", cache="1h"),)) for n in range(5))
    tool = Tool("f", cache="5m")
    body = encoded(OPUS_47, marked, tools=(tool,)).body

    assert body.count(b"cache_control") == 4
    assert lost(OPUS_47, marked) == {"cache.marks": "dropped"}
    assert b"cache_control" not in encoded(OPUS_47, marked, MessagesQuirks(cache_control=False)).body
    assert encoded(OPUS_47, marked, cache="5m").body.count(b"cache_control") == 4


def test_no_mark_for_an_hour_stands_behind_one_for_less() -> None:
    items = (Message("user", (Text("a", cache="1h"), Text("b", cache="5m"), Text("c", cache="1h"))),)
    wire = encode(OPUS_47, items, cache="1h")

    marks = [block["cache_control"].get("ttl") for block in wire["messages"][0]["content"]]
    assert marks == ["1h", None, None]
    assert wire["cache_control"] == {"type": "ephemeral"}


def test_a_turn_in_progress_without_signed_thoughts_goes_on_without_thinking() -> None:
    high = ReasoningControl("high")
    loop: tuple[Item, ...] = (*HI, Call("a", "f"), CallOutput("a", (Text("1"),)))
    signed = Reasoning(("hm",), state=ProviderState("anthropic-messages", "signature", "s"))

    assert "thinking" not in encode(SONNET_45, loop, tools=F, reasoning=high)
    assert lost(SONNET_45, loop, tools=F, reasoning=high)["reasoning.unsigned_turn"] == "dropped"
    assert "thinking" in encode(SONNET_45, (*HI, signed, *loop[1:]), tools=F, reasoning=high)
    assert "thinking" in encode(OPUS_47, loop, tools=F, reasoning=high)
    over = (*loop, Message("assistant", (Text("done"),)), *HI)
    assert "thinking" in encode(SONNET_45, over, tools=F, reasoning=high)


def test_files_of_this_dialects_own_clients_need_a_beta() -> None:
    items = (Message("user", (Image(FileId("file_1")),)),)

    assert encoded(OPUS_47, items, family="anthropic-messages").headers["anthropic-beta"] == "files-api-2025-04-14"
    with pytest.raises(InvalidRequest, match=r"part\.file_id"):
        encoded(OPUS_47, items)


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)
arguments = st.dictionaries(words, st.integers(), max_size=2).map(json.dumps)


@st.composite
def turns(draw: st.DrawFn) -> tuple[Item, ...]:
    items: list[Item] = []
    if draw(st.booleans()):
        items.append(Message("system", (Text(draw(words)),)))
    items.append(Message("user", (Text(draw(words)),)))
    for number in range(draw(st.integers(0, 3))):
        state = ProviderState("anthropic-messages", "signature", "s" + draw(words))
        items.append(Reasoning((draw(words),), state=state))
        if draw(st.booleans()):
            items.append(Message("assistant", (Text(draw(words)),)))
        calls = [Call(f"c{number}_{each}", "f", draw(arguments)) for each in range(draw(st.integers(1, 3)))]
        items += calls
        items += [CallOutput(call.call_id, (Text(draw(words)),), draw(st.booleans())) for call in calls]
    items.append(Message("assistant", (Text(draw(words)),)))
    return (*items, Message("user", (Text(draw(words)),)))


@given(turns(), st.sampled_from([OLD, SONNET_45, OPUS_46, OPUS_47, OPUS_55, OTHER]))
def test_what_was_encoded_decodes_to_the_same_conversation(items: tuple[Item, ...], model: str) -> None:
    body = encoded(model, items, tools=F).body

    assert decode_request(body).items == items


ADAPTIVE = replace(ANTHROPIC.traits(OPUS_47), system_turns=True)
JUDGED = MessagesCodec(MessagesQuirks(models=(("thinker-adaptive", ADAPTIVE), *MODELS)))
maybe_blank = st.sampled_from(["", " \n", "x", "long " * 9])
marks: st.SearchStrategy[CacheTtl | None] = st.sampled_from([None, None, "5m", "1h"])
texts = st.builds(Text, maybe_blank, cache=marks)
ids = st.sampled_from(["a", "b", "functions.f:0", "x" * 80])
anything: st.SearchStrategy[Item] = st.one_of(
    st.builds(Message, st.sampled_from(["user", "assistant", "system", "developer"]), st.tuples(texts, texts)),
    st.builds(Call, ids, st.sampled_from(["f", "g.h"]), st.sampled_from(["", "{}", "[1", '{"x":1}'])),
    st.builds(CallOutput, ids, st.tuples(texts), st.booleans(), cache=marks),
    st.builds(Reasoning, st.just(("hm",))),
    st.just(Foreign("gemini", "x", b"{}", "told")),
)
controls = st.sampled_from([None, ReasoningControl("none"), ReasoningControl("high"), ReasoningControl(None, 2000)])
choices = st.sampled_from([None, ToolChoice("auto"), ToolChoice("none"), ToolChoice("required", ("f",))])


@given(
    items=st.lists(anything, max_size=8),
    model=st.sampled_from(["echo", "thinker", "thinker-adaptive"]),
    tools=st.sampled_from([(), F, (*F, Tool("g.h", strict=True, parameters=SCHEMA.schema))]),
    choice=choices,
    control=controls,
    wanted=st.sampled_from([None, SCHEMA, OutputFormat("json_object")]),
    sampling=st.sampled_from([Sampling(), Sampling(1.5, 0.5, 3, (" ", "x"))]),
    bound=st.sampled_from([None, 1, 1500]),
)
def test_whatever_a_client_says_is_said_as_the_sandbox_takes_it(
    items: list[Item],
    model: str,
    tools: tuple[Tool, ...],
    choice: ToolChoice | None,
    control: ReasoningControl | None,
    wanted: OutputFormat | None,
    sampling: Sampling,
    bound: int | None,
) -> None:
    request = Request(
        "m",
        tuple(items),
        max_output_tokens=bound,
        tools=tools,
        tool_choice=choice,
        output_format=wanted,
        reasoning=control,
        sampling=sampling,
    )
    body = translate_request(request, JUDGED, Target("acme", model, "o")).body

    read_messages(json.loads(body), body, sandbox_models.MODELS[model], Terms(is_modern=False, betas=frozenset()))

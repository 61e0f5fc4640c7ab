import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.carried_state import seal
from tokenrouter.dialects.hub import Reply
from tokenrouter.dialects.openai_responses.object import ResponseObject
from tokenrouter.dialects.openai_responses.request_decoder import decode_request
from tokenrouter.domain.answers import Begun
from tokenrouter.domain.errors import InvalidJson, InvalidRequest, NestedTooDeeply
from tokenrouter.domain.items import Call, CallOutput, Item, Message, ProviderState, Reasoning, Text
from tokenrouter.domain.requests import HostedTool, OutputFormat, ReasoningControl, Request, Sampling, Service, Tool

SIGNED = ProviderState("gemini", "thought_signature", "g", "o")


def decode(**fields: Any) -> Request:
    return decode_request(json.dumps({"model": "m", **fields}).encode())


def items(*given: dict[str, Any]) -> tuple[Item, ...]:
    return decode(input=list(given)).items


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def test_input_may_be_a_text_or_items_without_a_type() -> None:
    assert decode(input="hi").items == (Message("user", (Text("hi"),)),)
    assert items(user("hi")) == decode(input="hi").items
    assert decode().items == ()


def test_instructions_are_the_first_system_turn_and_may_be_missing() -> None:
    assert decode(input="hi", instructions="Be brief.").items[0] == Message("system", (Text("Be brief."),))
    assert decode(input="hi", instructions=None).items == decode(input="hi").items
    assert decode(input="hi", instructions="").items == decode(input="hi").items
    listed = decode(input="hi", instructions=[{"role": "developer", "content": "x"}])
    assert listed.items[0] == Message("developer", (Text("x"),))


def test_the_developers_turns_stay_where_they_are() -> None:
    told = items({"role": "developer", "content": "a"}, user("b"), {"role": "system", "content": "c"})

    assert [item.role for item in told if isinstance(item, Message)] == ["developer", "user", "system"]


CODEX: dict[str, Any] = {
    "stream": True,
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "s1",
    "parallel_tool_calls": False,
    "tool_choice": "auto",
    "client_metadata": {"x": "y"},
    "reasoning": {"effort": "low", "context": "all_turns"},
    "text": {"verbosity": "low", "format": {"type": "text"}},
    "input": [
        {
            "type": "additional_tools",
            "role": "developer",
            "tools": [
                {
                    "type": "namespace",
                    "name": "functions",
                    "description": "Tools.",
                    "tools": [
                        {
                            "type": "custom",
                            "name": "exec",
                            "format": {"type": "grammar", "syntax": "lark", "definition": "x"},
                        },
                        {"type": "function", "name": "wait", "parameters": {"type": "object"}, "strict": False},
                    ],
                }
            ],
        },
        {
            "type": "message",
            "id": "msg_mine",
            "role": "developer",
            "content": [{"type": "input_text", "text": "p"}],
            "internal_chat_message_metadata_passthrough": {"a": 1},
        },
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
        {"type": "custom_tool_call", "id": "ctc_1", "call_id": "a", "name": "exec", "input": "ls"},
        {
            "type": "custom_tool_call_output",
            "id": "ctco_1",
            "call_id": "a",
            "output": [{"type": "input_text", "text": "x"}],
        },
        {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "b",
            "name": "wait",
            "namespace": "functions",
            "arguments": "",
        },
        {"type": "function_call_output", "call_id": "b", "output": "done"},
    ],
}


def test_what_codex_sends_is_read_as_it_is_meant() -> None:
    request = decode(**CODEX)

    assert request.tools == (
        Tool("exec", kind="custom", namespace="functions", namespace_description="Tools.", syntax="lark", grammar="x"),
        Tool("wait", "", b'{"type": "object"}', False, namespace="functions", namespace_description="Tools."),
    )
    assert request.items == (
        Message("developer", (Text("p"),), "msg_mine"),
        Reasoning(state=ProviderState("openai-responses", "encrypted", "gAAA"), id="rs_1"),
        Call("a", "exec", "ls", "custom", "functions", id="ctc_1"),
        CallOutput("a", (Text("x"),), kind="custom", id="ctco_1"),
        Call("b", "wait", "{}", namespace="functions", id="fc_1"),
        CallOutput("b", (Text("done"),)),
    )
    assert (request.stream, request.parallel_calls, request.verbosity) == (True, False, "low")
    assert request.service == Service(cache_key="s1", stored=False)
    assert request.reasoning == ReasoningControl("low")
    assert request.extra == {"reasoning.context": b'"all_turns"'}


def test_tools_that_the_client_found_are_declared_and_told() -> None:
    found = {
        "type": "namespace",
        "name": "mail",
        "tools": [{"type": "function", "name": "send", "description": "Sends."}],
    }
    request = decode(
        tools=[{"type": "tool_search", "execution": "client", "parameters": {"type": "object"}}],
        input=[
            {"type": "tool_search_call", "call_id": "a", "execution": "client", "arguments": {"query": "mail"}},
            {"type": "tool_search_output", "call_id": "a", "execution": "client", "tools": [found]},
            user("go"),
        ],
    )

    assert [(tool.namespace, tool.name) for tool in request.tools if isinstance(tool, Tool)] == [
        ("", "tool_search"),
        ("mail", "send"),
    ]
    assert request.items[0] == Call("a", "tool_search", '{"query":"mail"}')
    assert request.items[1] == CallOutput("a", (Text("These tools can be called now: mail__send"),))


def test_a_tool_that_was_found_is_declared_in_its_place_and_not_to_be_looked_for() -> None:
    function = {"type": "function", "name": "f"}
    request = decode(
        tools=[{**function, "defer_loading": True}, {"type": "function", "name": "g"}],
        input=[{"type": "tool_search_output", "call_id": "a", "tools": [{**function, "defer_loading": True}]}],
    )

    assert request.tools == (Tool("f"), Tool("g"))


def test_a_tool_that_the_provider_runs_stays_whole() -> None:
    (tool,) = decode(tools=[{"type": "web_search", "search_context_size": "low"}]).tools

    assert tool == HostedTool("web_search", "openai-responses", b'{"type": "web_search", "search_context_size": "low"}')


def test_signatures_go_back_to_the_calls_and_words_that_they_sign() -> None:
    def carrying(tail: str) -> dict[str, Any]:
        return {"type": "reasoning", "summary": [], "encrypted_content": tail + "." + seal(SIGNED)}

    told = items(
        {"role": "assistant", "content": [{"type": "output_text", "text": "hi"}]},
        carrying(""),
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call", "call_id": "b", "name": "f", "arguments": "{}"},
        carrying("b"),
        carrying("gone"),
    )

    assert told == (
        Message("assistant", (Text("hi", state=SIGNED),)),
        Call("a", "f"),
        Call("b", "f", state=SIGNED),
    )
    assert items(carrying("")) == ()


def test_an_items_reference_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="reference"):
        items({"type": "item_reference", "id": "msg_1"})


@pytest.mark.parametrize(
    "field",
    [{"conversation": "conv_1"}, {"conversation": {"id": "c"}}, {"prompt": {"id": "pmpt_1"}}, {"background": True}],
)
def test_what_only_openai_can_keep_is_refused_with_its_name(field: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as raised:
        decode(input="hi", **field)

    assert raised.value.param == next(iter(field))


def test_settings_are_read() -> None:
    request = decode(
        input="hi",
        max_output_tokens=9,
        temperature=0.5,
        top_p=0.9,
        top_logprobs=3,
        metadata={"a": "b"},
        safety_identifier="u",
        service_tier="flex",
        prompt_cache_retention="24h",
        previous_response_id="resp_1",
        store=True,
        parallel_tool_calls=True,
    )

    assert request.max_output_tokens == 9
    assert request.sampling == Sampling(0.5, 0.9, logprobs=True, top_logprobs=3)
    assert request.service == Service("u", b'{"a": "b"}', "flex", "", "24h", True, "resp_1")
    assert (request.parallel_calls, request.extra) == (True, {})


def test_defaults_that_are_spelt_out_ask_for_nothing() -> None:
    request = decode(
        input="hi",
        service_tier="auto",
        truncation="disabled",
        background=False,
        top_logprobs=0,
        text={"format": {"type": "text"}},
        reasoning={"effort": None},
        metadata=None,
        tools=[],
        user="",
        stream_options={"include_obfuscation": False},
    )

    assert request == Request("m", decode(input="hi").items, "openai-responses", echo=request.echo)


def test_logprobs_may_be_asked_for_by_include() -> None:
    assert decode(include=["message.output_text.logprobs"]).sampling.logprobs


def test_a_schema_stands_flat() -> None:
    wanted = {"type": "json_schema", "name": "n", "schema": {"a": 1}, "strict": True, "description": "d"}

    assert decode(text={"format": wanted}).output_format == OutputFormat("json_schema", b'{"a": 1}', "n", "d", True)
    assert decode(text={"format": {"type": "json_object"}}).output_format == OutputFormat("json_object")


def test_who_wants_a_summary_wants_to_read_the_reasoning() -> None:
    assert decode(reasoning={"summary": "auto"}).reasoning == ReasoningControl(shown=True, summary="auto")
    assert decode(reasoning={"generate_summary": "concise"}).reasoning == ReasoningControl(
        shown=True, summary="concise"
    )
    assert decode(reasoning={}).reasoning is None


def test_the_effort_above_all_others_is_the_highest_that_others_have() -> None:
    assert decode(reasoning={"effort": "ultra"}).reasoning == ReasoningControl("max")


def test_what_has_no_place_is_kept_by_its_name() -> None:
    request = decode(
        truncation="auto", max_tool_calls=3, tool_choice={"type": "web_search_preview"}, prompt_cache_options={}
    )

    assert request.extra == {
        "max_tool_calls": b"3",
        "prompt_cache_options": b"{}",
        "truncation": b'"auto"',
        "tool_choice": b'{"type": "web_search_preview"}',
    }
    assert request.tool_choice is None


def test_what_the_answer_repeats_is_kept_as_it_was_sent() -> None:
    request = decode(tools=[{"type": "function", "name": "f"}], temperature=1, metadata={"a": "b"}, input="hi")

    assert request.echo == {
        "tools": b'[{"type": "function", "name": "f"}]',
        "temperature": b"1",
        "metadata": b'{"a": "b"}',
    }


def test_the_path_may_tell_model_and_stream() -> None:
    request = decode_request(b'{"input":"hi"}', model="p", stream=True)

    assert (request.model, request.stream) == ("p", True)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": 7}, "input"),
        ({"input": [7]}, "input[0]"),
        ({"input": [{}]}, "input[0]"),
        ({"input": [{"role": "nobody", "content": ""}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": [{"type": "hologram"}]}]}, "input[0].content[0]"),
        ({"input": [{"role": "user", "content": [{"type": "input_text", "text": 7}]}]}, "input[0].content[0].text"),
        ({"input": [{"type": "function_call", "call_id": "a"}]}, "input[0].name"),
        ({"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].call_id"),
        ({"tools": [{"name": "f"}]}, "tools[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "function"}]}]}, "tools[0].tools[0].name"),
        ({"tool_choice": "always"}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
        ({"reasoning": {"effort": "extreme"}}, "reasoning.effort"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"temperature": "hot"}, "temperature"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        decode(**fields)

    assert raised.value.param == param


def test_what_is_no_json_object_is_refused() -> None:
    with pytest.raises(InvalidJson):
        decode_request(b"[]")
    with pytest.raises(NestedTooDeeply):
        decode_request(b'{"input":' + b"[" * 100000)


def test_a_call_without_its_namespace_gets_that_of_its_tool_unless_a_tool_has_none() -> None:
    call = {"type": "function_call", "call_id": "a", "name": "wait", "arguments": "{}"}
    space = {"type": "namespace", "name": "agents", "tools": [{"type": "function", "name": "wait"}]}

    assert decode(tools=[space], input=[call]).items == (Call("a", "wait", namespace="agents"),)
    assert decode(tools=[space, {"type": "function", "name": "wait"}], input=[call]).items == (Call("a", "wait"),)


KINDS = [
    "message",
    "reasoning",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "tool_search_call",
    "tool_search_output",
    "additional_tools",
    "web_search_call",
    "item_reference",
]
NAMES = ["id", "role", "content", "summary", "call_id", "name", "namespace", "arguments", "input", "output", "tools"]
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.text(max_size=3)
    | st.sampled_from(["user", "function", "auto"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["type", "text", "name", "role", "tools"]), inner, max_size=3)
    ),
    max_leaves=6,
)
odd_items = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS)}, optional=dict.fromkeys(NAMES, values)
) | st.dictionaries(st.sampled_from(NAMES), values, max_size=3)


@given(
    st.lists(odd_items, max_size=3),
    st.dictionaries(
        st.sampled_from(["tools", "tool_choice", "text", "reasoning", "include", "instructions", "metadata", "stop"]),
        values,
    ),
)
def test_whatever_is_sent_is_read_or_refused(given_items: list[dict[str, Any]], fields: dict[str, Any]) -> None:
    try:
        request = decode(input=given_items, **fields)
    except InvalidRequest:
        return
    assert request.family == "openai-responses"
    ResponseObject(Reply(request, "r1", 0)).begin(Begun())

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.openai_chat.request_decoder import decode_request
from tokenrouter.domain.errors import InvalidJson, InvalidRequest
from tokenrouter.domain.items import (
    Audio,
    Call,
    CallOutput,
    Document,
    FileId,
    Image,
    Inline,
    Message,
    ProviderState,
    Reasoning,
    Refusal,
    Text,
    Url,
)
from tokenrouter.domain.requests import OutputFormat, ReasoningControl, Request, Tool, ToolChoice


def decode(messages: list[object] | None = None, **fields: object) -> Request:
    return decode_request(json.dumps({"model": "m", "messages": messages or [], **fields}).encode())


def parts(*wire: object) -> tuple[object, ...]:
    (item,) = decode([{"role": "user", "content": list(wire)}]).items
    assert isinstance(item, Message)
    return item.parts


def test_one_assistant_message_becomes_thought_words_and_calls_in_this_order() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
    message = {"role": "assistant", "content": "Look:", "reasoning_content": "hm", "tool_calls": [call]}

    assert decode([message]).items == (
        Reasoning(("hm",)),
        Message("assistant", (Text("Look:"),)),
        Call("a", "f", '{"x":1}'),
    )


def test_turns_of_all_roles_stay_where_they_are() -> None:
    roles = ["system", "user", "assistant", "developer", "user"]
    items = decode([{"role": role, "content": "x"} for role in roles]).items

    assert [item.role for item in items if isinstance(item, Message)] == roles


def test_empty_words_beside_calls_are_no_message() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}

    assert decode([{"role": "assistant", "content": "", "tool_calls": [call]}]).items == (Call("a", "f", "{}"),)


def test_a_tools_output_may_be_text_or_parts() -> None:
    items = decode(
        [
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "2"}]},
        ]
    ).items

    assert items == (CallOutput("a", (Text("1"),)), CallOutput("b", (Text("2"),)))


def test_legacy_functions_are_tools_and_their_messages_pair_up() -> None:
    request = decode(
        [
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "1"},
        ],
        functions=[{"name": "f", "parameters": {"type": "object"}}],
        function_call={"name": "f"},
    )

    called, output = request.items
    assert isinstance(called, Call)
    assert isinstance(output, CallOutput)
    assert called.call_id == output.call_id
    assert request.tools == (Tool("f", parameters=b'{"type": "object"}'),)
    assert request.tool_choice == ToolChoice("required", ("f",))


def test_data_urls_are_taken_apart_and_keep_their_media_type() -> None:
    assert parts({"type": "image_url", "image_url": {"url": "data:image/webp;base64,AAAA", "detail": "low"}}) == (
        Image(Inline("image/webp", "AAAA"), "low"),
    )


def test_other_parts_are_told_apart() -> None:
    assert parts(
        {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        {"type": "refusal", "refusal": "No."},
        {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
    ) == (
        Image(Url("https://x/y.png", "image/png")),
        Document(Inline("application/pdf", "AAAA"), "a.pdf"),
        Document(FileId("file-1")),
        Audio(Inline("audio/mpeg", "AAAA")),
        Refusal("No."),
        Text("x", cache="1h"),
    )


def test_details_that_openrouter_wants_back_are_state() -> None:
    message = {"role": "assistant", "content": "x", "reasoning_details": [{"type": "reasoning.encrypted"}]}

    assert decode([message]).items[0] == Reasoning(
        state=ProviderState("openai-chat", "details", '[{"type": "reasoning.encrypted"}]')
    )


def test_settings_find_their_places() -> None:
    request = decode(
        max_tokens=5,
        max_completion_tokens=7,
        stop="x",
        n=2,
        reasoning_effort="high",
        verbosity="low",
        stream=True,
        stream_options={"include_usage": True},
        parallel_tool_calls=False,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "s", "schema": {"type": "object"}, "strict": True},
        },
        user="u",
        safety_identifier="s",
        store=False,
    )

    assert request.max_output_tokens == 7
    assert (request.sampling.stop, request.sampling.answers) == (("x",), 2)
    assert request.reasoning == ReasoningControl("high")
    assert (request.stream, request.wants_usage, request.parallel_calls) == (True, True, False)
    assert request.output_format == OutputFormat("json_schema", b'{"type": "object"}', "s", strict=True)
    assert (request.service.user, request.service.stored) == ("s", False)


def test_tool_choices_are_read_in_all_their_shapes() -> None:
    named = {"type": "function", "function": {"name": "f"}}
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [named]}}

    assert decode(tool_choice="none").tool_choice == ToolChoice("none")
    assert decode(tool_choice=named).tool_choice == ToolChoice("required", ("f",))
    assert decode(tool_choice=allowed).tool_choice == ToolChoice("required", ("f",))
    assert decode(tool_choice={"type": "custom", "custom": {"name": "g"}}).tool_choice == ToolChoice("required", ("g",))


def test_a_free_text_tool_keeps_its_grammar() -> None:
    grammar = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: /a/"}}

    assert decode(tools=[{"type": "custom", "custom": {"name": "p", "format": grammar}}]).tools == (
        Tool("p", kind="custom", syntax="lark", grammar="start: /a/"),
    )


def test_what_has_no_place_is_kept_under_its_name() -> None:
    assert decode(prediction={"type": "content"}, web_search_options=None).extra == {
        "prediction": b'{"type": "content"}'
    }


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"model":"m"}', None),
        (b'{"model":"m","messages":[{"role":7}]}', "messages[0].role"),
        (b'{"model":"m","messages":[{"role":"wizard"}]}', "messages[0].role"),
        (b'{"model":"m","messages":[{"role":"tool","content":"x"}]}', "messages[0].tool_call_id"),
        (b'{"model":"m","messages":[{"role":"user","content":[{"type":"hologram"}]}]}', "messages[0].content[0]"),
        (
            b'{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"a"}]}]}',
            "messages[0].tool_calls[0].function.name",
        ),
        (b'{"model":"m","messages":[],"tools":[{"type":"teleport"}]}', "tools[0]"),
        (b'{"model":"m","messages":[],"tool_choice":"perhaps"}', "tool_choice"),
        (b'{"model":"m","messages":[],"temperature":"warm"}', "temperature"),
        (b'{"model":"m","messages":[],"reasoning_effort":"heroic"}', "reasoning_effort"),
        (b'{"model":"m","messages":[],"response_format":{"type":"xml"}}', "response_format"),
    ],
)
def test_a_mistake_is_refused_with_its_place(body: bytes, param: str | None) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode_request(body)

    assert caught.value.param == param


@given(st.binary(max_size=40))
def test_rubbish_is_refused_and_nothing_else(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        decode_request(body)


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(InvalidJson):
        decode_request(b'{"model":"a","model":"b","messages":[]}')

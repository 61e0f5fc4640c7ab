import json
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.hub import CalledAs, Target
from tokenrouter.dialects.openai_chat.losses import OPENAI, ChatQuirks
from tokenrouter.dialects.openai_chat.request_decoder import decode_request
from tokenrouter.dialects.openai_chat.request_encoder import encode_request
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import (
    Audio,
    Call,
    CallOutput,
    Document,
    FileId,
    Foreign,
    Image,
    Inline,
    Item,
    Message,
    PlainText,
    Reasoning,
    Refusal,
    Text,
    Url,
    Video,
)
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

TARGET = Target("acme", "m-1", "o")
PLAIN = ChatQuirks()
PIXEL = Image(Inline("image/png", "AAAA"))


def encode(request: Request, quirks: ChatQuirks = PLAIN) -> dict[str, Any]:
    wire: dict[str, Any] = json.loads(encode_request(request, TARGET, quirks).body)
    return wire


def messages(*items: Item, quirks: ChatQuirks = PLAIN) -> list[dict[str, Any]]:
    wire: list[dict[str, Any]] = encode(Request("m", items), quirks)["messages"]
    return wire


def lost(request: Request, quirks: ChatQuirks = PLAIN) -> dict[str, str]:
    return {loss.feature: loss.fate for loss in encode_request(request, TARGET, quirks).losses}


def user(*parts: Any) -> Message:
    return Message("user", parts)


def test_an_assistants_items_are_one_message_and_outputs_follow_at_once() -> None:
    assert messages(
        user(Text("go")),
        Reasoning(("hm",)),
        Message("assistant", (Text("Look:"),)),
        Call("a", "f", '{"x":1}'),
        Call("b", "g"),
        CallOutput("a", (Text("1"),)),
        CallOutput("b", (Text("2"),)),
    ) == [
        {"role": "user", "content": "go"},
        {
            "role": "assistant",
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}},
                {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
            ],
            "content": "Look:",
        },
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": "2"},
    ]


def test_pictures_of_tools_follow_all_outputs_in_one_user_turn() -> None:
    wire = messages(
        Call("a", "f"),
        Call("b", "g"),
        CallOutput("a", (Text("see"), PIXEL)),
        CallOutput("b", (Text("2"),)),
        user(Text("and?")),
    )

    assert [message["role"] for message in wire] == ["assistant", "tool", "tool", "user"]
    assert [part["type"] for part in wire[-1]["content"]] == ["text", "image_url", "text"]


def test_pictures_of_tools_are_not_lost_at_the_end_or_before_the_model_goes_on() -> None:
    called = (Call("a", "f"), CallOutput("a", (PIXEL,)))

    assert [message["role"] for message in messages(*called)] == ["assistant", "tool", "user"]
    went_on = messages(*called, Message("assistant", (Text("ok"),)))
    assert [message["role"] for message in went_on] == ["assistant", "tool", "user", "assistant"]


def test_a_vendor_that_takes_pictures_from_tools_gets_them_there() -> None:
    wire = messages(Call("a", "f"), CallOutput("a", (PIXEL,)), quirks=ChatQuirks(result_images=True))

    assert wire[-1]["content"][0]["type"] == "image_url"


def test_a_failed_output_says_so() -> None:
    assert messages(Call("a", "f"), CallOutput("a", (Text("no"),), is_error=True))[-1]["content"] == "Error:\n\nno"


def test_empty_words_are_left_out_beside_calls() -> None:
    wire = messages(Message("assistant", (Text(" \n"),)), Call("a", "f"), CallOutput("a", (Text("1"),)))

    assert wire[0]["content"] is None


def test_developer_turns_are_system_turns_where_the_vendor_knows_no_developers() -> None:
    told = Message("developer", (Text("x"),))

    assert messages(told)[0]["role"] == "system"
    assert messages(told, quirks=OPENAI)[0]["role"] == "developer"


def test_late_system_turns_become_tagged_text_for_strict_templates() -> None:
    items = (Message("system", (Text("a"),)), user(Text("b")), Message("system", (Text("c"),)))

    assert [message["role"] for message in messages(*items)] == ["system", "user", "system"]
    strict = messages(*items, quirks=ChatQuirks(system_anywhere=False))
    assert [message["role"] for message in strict] == ["system", "user", "user"]
    assert "<system>\nc" in strict[2]["content"]


def test_reasoning_goes_back_to_those_who_need_it_even_blank() -> None:
    quirks = ChatQuirks(reasoning_field="reasoning_content", reasoning_required=True)

    assert messages(Reasoning(("hm",)), Call("a", "f"), quirks=quirks)[0]["reasoning_content"] == "hm"
    assert messages(Call("a", "f"), quirks=quirks)[0]["reasoning_content"] == " "
    assert "reasoning_content" not in messages(Reasoning(("hm",)), Call("a", "f"))[0]


def test_parts_are_written_as_chat_knows_them() -> None:
    (message,) = messages(
        user(
            Image(Url("https://x/y.png"), "original"),
            Document(Inline("application/pdf", "AAAA"), "a.pdf"),
            Document(Inline("text/plain", "aGk="), title="Note"),
            Document(PlainText("words")),
            Document(FileId("file-1")),
            Audio(Inline("audio/mpeg", "AAAA")),
            Refusal("No."),
        )
    )

    assert message["content"] == [
        {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "high"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
        {"type": "text", "text": "Note\n\nhi"},
        {"type": "text", "text": "words"},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        {"type": "text", "text": "No."},
    ]


@pytest.mark.parametrize(
    "part", [Image(FileId("f")), Document(Url("https://x/a.pdf")), Audio(Url("https://x/a")), Video(Url("https://x/v"))]
)
def test_what_chat_cannot_say_is_refused_with_its_name(part: Any) -> None:
    with pytest.raises(InvalidRequest, match="part"):
        messages(user(part))


def test_cache_marks_go_only_to_vendors_that_take_them() -> None:
    marked = user(Text("a", cache="1h"), Text("b"))

    assert messages(marked)[0]["content"] == "a\n\nb"
    assert lost(Request("m", (marked,))) == {"cache.marks": "dropped"}
    kept = messages(marked, quirks=ChatQuirks(cache_control=True))[0]["content"]
    assert kept[0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}


def test_free_text_tools_and_namespaces_become_functions_that_can_be_told_apart() -> None:
    tools = (
        Tool("apply_patch", "Edits.", kind="custom", syntax="lark", grammar="start: X"),
        Tool("wait", namespace="agents", parameters=b'{"type":"object"}'),
    )
    items = (Call("a", "apply_patch", "*** Begin", kind="custom"), CallOutput("a", (Text("ok"),), kind="custom"))
    encoded = encode_request(Request("m", items, tools=tools), TARGET, PLAIN)
    wire = json.loads(encoded.body)

    assert [tool["function"]["name"] for tool in wire["tools"]] == ["apply_patch", "agents__wait"]
    assert "start: X" in wire["tools"][0]["function"]["description"]
    assert json.loads(wire["messages"][0]["tool_calls"][0]["function"]["arguments"]) == {"input": "*** Begin"}
    assert encoded.undo is not None
    assert encoded.undo.names == {
        "apply_patch": CalledAs("apply_patch", kind="custom"),
        "agents__wait": CalledAs("wait", "agents"),
    }


def test_openai_gets_free_text_tools_as_they_are() -> None:
    tool = Tool("p", kind="custom", syntax="lark", grammar="start: X")
    encoded = encode_request(Request("m", (), tools=(tool,)), TARGET, OPENAI)

    assert json.loads(encoded.body)["tools"][0]["custom"]["format"]["grammar"]["definition"] == "start: X"
    assert encoded.undo is None


def test_without_tools_there_is_no_list_no_choice_and_no_word_on_parallel_calls() -> None:
    hosted = HostedTool("web_search", "openai-responses", b"{}")
    request = Request("m", (), tools=(hosted,), tool_choice=ToolChoice("auto"), parallel_calls=False)

    assert encode(request).keys() == {"model", "messages"}
    assert lost(request) == {"tool.hosted": "dropped"}


def test_a_choice_of_several_tools_is_told_or_made_by_declaring_only_those() -> None:
    tools = (Tool("a"), Tool("b"), Tool("c"))
    request = Request("m", (), tools=tools, tool_choice=ToolChoice("required", ("a", "c")))

    assert [tool["function"]["name"] for tool in encode(request)["tools"]] == ["a", "c"]
    assert encode(request)["tool_choice"] == "required"
    assert encode(request, OPENAI)["tool_choice"]["allowed_tools"]["mode"] == "required"


def test_one_forced_tool_is_named() -> None:
    request = Request("m", (), tools=(Tool("a"),), tool_choice=ToolChoice("required", ("a",)))

    assert encode(request)["tool_choice"] == {"type": "function", "function": {"name": "a"}}


def test_strict_is_said_only_where_the_client_said_it() -> None:
    tools = (Tool("a"), Tool("b", strict=True), Tool("c", strict=False))

    assert [tool["function"].get("strict") for tool in encode(Request("m", (), tools=tools))["tools"]] == [
        None,
        True,
        False,
    ]


def test_a_schema_gets_a_name_or_is_told_in_words() -> None:
    request = Request("m", (), output_format=OutputFormat("json_schema", b'{"type":"object"}'))

    assert encode(request)["response_format"]["json_schema"]["name"] == "answer"
    poor = ChatQuirks(json_schema=False)
    assert encode(request, poor)["response_format"] == {"type": "json_object"}
    assert '{"type":"object"}' in encode(request, poor)["messages"][0]["content"]
    assert lost(request, poor) == {"output_format": "emulated"}


def test_reasoning_effort_goes_only_to_models_that_take_it() -> None:
    request = Request("m", (), reasoning=ReasoningControl(budget_tokens=2000))

    assert encode(request)["reasoning_effort"] == "low"
    other = ChatQuirks(effort_models=("o*",))
    assert "reasoning_effort" not in encode(request, other)
    assert lost(request, other) == {"reasoning": "dropped"}


def test_settings_that_the_vendor_does_not_take_are_named() -> None:
    request = Request(
        "m",
        (),
        sampling=Sampling(0.5, 0.9, 40, seed=1, logit_bias=b"{}"),
        service=Service(tier="flex", cache_key="k"),
        verbosity="low",
        extra={"prediction": b"{}"},
    )

    assert lost(request).keys() == {
        "sampling.top_k",
        "sampling.logit_bias",
        "service.tier",
        "service.cache_key",
        "verbosity",
        "prediction",
    }
    wire = encode(request, OPENAI)
    assert (wire["service_tier"], wire["verbosity"], wire["logit_bias"]) == ("flex", "low", {})
    assert "top_k" not in wire


def test_stop_sequences_beyond_the_vendors_limit_are_left_to_the_gateway() -> None:
    encoded = encode_request(Request("m", (), sampling=Sampling(stop=tuple("abcde"))), TARGET, PLAIN)

    assert json.loads(encoded.body)["stop"] == ["a", "b", "c", "d"]
    assert encoded.undo is not None
    assert encoded.undo.stop == ("e",)


def test_a_stored_answer_cannot_be_gone_on_from() -> None:
    with pytest.raises(InvalidRequest, match="previous_id"):
        encode(Request("m", (), service=Service(previous_id="resp_1")))


def test_streams_always_ask_for_usage_where_the_vendor_knows_how() -> None:
    assert encode(Request("m", (), stream=True, wants_usage=False))["stream_options"] == {"include_usage": True}
    assert "stream_options" not in encode(Request("m", (), stream=True), ChatQuirks(asks_usage=False))


def test_long_user_names_are_hashed_to_what_openai_takes() -> None:
    told = encode(Request("m", (), service=Service(user="x" * 65)))["user"]

    assert len(told) == 64
    assert told != "x" * 64


def test_foreign_items_leave_what_they_can() -> None:
    items = (
        Foreign("anthropic-messages", "server_tool_use", b"{}"),
        user(Foreign("a", "tool_reference", b"{}", "tool f")),
    )

    assert messages(*items) == [{"role": "user", "content": "tool f"}]
    assert lost(Request("m", items)).keys() == {"item.foreign", "part.foreign"}


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)
arguments = st.dictionaries(words, st.integers(), max_size=2).map(json.dumps)


@st.composite
def turns(draw: st.DrawFn) -> tuple[Item, ...]:
    items: list[Item] = [Message(draw(st.sampled_from(["user", "system"])), (Text(draw(words)),))]
    for number in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            items.append(Message("assistant", (Text(draw(words)),)))
        calls = [Call(f"c{number}_{each}", "f", draw(arguments)) for each in range(draw(st.integers(1, 3)))]
        items += calls
        items += [CallOutput(call.call_id, (Text(draw(words)),)) for call in calls]
    return (*items, user(Text(draw(words))))


@given(turns())
def test_what_was_encoded_decodes_to_the_same_conversation(items: tuple[Item, ...]) -> None:
    assert decode_request(encode_request(Request("m", items), TARGET, PLAIN).body).items == items


@pytest.mark.parametrize(
    ("prefill", "turn", "more"),
    [
        ("last", {}, {}),
        ("prefix", {"prefix": True}, {}),
        ("open", {}, {"continue_final_message": True, "add_generation_prompt": False}),
    ],
)
def test_a_vendor_that_goes_on_from_the_last_words_is_told_so_in_its_way(
    prefill: Literal["last", "prefix", "open"], turn: dict[str, Any], more: dict[str, Any]
) -> None:
    quirks = ChatQuirks(prefill=prefill)
    request = Request("m", (user(Text("hi")), Message("assistant", (Text("Hello"),))))

    wire = encode(request, quirks)

    assert wire["messages"][-1] == {"role": "assistant", "content": "Hello", **turn}
    assert {name: wire[name] for name in wire if name not in ("model", "messages")} == more
    assert lost(request, quirks) == {}
    assert encode_request(request, TARGET, quirks).repeats == ("Hello" if prefill == "prefix" else "")
    plain = encode(Request("m", (user(Text("hi")),)), quirks)
    assert set(plain) == {"model", "messages"}
    assert plain["messages"] == [{"role": "user", "content": "hi"}]


def test_of_any_other_vendor_the_client_is_told_that_it_answers_anew() -> None:
    request = Request("m", (user(Text("hi")), Message("assistant", (Text("Hello"),))))

    assert lost(request) == {"item.prefill": "dropped"}
    assert encode(request)["messages"][-1] == {"role": "assistant", "content": "Hello"}

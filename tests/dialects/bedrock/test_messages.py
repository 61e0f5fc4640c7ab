import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.bedrock.codec import ConverseCodec
from tokenrouter.dialects.bedrock.losses import REQUEST_LOSSES
from tokenrouter.dialects.bedrock.messages import FAMILY, MessageWriter
from tokenrouter.dialects.bedrock.models import ConverseQuirks, ModelTraits
from tokenrouter.dialects.hub import Target
from tokenrouter.dialects.losses import Losses
from tokenrouter.dialects.translate import translate_request
from tokenrouter.domain.items import (
    Audio,
    Call,
    CallOutput,
    Document,
    Foreign,
    Image,
    Inline,
    Item,
    Message,
    ProviderState,
    Reasoning,
    Refusal,
    Text,
    Video,
)
from tokenrouter.domain.requests import ReasoningControl, Request, Tool, ToolChoice
from tokenrouter.sandbox.aws.request import read_converse
from tokenrouter.sandbox.catalog import find
from tokenrouter.sandbox.fields import Fields

CLAUDE = ModelTraits("budget", forces="tool", result_status=True, cache="all", cache_1h=True)
PLAIN = ModelTraits()
PIXEL = Image(Inline("image/png", "AAAA"))
PDF = Document(Inline("application/pdf", "AAAA"), "a.pdf")
SIGNED = ProviderState(FAMILY, "signature", "c2ln", "o")


def write(
    *items: Item, traits: ModelTraits = CLAUDE, has_tools: bool = True, prefill: bool = True
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], set[str]]:
    """The messages, the system blocks, and what was lost."""
    losses = Losses(REQUEST_LOSSES)
    writer = MessageWriter(traits, losses, has_tools=has_tools, prefill=prefill)
    messages = json.loads(json.dumps(writer.write(items), default=lambda raw: json.loads(bytes(raw))))
    return messages, writer.system, {loss.feature for loss in losses.noted()}


def messages(*items: Item, **more: Any) -> list[dict[str, Any]]:
    return write(*items, **more)[0]


def user(*parts: Any, **more: Any) -> Message:
    return Message("user", parts, **more)


HI = user(Text("hi"))


def test_an_assistants_items_are_one_turn_and_outputs_are_the_users_next() -> None:
    assert messages(
        HI,
        Reasoning(("hm",), state=SIGNED),
        Message("assistant", (Text("Look:"),)),
        Call("a", "f", '{"x":1}'),
        Call("b", "g"),
        CallOutput("a", (Text("1"),)),
        CallOutput("b", (Text("2"), PIXEL), is_error=True),
        user(Text("and?")),
    ) == [
        {"role": "user", "content": [{"text": "hi"}]},
        {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}},
                {"text": "Look:"},
                {"toolUse": {"toolUseId": "a", "name": "f", "input": {"x": 1}}},
                {"toolUse": {"toolUseId": "b", "name": "g", "input": {}}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "a", "content": [{"text": "1"}]}},
                {
                    "toolResult": {
                        "toolUseId": "b",
                        "content": [{"text": "2"}, {"image": {"format": "png", "source": {"bytes": "AAAA"}}}],
                        "status": "error",
                    }
                },
                {"text": "and?"},
            ],
        },
    ]


def test_turns_alternate_and_begin_with_the_user() -> None:
    told, _, lost = write(Message("assistant", (Text("a"),)), Message("assistant", (Text("b"),)), HI, HI)

    assert [message["role"] for message in told] == ["user", "assistant", "user"]
    assert [len(message["content"]) for message in told] == [1, 2, 2]
    assert lost == {"item.opening"}


def test_nothing_at_all_still_asks_something() -> None:
    assert messages() == [{"role": "user", "content": [{"text": "Go on."}]}]


def test_system_turns_stand_apart_and_late_ones_become_tagged_text() -> None:
    told, system, lost = write(
        Message("system", (Text("a", cache="1h"),)),
        Message("developer", (Text("b"),)),
        HI,
        Message("system", (Text("late"),)),
    )

    assert system == [{"text": "a"}, {"cachePoint": {"type": "default", "ttl": "1h"}}, {"text": "b"}]
    assert told[0]["content"] == [{"text": "hi"}, {"text": "<system>\nlate\n</system>"}]
    assert lost == {"message.system"}


def test_blank_words_are_left_out_and_turns_of_nothing_else_too() -> None:
    told = messages(HI, Message("assistant", (Text(" \n"),)), user(Text(""), Text("x")), Message("system", (Text(""),)))

    assert told == [{"role": "user", "content": [{"text": "hi"}, {"text": "x"}]}]


def test_reasoning_without_this_dialects_signature_is_left_out() -> None:
    foreign = ProviderState("anthropic-messages", "signature", "x")

    told, _, lost = write(HI, Reasoning(("a",)), Reasoning(("b",), state=foreign), Message("assistant", (Text("c"),)))

    assert told[1]["content"] == [{"text": "c"}]
    assert lost == {"item.reasoning"}


def test_redacted_reasoning_goes_back_as_it_came() -> None:
    state = ProviderState(FAMILY, "redacted", "cmVk", "o")

    assert messages(HI, Reasoning(state=state), Call("a", "f"))[1]["content"][0] == {
        "reasoningContent": {"redactedContent": "cmVk"}
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("", {}),
        (" ", {}),
        ('{"a": 1.0}', {"a": 1.0}),
        ("[1]", {"input": "[1]"}),
        ("{broken", {"input": "{broken"}),
        ('"text"', {"input": '"text"'}),
    ],
)
def test_arguments_are_always_an_object(arguments: str, told: object) -> None:
    assert messages(HI, Call("a", "f", arguments))[1]["content"][0]["toolUse"]["input"] == told


def test_free_text_calls_and_namespaces_become_calls_of_functions() -> None:
    told = messages(HI, Call("a", "patch", "*** Begin", kind="custom", namespace="n"))[1]["content"][0]["toolUse"]

    assert (told["name"], told["input"]) == ("n__patch", {"input": "*** Begin"})


def test_without_tools_calls_and_outputs_are_told_as_text() -> None:
    told, _, lost = write(HI, Call("a", "f", '{"x":1}'), CallOutput("a", (Text("1"), PIXEL)), has_tools=False)

    assert told[1]["content"] == [{"text": '[Called the tool f (a) with {"x":1}]'}]
    assert [next(iter(block)) for block in told[2]["content"]] == ["text", "text", "image"]
    assert lost == {"item.calls"}


def test_an_output_of_nothing_says_so_and_a_failed_one_where_the_model_has_no_status() -> None:
    told, _, lost = write(HI, Call("a", "f"), CallOutput("a", (Text(""),), is_error=True), traits=PLAIN)

    assert told[2]["content"] == [
        {"toolResult": {"toolUseId": "a", "content": [{"text": "Error:"}, {"text": "(no output)"}]}}
    ]
    assert lost == {"result.error"}


def test_sound_of_tools_follows_all_outputs() -> None:
    sound = Audio(Inline("audio/wav", "AAAA"))
    told = messages(HI, Call("a", "f"), Call("b", "f"), CallOutput("a", (sound,)), CallOutput("b", (Text("2"),)))

    assert [next(iter(block)) for block in told[2]["content"]] == ["toolResult", "toolResult", "text", "audio"]


def test_files_get_a_text_beside_them() -> None:
    told, _, lost = write(user(PDF))

    assert [next(iter(block)) for block in told[0]["content"]] == ["document", "text"]
    assert lost == {"part.document_text"}
    assert len(messages(user(PDF, Text("sum up")))[0]["content"]) == 2


def test_pictures_of_the_assistant_are_left_out() -> None:
    told, _, lost = write(HI, Message("assistant", (PIXEL, Text("see"), Refusal("no"))), HI)

    assert told[1]["content"] == [{"text": "see"}, {"text": "no"}]
    assert lost == {"part.media_of_assistant"}


def test_participants_are_told_apart_by_words() -> None:
    assert messages(user(Text("hi"), name="ann"))[0]["content"] == [{"text": "ann:"}, {"text": "hi"}]


def test_last_words_of_the_assistant_are_gone_on_from_where_the_model_can() -> None:
    items = (HI, Message("assistant", (Text("Once "),)))

    assert messages(*items)[-1] == {"role": "assistant", "content": [{"text": "Once"}]}
    told, _, lost = write(*items, prefill=False)
    assert told[-1] == {"role": "user", "content": [{"text": "Go on."}]}
    assert lost == {"item.prefill"}


def test_cache_marks_become_points_behind_what_they_mark() -> None:
    told = messages(
        user(Text("a", cache="5m"), PIXEL),
        Call("c", "f", cache="5m"),
        CallOutput("c", (Text("1"),), cache="1h"),
        user(Text("b")),
    )
    kinds = [[next(iter(block)) for block in message["content"]] for message in told]

    assert kinds == [["text", "cachePoint", "image"], ["toolUse", "cachePoint"], ["toolResult", "cachePoint", "text"]]


def test_cache_marks_that_the_model_would_refuse_are_dropped() -> None:
    csv = Document(Inline("text/csv", "AAAA"), "a.csv", cache="5m")

    assert write(user(Text("a", cache="5m")), traits=PLAIN)[2] == {"cache.marks"}
    assert write(user(Text("a"), csv))[2] == {"cache.marks"}
    assert write(user(Text("a", cache="1h")), traits=ModelTraits(cache="prompt"))[2] == {"cache.1h"}


def test_foreign_things_leave_what_they_can() -> None:
    told, _, lost = write(
        HI,
        Foreign("x", "server_tool_use", b"{}"),
        Foreign("x", "search", b"{}", "found"),
        user(Foreign("x", "y", b"{}")),
    )

    assert told[1]["content"] == [{"text": "found"}]
    assert {"item.foreign", "part.foreign"} <= lost


texts = st.builds(
    Text, st.sampled_from(["", " ", "\n", "word", "ünï \U0001f600"]), cache=st.sampled_from([None, "5m", "1h"])
)
parts = st.one_of(
    texts,
    st.builds(Refusal, st.sampled_from(["", "no"])),
    st.just(PIXEL),
    st.builds(
        Document, st.just(Inline("application/pdf", "AAAA")), st.text(max_size=5), cache=st.sampled_from([None, "5m"])
    ),
    st.just(Document(Inline("text/csv", "AAAA"), "x", cache="5m")),
    st.just(Audio(Inline("audio/wav", "AAAA"))),
    st.just(Video(Inline("video/mp4", "AAAA"))),
    st.builds(Foreign, st.just("x"), st.just("y"), st.just(b"{}"), st.sampled_from(["", "z"])),
)
part_lists = st.lists(parts, max_size=3).map(tuple)
ids = st.sampled_from(["a", "b", "", "call.1/:", "x" * 80])
items = st.lists(
    st.one_of(
        st.builds(Message, st.sampled_from(["system", "developer", "user", "assistant"]), part_lists),
        st.builds(Reasoning, st.sampled_from([(), ("hm",)])),
        st.builds(
            Call,
            ids,
            st.sampled_from(["f", "get weather!", "n" * 90]),
            st.sampled_from(["", "{}", "[", "x"]),
            st.sampled_from(["function", "custom"]),
        ),
        st.builds(CallOutput, ids, part_lists, st.booleans()),
        st.just(Foreign("x", "y", b"{}")),
    ),
    max_size=8,
).map(tuple)
all_traits = st.builds(
    ModelTraits,
    st.sampled_from(["none", "budget", "adaptive"]),
    forces=st.sampled_from(["none", "any", "tool"]),
    result_status=st.booleans(),
    prefill=st.booleans(),
    cache=st.sampled_from(["none", "prompt", "all"]),
    cache_1h=st.booleans(),
)


@given(
    items=items,
    traits=all_traits,
    tools=st.sampled_from([(), (Tool("f"), Tool("get weather!", cache="5m"))]),
    choice=st.sampled_from([None, ToolChoice("none"), ToolChoice("required"), ToolChoice("required", ("f",))]),
    thinking=st.sampled_from([None, ReasoningControl("high"), ReasoningControl("none")]),
    cache=st.sampled_from([None, "5m"]),
)
def test_whatever_a_client_sends_bedrock_is_sent_what_it_takes(
    items: tuple[Item, ...],
    traits: ModelTraits,
    tools: tuple[Tool, ...],
    choice: ToolChoice | None,
    thinking: ReasoningControl | None,
    cache: Any,
) -> None:
    request = Request("m", items, tools=tools, tool_choice=choice, reasoning=thinking, cache=cache)
    model = find("thinker" if traits.thinking == "budget" and thinking else "echo")

    body = translate_request(request, ConverseCodec(ConverseQuirks((("*", traits),))), Target("aws", "m", "o")).body

    read_converse(Fields(json.loads(body)), body, model)

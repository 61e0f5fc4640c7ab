from typing import Any

import msgspec
import pytest

from tokenrouter.dialects.losses import Losses
from tokenrouter.dialects.openai_responses.input import InputWriter
from tokenrouter.dialects.openai_responses.losses import OPENAI, REQUEST_LOSSES, ResponsesQuirks
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import (
    Audio,
    Call,
    CallOutput,
    Citation,
    Document,
    FileId,
    Foreign,
    Image,
    Inline,
    Item,
    Message,
    PlainText,
    ProviderState,
    Reasoning,
    Refusal,
    Text,
    Url,
    Video,
)

PLAIN = ResponsesQuirks()
PIXEL = Image(Inline("image/png", "AAAA"))
STATE = ProviderState("openai-responses", "encrypted", "gAAA", "o")


def write(*items: Item, quirks: ResponsesQuirks = OPENAI, reasons: bool = True) -> list[Any]:
    written: list[Any] = msgspec.to_builtins(InputWriter(quirks, Losses(REQUEST_LOSSES), reasons=reasons).write(items))
    return written


def lost(*items: Item, quirks: ResponsesQuirks = OPENAI) -> set[str]:
    losses = Losses(REQUEST_LOSSES)
    InputWriter(quirks, losses, reasons=True).write(items)
    return {loss.feature for loss in losses.noted()}


def user(*parts: Any) -> Message:
    return Message("user", parts)


def test_words_are_of_the_kind_that_their_role_has() -> None:
    assert write(
        Message("system", (Text("a"),)), user(Text("b")), Message("assistant", (Text("c"), Refusal("No.")))
    ) == [
        {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "a"}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "b"}]},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "c", "annotations": []}, {"type": "refusal", "refusal": "No."}],
        },
    ]


def test_parts_are_written_as_the_dialect_knows_them() -> None:
    (message,) = write(
        user(
            Image(Url("https://x/y.png"), "original"),
            Image(FileId("file-1")),
            PIXEL,
            Document(Inline("application/pdf", "AAAA"), "a.pdf"),
            Document(Inline("text/plain", "aGk="), title="Note"),
            Document(PlainText("words")),
            Document(FileId("file-2")),
            Document(Url("https://x/a.pdf")),
            Audio(Inline("audio/mpeg", "AAAA")),
            Audio(FileId("x"), "said"),
        )
    )

    assert message["content"] == [
        {"type": "input_image", "detail": "original", "image_url": "https://x/y.png"},
        {"type": "input_image", "detail": "auto", "file_id": "file-1"},
        {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,AAAA"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"},
        {"type": "input_text", "text": "Note\n\nhi"},
        {"type": "input_text", "text": "words"},
        {"type": "input_file", "file_id": "file-2"},
        {"type": "input_file", "file_url": "https://x/a.pdf"},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        {"type": "input_text", "text": "said"},
    ]


@pytest.mark.parametrize("part", [Video(Url("https://x/v")), Audio(Url("https://x/a"))])
def test_what_the_dialect_cannot_say_is_refused_with_its_name(part: Any) -> None:
    with pytest.raises(InvalidRequest, match="part"):
        write(user(part))


def test_encrypted_reasoning_goes_right_before_what_it_led_to() -> None:
    thought = Reasoning(("s",), True, STATE, "rs_1")

    assert write(thought, Call("a", "f"), CallOutput("a", (Text("1"),))) == [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "s"}], "encrypted_content": "gAAA"},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "1"},
    ]


def test_reasoning_that_led_to_nothing_is_left_out() -> None:
    thought = Reasoning(state=STATE)

    assert [item["type"] for item in write(thought, user(Text("go on")))] == ["message"]
    assert [item["type"] for item in write(Call("a", "f"), thought, CallOutput("a", (Text("1"),)))] == [
        "function_call",
        "function_call_output",
    ]
    assert write(thought) == []


def test_reasoning_that_the_vendor_cannot_read_is_named_as_lost() -> None:
    thought = Reasoning(("hm",))

    assert write(thought, Call("a", "f"))[0]["type"] == "function_call"
    assert lost(thought) == {"item.reasoning"}
    assert write(Reasoning(state=STATE), Call("a", "f"), reasons=False)[0]["type"] == "function_call"
    open_model = ResponsesQuirks(reasoning_text=True)
    assert write(thought, Call("a", "f"), quirks=open_model)[0]["content"] == [{"type": "reasoning_text", "text": "hm"}]


def test_calls_are_of_the_kind_that_the_vendor_was_told() -> None:
    calls = (Call("a", "wait", namespace="agents"), Call("b", "p", "x", "custom"))

    native = write(*calls, CallOutput("b", (Text("1"),), kind="custom"))
    assert (native[0]["namespace"], native[0]["name"]) == ("agents", "wait")
    assert (native[1]["type"], native[1]["input"]) == ("custom_tool_call", "x")
    assert native[2]["type"] == "custom_tool_call_output"
    plain = write(*calls, CallOutput("b", (Text("1"),), kind="custom"), quirks=PLAIN)
    assert plain[0]["name"] == "agents__wait"
    assert "namespace" not in plain[0]
    assert (plain[1]["type"], plain[1]["arguments"]) == ("function_call", '{"input":"x"}')
    assert plain[2]["type"] == "function_call_output"


def test_pictures_of_tools_stand_in_their_output_or_follow_it() -> None:
    called = (Call("a", "f"), CallOutput("a", (Text("see"), PIXEL)))

    assert [part["type"] for part in write(*called)[-1]["output"]] == ["input_text", "input_image"]
    followed = write(*called, user(Text("and?")), quirks=PLAIN)
    assert followed[1]["output"] == "see"
    assert [part["type"] for part in followed[2]["content"]] == ["input_text", "input_image", "input_text"]
    assert lost(*called, quirks=PLAIN) == {"result.image"}
    assert [item["type"] for item in write(*called, quirks=PLAIN)][-1] == "message"
    went_on = write(*called, Message("assistant", (Text("ok"),)), quirks=PLAIN)
    assert [item.get("role") for item in went_on[2:]] == ["user", "assistant"]


def test_a_failed_output_says_so() -> None:
    failed = (Call("a", "f"), CallOutput("a", (Text("no"),), is_error=True))

    assert write(*failed)[-1]["output"] == "Error:\n\nno"
    assert lost(*failed) == {"result.error"}


def test_blank_words_and_pictures_of_the_model_are_left_out() -> None:
    assert write(Message("assistant", (Text(" \n"),)), user()) == []
    assert lost(Message("assistant", (PIXEL,)), user(Text("x"))) == {"part.image_said"}


def test_what_gets_lost_is_named() -> None:
    assert lost(
        Message("user", (Text("a", (Citation("https://x"),), cache="5m"),), name="bob"),
        Message("user", (Foreign("anthropic-messages", "tool_reference", b"{}", "tool f"),)),
        Message("assistant", (Text("and"),)),
    ) == {"message.name", "part.citations", "cache.marks", "part.foreign", "item.prefill"}


def test_steps_of_this_dialect_go_to_a_vendor_that_has_them() -> None:
    step = Foreign("openai-responses", "web_search_call", b'{"type":"web_search_call"}', "searched")

    encoded = msgspec.json.encode(InputWriter(OPENAI, Losses(REQUEST_LOSSES), reasons=True).write((step,)))
    assert encoded == b'[{"type":"web_search_call"}]'
    assert write(step, quirks=PLAIN)[0]["content"][0]["text"] == "searched"
    assert lost(step, user(Text("x")), quirks=PLAIN) == {"item.foreign"}


def test_the_phase_of_a_message_is_told() -> None:
    assert write(Message("assistant", (Text("a"),), phase="commentary"))[0]["phase"] == "commentary"

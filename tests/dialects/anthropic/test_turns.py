import json
from typing import Any

import msgspec
import pytest

from tokenrouter.dialects.anthropic.losses import ANTHROPIC, REQUEST_LOSSES
from tokenrouter.dialects.anthropic.turns import MAX_MARKS, CacheMarks, TurnWriter
from tokenrouter.dialects.losses import Losses
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

GO = Message("user", (Text("go"),))
SAID = Message("assistant", (Text("said"),))
PIXEL = Image(Inline("image/jpg", "AAAA"))
OLD, NEW = "claude-opus-4-5", "claude-opus-4-8"


def written(*items: Item, model: str = OLD) -> tuple[list[dict[str, Any]], list[dict[str, Any]], set[str]]:
    losses = Losses(REQUEST_LOSSES)
    traits = ANTHROPIC.traits(model)
    writer = TurnWriter("", traits, losses, CacheMarks(MAX_MARKS, losses))
    messages = writer.write(items, takes_prefill=traits.prefill)
    return writer.system, json.loads(msgspec.json.encode(messages)), {loss.feature for loss in losses.noted()}


def messages(*items: Item, model: str = OLD) -> list[dict[str, Any]]:
    return written(*items, model=model)[1]


def lost(*items: Item, model: str = OLD) -> set[str]:
    return written(*items, model=model)[2]


def blocks(*parts: Any) -> list[Any]:
    content: list[Any] = messages(Message("user", parts))[0]["content"]
    return content


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


def test_roles_take_turns_and_results_stand_together_and_first() -> None:
    assert messages(
        GO,
        GO,
        Message("assistant", (Text("Look:"),)),
        Call("a", "f", '{"x":1}'),
        Call("b", "g"),
        CallOutput("a", (Text("1"),)),
        CallOutput("b", (Text("2"),), is_error=True),
        GO,
    ) == [
        {"role": "user", "content": [text("go"), text("go")]},
        {
            "role": "assistant",
            "content": [
                text("Look:"),
                {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
                {"type": "tool_use", "id": "b", "name": "g", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": [text("1")]},
                {"type": "tool_result", "tool_use_id": "b", "is_error": True, "content": [text("2")]},
                text("go"),
            ],
        },
    ]


def test_leading_system_turns_are_the_system_prompt() -> None:
    system, said, _ = written(
        Message("system", (Text("a", cache="1h"), Text(" "))), Message("developer", (Text("b"),)), GO
    )

    assert system == [{**text("a"), "cache_control": {"type": "ephemeral", "ttl": "1h"}}, text("b")]
    assert len(said) == 1


def test_a_later_system_turn_stands_where_it_was_or_is_tagged() -> None:
    late = Message("system", (Text("now"),))

    told = {"role": "system", "content": [text("now"), text("now")]}
    assert messages(GO, late, late, SAID, GO, model=NEW)[1] == told
    assert messages(GO, late, late, model=NEW)[1] == told
    tagged = text("<system>\nnow\n</system>")
    assert messages(GO, late, GO, model=NEW)[0]["content"] == [text("go"), tagged, text("go")]
    assert messages(GO, late, SAID, GO)[0]["content"] == [text("go"), tagged]
    assert messages(GO, SAID, late, GO, model=NEW)[2]["content"] == [tagged, text("go")]
    assert lost(GO, late, SAID, GO) == {"message.system"}
    assert lost(GO, late, SAID, GO, model=NEW) == set()


def test_blank_words_are_left_out_and_so_are_turns_of_nothing_else() -> None:
    assert messages(GO, Message("assistant", (Text("\n"),)), Message("user", (Text(""), Text("x"))))[0]["content"] == [
        text("go"),
        text("x"),
    ]


def test_a_conversation_must_begin_with_a_user() -> None:
    assert [message["role"] for message in messages(SAID, GO)] == ["user", "assistant", "user"]
    assert [message["role"] for message in messages(Message("system", (Text("a"),)))] == ["user"]
    assert lost(SAID, GO) == {"item.first"}


def test_a_prefilled_answer_goes_only_to_models_that_take_one() -> None:
    prefill = Message("assistant", (Text("The answer is \n"),))

    assert messages(GO, prefill)[-1] == {"role": "assistant", "content": [text("The answer is")]}
    assert [message["role"] for message in messages(GO, prefill, model=NEW)] == ["user", "assistant", "user"]
    assert lost(GO, prefill, model=NEW) == {"item.prefill"}


def test_a_turn_that_anthropics_own_tools_paused_may_be_gone_on_from() -> None:
    step = Foreign("anthropic-messages", "server_tool_use", b'{"type":"server_tool_use"}')

    assert messages(GO, step, model=NEW)[-1]["role"] == "assistant"


def test_thoughts_without_anthropics_signature_do_not_go_back() -> None:
    own = ProviderState("anthropic-messages", "signature", "s")
    redacted = ProviderState("anthropic-messages", "redacted", "d")
    foreign = ProviderState("openai-chat", "details", "[]")
    thoughts = (Reasoning(("a", "b"), state=own), Reasoning(state=redacted), Reasoning(("c",), state=foreign))

    assert messages(GO, *thoughts, Reasoning(("d",)), SAID, GO)[1]["content"] == [
        {"type": "thinking", "thinking": "a\n\nb", "signature": "s"},
        {"type": "redacted_thinking", "data": "d"},
        text("said"),
    ]
    assert lost(GO, *thoughts, SAID, GO) == {"item.reasoning"}


def test_who_called_goes_back_with_the_call() -> None:
    state = ProviderState("anthropic-messages", "details", '{"toolset_name":"browser"}')
    (call,) = messages(GO, Call("a", "f", state=state), CallOutput("a", ()))[1]["content"]

    assert call["toolset_name"] == "browser"


def test_arguments_are_an_object_whatever_they_were() -> None:
    calls = [Call("a", "f", arguments) for arguments in ("", "[1", "[1]", "{}")]
    told = [block["input"] for block in messages(GO, *calls)[1]["content"]]

    assert told == [{}, {"arguments": "[1"}, {"arguments": "[1]"}, {}]


def test_free_text_goes_as_the_argument_of_a_function() -> None:
    (call,) = messages(GO, Call("a", "p", "*** Begin", kind="custom"))[1]["content"]

    assert call["input"] == {"input": "*** Begin"}


def test_results_hold_pictures_and_files_and_say_nothing_where_nothing_came() -> None:
    outputs = (CallOutput("a", (PIXEL, Document(Url("https://x/a.pdf")))), CallOutput("b", (), is_error=True))
    (first, second) = messages(GO, Call("a", "f"), Call("b", "f"), *outputs)[2]["content"]

    assert [block["type"] for block in first["content"]] == ["image", "document"]
    assert second["content"] == [text("The tool failed.")]
    assert "content" not in messages(GO, Call("a", "f"), CallOutput("a", (Text(""),)))[2]["content"][0]


def test_pictures_and_files_are_told_by_where_they_are() -> None:
    assert blocks(
        PIXEL,
        Image(Url("https://x/y.png"), cache="5m"),
        Document(Inline("application/pdf", "AAAA"), "a.pdf", context="c", citable=True),
        Document(PlainText("words"), title="T"),
        Document(Inline("text/plain", "aGk=")),
        Audio(FileId("f"), "hello"),
        Refusal("No."),
    ) == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"}},
        {
            "type": "image",
            "source": {"type": "url", "url": "https://x/y.png"},
            "cache_control": {"type": "ephemeral"},
        },
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"},
            "title": "a.pdf",
            "context": "c",
            "citations": {"enabled": True},
        },
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}, "title": "T"},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}},
        text("hello"),
        text("No."),
    ]


@pytest.mark.parametrize(
    ("part", "feature"),
    [
        (Audio(Inline("audio/wav", "AAAA")), "part.audio"),
        (Video(Url("https://x/v")), "part.video"),
        (Image(FileId("file-1")), "part.file_id"),
        (Image(Inline("image/bmp", "AAAA")), "part.image_type"),
        (Document(Inline("application/msword", "AAAA")), "part.document_type"),
    ],
)
def test_what_anthropic_cannot_be_told_is_refused_with_its_name(part: Any, feature: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        blocks(part)

    assert caught.value.param == feature


def test_an_assistants_pictures_are_left_out() -> None:
    said = Message("assistant", (PIXEL, Audio(FileId("f")), Video(Url("v")), Text("x")))

    assert messages(GO, said, GO)[1]["content"] == [text("x")]
    assert lost(GO, said, GO) == {"part.assistant"}


def test_citations_go_back_if_anthropic_made_them() -> None:
    own = Citation(family="anthropic-messages", json=b'{"type":"char_location"}')
    made_up = Citation(family="anthropic-messages", json=b'{"url":"u","encrypted_index": ""}')
    said = Message("assistant", (Text("x", (own, made_up, Citation("https://x"))), Text("y", (made_up,))))

    first, second = messages(GO, said, GO)[1]["content"]
    assert first["citations"] == [{"type": "char_location"}]
    assert second == text("y")
    assert lost(GO, said, GO) == {"part.citations"}


def test_names_are_put_before_words() -> None:
    assert messages(Message("user", (Text("hi"),), name="Ann"))[0]["content"] == [text("Ann:"), text("hi")]


def test_foreign_items_leave_what_they_can() -> None:
    step = Foreign("openai-responses", "web_search_call", b"{}", "found")
    part = Foreign("gemini", "x", b"{}", "words")

    assert messages(GO, step, Message("user", (part, Foreign("gemini", "x", b"{}"))))[1:] == [
        {"role": "assistant", "content": [text("found")]},
        {"role": "user", "content": [text("words")]},
    ]
    assert lost(GO, step, Message("user", (part,))) == {"item.foreign", "part.foreign"}

"""Words and media are read from every kind of block, and refused where Anthropic refuses them."""

import base64
from typing import Any

import pytest

from tests.sandbox.anthropic_wire import (
    CLOCK,
    PNG,
    WEATHER,
    asking,
    assistant,
    call,
    image,
    post,
    refusal,
    result,
    text,
    user,
)
from tokenrouter.sandbox.anthropic.errors import AnthropicError
from tokenrouter.sandbox.anthropic.turns import IMAGE_TOKENS, PAGE_TOKENS, read_segments, read_turns
from tokenrouter.sandbox.prompt import Turn
from tokenrouter.sandbox.tokens import Tokenizer
from tokenrouter.testing.processes import SandboxProcess

FOUR = Tokenizer(4.0)
ORDERS = {"role": "system", "content": "Be brief."}
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0").decode()
PDF = base64.b64encode(b"%PDF-1.7").decode()
SYSTEM_BETA = "mid-conversation-system-2026-04-07"


def document(**source: Any) -> dict[str, Any]:
    return {"type": "document", "source": source}


PAGES = document(type="base64", media_type="application/pdf", data=PDF)
NOTES = document(type="text", media_type="text/plain", data="some notes")
FOUND = {"type": "search_result", "source": "s", "title": "t", "content": [text("found")]}


def turns(*messages: dict[str, Any], **more: object) -> list[Turn]:
    return read_turns({"messages": list(messages), **more}).turns


def test_a_conversation_becomes_turns() -> None:
    read = turns(
        user(text("one"), text("two")),
        assistant(text("I look."), call()),
        user(result(content=[text("21"), text("C")]), text("and?")),
        system=[text("Be kind."), text("Be brief.")],
    )

    assert read == [
        Turn("system", "Be kind.\nBe brief."),
        Turn("user", "one\ntwo"),
        Turn("assistant", 'I look.\n{"name":"get_weather","input":{"city":"Oslo"}}'),
        Turn("tool", "21\nC"),
        Turn("user", "and?"),
    ]


@pytest.mark.parametrize(
    ("block", "words", "weight"),
    [
        (image(), "", IMAGE_TOKENS),
        ({"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}, "", IMAGE_TOKENS),
        (PAGES, "", PAGE_TOKENS),
        (document(type="url", url="https://x/y.pdf"), "", PAGE_TOKENS),
        (NOTES, "some notes", 0),
        (document(type="content", content="plain"), "plain", 0),
        (document(type="content", content=[text("in"), text("side")]), "in\nside", 0),
        (FOUND, "found", 0),
    ],
)
def test_blocks_are_read_or_weighed(block: dict[str, Any], words: str, weight: int) -> None:
    [turn] = turns(user(block))

    assert turn == Turn("user", words, weight)
    [in_result] = turns(user(result(content=[block])))
    assert in_result == Turn("tool", words, weight)


def test_thoughts_say_nothing_to_the_model() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}

    assert turns(user("x"), assistant(thought, text("y"))) == [Turn("user", "x"), Turn("assistant", "y")]


def test_the_systems_words_in_between_go_before_the_users_that_they_follow() -> None:
    read = turns(user("first"), assistant("ok"), user(text("use tool")), ORDERS)

    assert [turn.role for turn in read] == ["user", "assistant", "system", "user"]


def test_a_tool_is_used_though_the_system_spoke_last(sandbox: SandboxProcess) -> None:
    body = asking(user("use tool"), ORDERS, tools=[WEATHER])

    message = post(sandbox.base_url, body, "/v1/messages", "2023-06-01", SYSTEM_BETA).json()

    assert message["stop_reason"] == "tool_use"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (asking(user(text(""))), "messages: text content blocks must be non-empty"),
        (asking(user(text(" \n"))), "messages: text content blocks must contain non-whitespace text"),
        (asking(user("  ")), "messages: text content blocks must contain non-whitespace text"),
        (asking(user("x"), assistant(text(""), call()), user(result())), "messages: text content blocks must be non-"),
        (
            asking(user("x"), assistant(call()), user(result(content=[text("")]))),
            "messages: text content blocks must b",
        ),
        (asking(system=[text("")]), "system: text content blocks must be non-empty"),
        (asking(system=" "), "system: text content blocks must contain non-whitespace text"),
        (asking(user(image(data="%%%"))), "messages.0.content.0.image.source.base64.data: Invalid base64 data"),
        (
            asking(user(image(data=JPEG))),
            "messages.0.content.0.image.source.base64.data: The image was specified using the image/png media type",
        ),
        (
            asking(user(image(media_type="image/tiff"))),
            "messages.0.content.0.image.source.base64.media_type: Input sho",
        ),
        (
            asking(user({"type": "image", "source": {"type": "url", "url": "http://x/y"}})),
            "messages.0.content.0.image.source.url.url: Only HTTPS URLs are supported.",
        ),
        (
            asking(user(document(type="base64", media_type="application/pdf", data=PNG))),
            "messages.0.content.0.document.source.base64.data: The image was specified using the application/pdf",
        ),
        (
            asking(user("x"), assistant(call()), user(result(content=[image(data=JPEG)]))),
            "messages.2.content.0.tool_result.content.0.image.source.base64.data: The image was specified",
        ),
    ],
)
def test_empty_texts_and_wrong_media_are_refused(sandbox: SandboxProcess, body: dict[str, Any], message: str) -> None:
    assert refusal(sandbox.base_url, body).startswith(message)


@pytest.mark.parametrize("content", ["", " ", [], None])
def test_a_result_may_be_empty(sandbox: SandboxProcess, content: Any) -> None:
    body = asking(user("x"), assistant(call()), user(result(content=content)))

    assert refusal(sandbox.base_url, body) == ""


def test_a_picture_of_the_type_it_claims_is_taken(sandbox: SandboxProcess) -> None:
    usage = post(sandbox.base_url, asking(user(image(), image(JPEG, "image/jpeg"), text("look")))).json()["usage"]

    assert usage["input_tokens"] == 2 * IMAGE_TOKENS + 7


def test_media_weigh_as_the_model_says(sandbox: SandboxProcess) -> None:
    usage = post(sandbox.base_url, asking(user(PAGES, text("look")), model="dense")).json()["usage"]

    assert usage["input_tokens"] > 2 * PAGE_TOKENS


def test_segments_come_in_the_order_of_the_cache() -> None:
    mark = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    body: dict[str, Any] = {
        "system": [text("S" * 8, **mark)],
        "messages": [user(text("U" * 12), image()), assistant(call()), user(result(content=[text("R" * 16, **mark)]))],
    }

    segments = read_segments(body, (CLOCK,), FOUR)

    assert [segment.tokens for segment in segments][1:] == [2, 3, IMAGE_TOKENS, FOUR.count_json(call()), 4]
    assert [segment.ttl for segment in segments] == [None, "1h", None, None, None, "1h"]


def test_a_mark_changes_nothing_but_itself() -> None:
    marked: dict[str, Any] = {"messages": [user(text("x", cache_control={"type": "ephemeral"}))]}
    plain: dict[str, Any] = {"messages": [user("x")], "cache_control": {"type": "ephemeral"}}

    [with_mark], [without] = (read_segments(body, (), FOUR) for body in (marked, plain))

    assert with_mark.content == without.content
    assert with_mark.ttl == without.ttl == "5m"


def test_what_comes_after_the_last_mark_is_not_looked_at() -> None:
    marked = text("x", cache_control={"type": "ephemeral"})

    assert read_segments({"messages": [user("x"), assistant("y"), user("z")]}, (CLOCK,), FOUR) == []
    assert len(read_segments({"messages": [user("x"), assistant("y"), user(marked, text("z"))]}, (), FOUR)) == 3


def test_too_many_marks_are_refused() -> None:
    body: dict[str, Any] = {"messages": [user(*(text(str(n), cache_control={"type": "ephemeral"}) for n in range(5)))]}

    with pytest.raises(AnthropicError, match="Found 5"):
        read_segments(body, (), FOUR)

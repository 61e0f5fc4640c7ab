"""Conversations in the wrong order and lost reasoning are refused in Bedrock's words."""

import base64
from typing import Any

import pytest

from tokenrouter.sandbox.aws.errors import AwsError
from tokenrouter.sandbox.aws.json import read as read_json
from tokenrouter.sandbox.aws.shapes import CONVERSE
from tokenrouter.sandbox.aws.turns import check_signatures, read
from tokenrouter.sandbox.google.thought_signatures import Signer

SIGNER = Signer("bedrock", "thinker")


def messages(*given: dict[str, Any]) -> list[dict[str, Any]]:
    return read_json(CONVERSE, "ConverseRequest", {"messages": list(given)})["messages"]  # type: ignore[return-value]


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def use(name: str = "1") -> dict[str, Any]:
    return {"toolUse": {"toolUseId": name, "name": "f", "input": {"a": 1}}}


def result(name: str = "1", **more: object) -> dict[str, Any]:
    return {"toolResult": {"toolUseId": name, "content": [{"text": "42"}], **more}}


def reasoning(text: str, signature: bytes | None) -> dict[str, Any]:
    signed = {"signature": base64.b64encode(signature).decode()} if signature else {}
    return {"reasoningContent": {"reasoningText": {"text": text, **signed}}}


HI = {"text": "hi"}
PNG = {"image": {"format": "png", "source": {"bytes": "QQ=="}}}


def document(name: str) -> dict[str, Any]:
    return {"document": {"format": "pdf", "name": name, "source": {"bytes": "QQ=="}}}


def test_results_become_turns_of_their_own() -> None:
    given = messages(user(HI), assistant(use(), use("2")), user(result(), result("2", status="error"), HI))

    turns = read(given, has_tools=True)

    assert [turn.role for turn in turns] == ["user", "assistant", "tool", "tool", "user"]


def test_images_and_documents_weigh() -> None:
    given = messages(user(HI, PNG, document("a b")), assistant(use()), user(result(content=[PNG, {"json": {"a": 1}}])))

    assert [turn.more_tokens for turn in read(given, has_tools=True)] == [2000, 0, 1500]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "A conversation must start with a user message"),
        ([assistant(HI)], "A conversation must start with a user message"),
        ([user(HI), user(HI)], "A conversation must alternate between user and assistant roles"),
        ([user()], "The content field in the Message object at messages.0 is empty"),
        ([user({"text": " \n"})], "The text field in the ContentBlock object at messages.0.content.0 is blank"),
        (
            [user(HI), assistant(use()), user(HI)],
            "Expected toolResult blocks at messages.2.content for the following Ids: 1",
        ),
        ([user(HI), assistant(use(), use("2")), user(result())], "for the following Ids: 2"),
        ([user(HI), assistant(HI), user(result())], "exceeds the number of toolUse blocks of previous turn"),
        (
            [user(HI), assistant(use()), user(result(status="error", content=[]))],
            "cannot be empty when status value is error",
        ),
        ([user(use())], "only allowed in a message of the assistant"),
        ([user(HI, document("a_b.pdf"))], "The document file name can only contain"),
        ([user(document("a"))], "A text block must be included with the document"),
    ],
)
def test_what_bedrock_refuses(given: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(AwsError) as caught:
        read(messages(*given), has_tools=True)

    assert told in caught.value.message


def test_an_input_is_an_object() -> None:
    block = {"toolUse": {"toolUseId": "1", "name": "f", "input": "{}"}}

    with pytest.raises(AwsError, match="Provide a json object"):
        read(messages(user(HI), assistant(block)), has_tools=True)


def test_tools_have_to_be_configured_to_be_spoken_of() -> None:
    with pytest.raises(AwsError, match="toolConfig field must be defined"):
        read(messages(user(HI), assistant(use()), user(result())), has_tools=False)


def signatures(*given: dict[str, Any], thinks: bool = True) -> str:
    try:
        check_signatures(messages(*given), SIGNER, thinks=thinks)
    except AwsError as error:
        return error.message
    return ""


GOOD = SIGNER.sign("thoughts")


def test_reasoning_comes_back_as_it_was() -> None:
    assert signatures(user(HI), assistant(reasoning("thoughts", GOOD), use()), user(result())) == ""


@pytest.mark.parametrize(
    ("block", "told"),
    [
        (reasoning("thoughts", None), "messages.1.content.0.thinking.signature: Field required"),
        (reasoning("other thoughts", GOOD), "Invalid `signature` in `thinking` block"),
        (reasoning("thoughts", b"invented"), "Invalid `signature` in `thinking` block"),
        (reasoning("thoughts", Signer("gemini", "thinker").sign("thoughts")), "Invalid `signature`"),
        ({"reasoningContent": {"redactedContent": "QQ=="}}, "Invalid `data` in `redacted_thinking` block"),
    ],
)
def test_reasoning_that_is_not_ours_is_refused(block: dict[str, Any], told: str) -> None:
    assert told in signatures(user(HI), assistant(block, HI), user(HI))


def test_while_tools_are_used_the_reasoning_may_not_be_lost() -> None:
    lost = (user(HI), assistant(use()), user(result()))

    assert "Expected `thinking` or `redacted_thinking`, but found `tool_use`" in signatures(*lost)
    assert signatures(*lost, thinks=False) == ""
    assert signatures(*lost, assistant(HI), user(HI)) == ""

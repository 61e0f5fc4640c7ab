"""Roles, blocks and tools of a conversation come in the order that Anthropic asks for, or are refused in its words."""

from typing import Any

import pytest

from tests.sandbox.anthropic_wire import assistant, call, image, result, text, user
from tokenrouter.sandbox.anthropic.errors import AnthropicError
from tokenrouter.sandbox.anthropic.order import MAX_MESSAGES, check_order
from tokenrouter.sandbox.anthropic.terms import Terms
from tokenrouter.sandbox.catalog import find

CLASSIC = Terms(is_modern=False, betas=frozenset())
MODERN = Terms(is_modern=True, betas=frozenset())
WITH_SYSTEM = Terms(is_modern=False, betas=frozenset({"mid-conversation-system-2026-04-07"}))
ORDERS = {"role": "system", "content": "Be brief."}
SEARCHED = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
PDF = {"type": "document", "source": {"type": "url", "url": "https://x/y.pdf"}}


def refused(*messages: dict[str, Any], terms: Terms = CLASSIC, model: str = "echo") -> str:
    """The refusal, or nothing if there is none."""
    try:
        check_order(list(messages), terms, find(model))
    except AnthropicError as error:
        return error.message
    return ""


@pytest.mark.parametrize(
    "messages",
    [
        [user("x")],
        [user("x"), user("y")],
        [user("x"), assistant("y"), user("z")],
        [user("x"), assistant("prefill")],
        [user("x"), assistant()],
        [user("x"), assistant(call()), user(result())],
        [user("x"), assistant(call()), user(result(), text("and?"))],
        [user("x"), assistant(call("a"), call("b")), user(result("b"), result("a"))],
        [user("x"), assistant(call("a")), assistant(call("b")), user(result("a")), user(result("b"))],
        [user("x"), assistant(call("a")), user(result("a")), assistant(call("b")), user(result("b", is_error=True))],
    ],
)
def test_what_anthropic_takes_is_taken(messages: list[dict[str, Any]]) -> None:
    assert refused(*messages) == ""


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([], "messages: at least one message is required"),
        ([assistant("x"), user("y")], 'messages: first message must use the "user" role'),
        ([{"role": "tool", "content": "x"}], 'messages: Unexpected role "tool". Allowed roles are'),
        ([{"role": "developer", "content": "x"}], 'messages: Unexpected role "developer". Allowed roles are'),
        ([user()], "messages.0: all messages must have non-empty content except"),
        ([user("")], "messages.0: all messages must have non-empty content except"),
        ([user("x"), assistant(), user("y")], "messages.1: all messages must have non-empty content except"),
        ([user(call())], "messages.0: `tool_use` blocks can only be in `assistant` messages"),
        ([user("x"), assistant(result())], "messages.1: `tool_result` blocks can only be in `user` messages"),
        ([user("x"), assistant(image())], "messages.1: `image` blocks can only be in `user` messages"),
        ([user("x"), assistant("y ")], "messages: final assistant content cannot end with trailing whitespace"),
    ],
)
def test_a_message_out_of_place_is_refused(messages: list[dict[str, Any]], message: str) -> None:
    assert refused(*messages).startswith(message)


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        (
            [user("x"), assistant(call("a"))],
            "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: a. Each `tool_use` "
            "block must have a corresponding `tool_result` block in the next message.",
        ),
        (
            [user("x"), assistant(call("a"), call("b")), user(result("b"))],
            "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: a. Each `tool_use` "
            "block must have a corresponding `tool_result` block in the next message.",
        ),
        (
            [user("x"), assistant(call("a")), user(text("first"), result("a"))],
            "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: a. Each `tool_use` "
            "block must have a corresponding `tool_result` block in the next message.",
        ),
        (
            [user(result("a"))],
            "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: a. Each `tool_result` block "
            "must have a corresponding `tool_use` block in the previous message.",
        ),
        (
            [user("x"), assistant(call("a")), user(result("a")), assistant("so"), user(text("y"), result("a"))],
            "messages.4.content.1: unexpected `tool_use_id` found in `tool_result` blocks: a. Each `tool_result` block "
            "must have a corresponding `tool_use` block in the previous message.",
        ),
        (
            [user("x"), assistant(call("a"), call("a")), user(result("a"))],
            "messages.1.content.1: `tool_use` ids must be unique",
        ),
        (
            [user("x"), assistant(call("a")), user(result("a")), assistant(call("a")), user(result("a"))],
            "messages.3.content.0: `tool_use` ids must be unique",
        ),
        (
            [user("x"), assistant(call("a")), user(result("a"), result("a"))],
            "messages.2.content.0: each tool_use must have a single result. Found multiple `tool_result` blocks with "
            "id: a",
        ),
    ],
)
def test_calls_and_results_that_do_not_pair_are_refused(messages: list[dict[str, Any]], message: str) -> None:
    assert refused(*messages) == message


@pytest.mark.parametrize(
    "messages",
    [
        [user("x"), ORDERS],
        [user("x"), ORDERS, assistant("y"), user("z")],
        [user("x"), assistant(call()), user(result()), ORDERS],
        [user("x"), assistant(SEARCHED), ORDERS, assistant("y"), user("z")],
    ],
)
def test_the_system_may_speak_after_a_user_where_it_may_speak_at_all(messages: list[dict[str, Any]]) -> None:
    assert refused(*messages, terms=WITH_SYSTEM) == ""
    assert refused(*messages, model="thinker-adaptive") == ""
    assert refused(*messages).startswith('messages: Unexpected role "system". The Messages API accepts a top-level')


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([ORDERS, user("x")], "messages.0: role 'system' is not allowed as the first message"),
        ([user("x"), ORDERS, ORDERS], "messages.1: role 'system' must be the last message or be followed"),
        ([user("x"), ORDERS, user("y")], "messages.1: role 'system' must be the last message or be followed"),
        ([user("x"), assistant("y"), ORDERS], "messages.2: role 'system' must follow a user message"),
        ([user("x"), {"role": "system", "content": [image()]}], "messages.1: `image` blocks can only be in `user`"),
        (
            [user("x"), {"role": "system", "content": [PDF]}],
            "messages.1: `document` blocks are not allowed in `system`",
        ),
    ],
)
def test_the_system_out_of_place_is_refused(messages: list[dict[str, Any]], message: str) -> None:
    assert refused(*messages, terms=WITH_SYSTEM).startswith(message)


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([user("x"), assistant(PDF, text("y"))], "messages.1.content.0: `document` blocks are not allowed in"),
        (
            [user(text("x", citations=[{"type": "page_location"}]))],
            "messages.0.content.0.text.citations: citations are",
        ),
    ],
)
def test_the_newest_version_takes_less(messages: list[dict[str, Any]], message: str) -> None:
    assert refused(*messages) == ""
    assert refused(*messages, terms=MODERN).startswith(message)
    assert refused(user(text("x", citations=[])), terms=MODERN) == ""


def test_the_adaptive_model_takes_no_prefill() -> None:
    assert refused(user("x"), assistant("y"), model="thinker-adaptive").startswith("This model does not support assist")


def test_there_is_a_most_of_messages() -> None:
    assert refused(*[user("x")] * (MAX_MESSAGES + 1)) == "messages: at most 100000 messages are allowed"

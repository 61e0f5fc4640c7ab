"""Tests of `tokenrouter.sandbox.wishes`."""

import json

import pytest

from tokenrouter.sandbox.prompt import Ask, Tool, Turn
from tokenrouter.sandbox.wishes import wishes

RUN = Tool("Run", {"type": "object", "properties": {"command": {"type": "string"}}})
READ = Tool("read", {"type": "object", "properties": {"path": {"type": "string"}}})
PATCH = Tool("apply_patch", {}, free_text="*** Begin Patch")
COMMAND = '{"command": "echo \\"hello\\" > a.txt", "tags": {"a": [1]}}'


def called(*turns: Turn, tools: tuple[Tool, ...] = (RUN, READ, PATCH), **more: object) -> list[tuple[str, str | None]]:
    ask = Ask(turns=turns, raw=b"", tools=tools, **more)  # type: ignore[arg-type]
    return [(wish.tool.name, wish.arguments) for wish in wishes(ask)]


def user(text: str) -> Turn:
    return Turn("user", text)


def test_a_tool_is_called_with_the_arguments_that_the_user_gives() -> None:
    [(name, arguments)] = called(user(f"read this. Use tool run with {COMMAND} and tell me. I do not use tools often."))

    assert name == "Run"
    assert json.loads(arguments or "") == json.loads(COMMAND)


def test_arguments_may_have_been_escaped_by_the_program_that_passed_them_on() -> None:
    simple = '{"command": "echo hello"}'
    escaped = simple.replace('"', '\\"')

    assert called(user(f'"use tool Run with {escaped}"')) == called(user(f"use tool Run with {simple}"))


def test_several_calls_are_made_in_their_order_unless_that_is_forbidden() -> None:
    words = user('use tool read with {"path": "a"}, then use tool Run with {} and use tool read with {"path": "b"}')

    assert called(words) == [("read", '{"path":"a"}'), ("Run", "{}"), ("read", '{"path":"b"}')]
    assert called(words, parallel_tools=False) == [("read", '{"path":"a"}')]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("use tool read with {broken", [("read", None)]),
        ("use tool read with ease", [("read", None)]),
        ("use tool apply_patch with {}", [("apply_patch", None)]),
        ("use tool other with {}", [("Run", None)]),
        ("use tools", [("Run", None), ("read", None)]),
        ("nothing", []),
    ],
)
def test_without_arguments_that_can_be_used_the_model_makes_up_its_own(
    words: str, expected: list[tuple[str, str | None]]
) -> None:
    assert called(user(words)) == expected


def test_the_choice_of_tool_goes_before_the_users_words() -> None:
    words = user("use tool read with {}")

    assert called(words, tool_choice="none") == []
    assert called(words, tool_choice="Run") == [("Run", None)]
    assert called(words, tool_choice="read") == [("read", "{}")]


def test_a_call_is_made_once_and_not_again_after_its_result() -> None:
    assert called(user("use tool read with {}"), Turn("assistant", ""), Turn("tool", "the text")) == []


def test_what_the_system_says_after_the_user_changes_nothing() -> None:
    assert called(user("use tool read with {}"), Turn("system", "be quick"), Turn("developer", "x")) == [("read", "{}")]


def test_nothing_is_called_where_there_are_no_tools() -> None:
    assert called(user("use tool read with {}"), tools=()) == []

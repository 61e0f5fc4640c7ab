"""The finished items: in order, in full, and cut where the limit says so."""

from typing import Any

import pytest

from tests.sandbox.openai_wire import respond
from tokenrouter.testing.processes import SandboxProcess

TOOLS: Any = [
    {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
    {"type": "custom", "name": "g"},
]


def output(sandbox: SandboxProcess, **body: object) -> list[dict[str, Any]]:
    answered = respond(sandbox.base_url, body)
    assert answered.status == 200, answered.body
    return list(answered.json()["output"])


def test_a_message_is_complete(sandbox: SandboxProcess) -> None:
    [message] = output(sandbox, input="hello")

    assert message == {
        "id": message["id"],
        "type": "message",
        "status": "completed",
        "content": [{"type": "output_text", "annotations": [], "logprobs": [], "text": "hello"}],
        "role": "assistant",
    }
    assert message["id"].startswith("msg_")


def test_a_refusal_is_a_part_of_its_own(sandbox: SandboxProcess) -> None:
    [message] = output(sandbox, model="refuser", input="hello")

    assert message["content"] == [{"type": "refusal", "refusal": "I'm sorry, but I can't help with that."}]


def test_calls_come_in_their_kinds_after_the_thought(sandbox: SandboxProcess) -> None:
    items = output(sandbox, model="thinker", input="use tools", tools=TOOLS)

    assert [item["type"] for item in items] == ["reasoning", "function_call", "custom_tool_call"]
    assert [item["id"].split("_")[0] for item in items] == ["rs", "fc", "ctc"]
    assert len({item["call_id"] for item in items[1:]}) == 2


@pytest.mark.parametrize(
    ("model", "wishes", "has_summary"),
    [
        ("thinker", {}, False),
        ("thinker", {"reasoning": {"summary": "auto"}}, True),
        ("thinker", {"reasoning": {"generate_summary": "concise"}}, True),
        ("thinker-open", {}, True),
    ],
)
def test_thoughts_are_hidden_unless_asked_for(
    sandbox: SandboxProcess, model: str, wishes: dict[str, Any], has_summary: bool
) -> None:
    thought = output(sandbox, model=model, input="x", **wishes)[0]

    assert bool(thought["summary"]) is has_summary
    assert "encrypted_content" not in thought


def test_a_cut_call_is_incomplete(sandbox: SandboxProcess) -> None:
    long: Any = {"type": "object", "properties": {"city": {"type": "string", "minLength": 500}}}
    [call] = output(sandbox, input="use tool", tools=[{**TOOLS[0], "parameters": long}], max_output_tokens=16)

    assert call["status"] == "incomplete"
    assert 0 < len(call["arguments"]) < 100


def test_nothing_but_a_thought_is_left_when_thinking_takes_it_all(sandbox: SandboxProcess) -> None:
    body = {"model": "thinker", "input": "hello", "max_output_tokens": 16, "include": ["reasoning.encrypted_content"]}
    [thought] = output(sandbox, **body)

    again = respond(sandbox.base_url, {**body, "input": [{"role": "user", "content": "x"}, thought], "store": False})

    assert again.status == 200, again.body


def test_a_cut_search_has_no_arguments(sandbox: SandboxProcess) -> None:
    long = {"type": "object", "properties": {"goal": {"type": "string", "minLength": 500}}}
    search = {"type": "tool_search", "execution": "client", "parameters": long}

    [found] = output(sandbox, input="use tool", tools=[search], max_output_tokens=16)

    assert (found["status"], found["arguments"]) == ("incomplete", {})

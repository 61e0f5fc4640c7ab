"""Items of the input: each in its form, calls with their outputs, thoughts before what they led to."""

from typing import Any

import pytest

from tests.sandbox.openai_wire import refusal, respond
from tokenrouter.testing.processes import SandboxProcess

USER: Any = {"role": "user", "content": "use tool"}
CALL: Any = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
OUTPUT: Any = {"type": "function_call_output", "call_id": "call_1", "output": "fine"}
CUSTOM: Any = {"type": "custom_tool_call", "call_id": "call_1", "name": "f", "input": "x"}
CUSTOM_OUTPUT: Any = {"type": "custom_tool_call_output", "call_id": "call_1", "output": "fine"}
WEATHER: Any = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
SAID: Any = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]}


def asked(sandbox: SandboxProcess, *items: object, **more: object) -> dict[str, Any]:
    answered = respond(sandbox.base_url, {"input": list(items), **more})
    assert answered.status == 200, answered.body
    return dict(answered.json())


def refused(sandbox: SandboxProcess, *items: object, status: int = 400, **more: object) -> dict[str, Any]:
    return refusal(respond(sandbox.base_url, {"input": list(items), **more}), status)


@pytest.mark.parametrize(
    "items",
    [
        [USER, CALL, OUTPUT],
        [USER, CALL, {**CALL, "call_id": "call_2"}, {**OUTPUT, "call_id": "call_2"}, OUTPUT],
        [USER, CALL, SAID, OUTPUT],
        [USER, CUSTOM, {**CUSTOM_OUTPUT, "output": [{"type": "input_text", "text": "fine"}]}],
        [USER, SAID, USER],
        [{"type": "web_search_call", "id": "ws_1", "status": "completed"}, USER],
    ],
)
def test_a_whole_conversation_is_understood(sandbox: SandboxProcess, items: list[object]) -> None:
    assert asked(sandbox, *items)["status"] == "completed"


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([USER, OUTPUT], "No tool call found for function call output with call_id call_1."),
        ([USER, OUTPUT, CALL], "No tool call found for function call output with call_id call_1."),
        ([USER, CALL], "No tool output found for function call call_1."),
        ([USER, CUSTOM], "No tool output found for custom tool call call_1."),
        ([USER, CUSTOM, OUTPUT], "No tool call found for function call output with call_id call_1."),
        ([USER, CALL, CUSTOM_OUTPUT], "No tool call found for custom tool call output with call_id call_1."),
        ([USER, CALL, OUTPUT, OUTPUT], "No tool call found for function call output with call_id call_1."),
    ],
)
def test_a_call_without_its_output_is_refused_and_the_reverse(
    sandbox: SandboxProcess, items: list[object], message: str
) -> None:
    error = refused(sandbox, *items)

    assert (error["message"], error["param"]) == (message, "input")


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"role": "nobody", "content": "x"}, "input[0].role"),
        ({"type": "thinking", "thinking": "x"}, "input[0].type"),
        ({"role": "user"}, "input[0].content"),
        ({"role": "user", "content": 5}, "input[0].content"),
        ({"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}, "input[0].content[0].type"),
        ({**CALL, "arguments": {}}, "input[0].arguments"),
        ({**CALL, "id": "call_1"}, "input[0].id"),
        ({**CALL, "id": "fc_" + "x" * 62}, "input[0].id"),
        ({**CALL, "call_id": "x" * 65}, "input[0].call_id"),
        ({**CALL, "call_id": ""}, "input[0].call_id"),
        ({"type": "function_call", "name": "f", "arguments": "{}"}, "input[0].call_id"),
        ({"type": "reasoning", "encrypted_content": "x"}, "input[0].summary"),
        ({"type": "tool_search_call", "call_id": "call_1", "arguments": "{}"}, "input[0].arguments"),
        ({"type": "additional_tools", "role": "user", "tools": []}, "input[0].role"),
    ],
)
def test_a_wrong_item_is_named(sandbox: SandboxProcess, item: object, param: str) -> None:
    assert refused(sandbox, item)["param"] == param


def thinking(sandbox: SandboxProcess, text: str = "use tool", **more: object) -> list[dict[str, Any]]:
    """The output of a thinking model that keeps nothing itself."""
    answered = respond(
        sandbox.base_url,
        {"model": "thinker", "input": text, "include": ["reasoning.encrypted_content"], "store": False, **more},
    )
    assert answered.status == 200, answered.body
    return list(answered.json()["output"])


def test_thoughts_come_back_before_their_call(sandbox: SandboxProcess) -> None:
    thought, call = thinking(sandbox, tools=[WEATHER])
    output = {**OUTPUT, "call_id": call["call_id"]}

    answer = asked(sandbox, USER, thought, call, output, model="thinker", tools=[WEATHER], store=False)
    without_ids = [{key: value for key, value in item.items() if key != "id"} for item in (thought, call)]

    assert answer["output"][-1]["content"][0]["text"] == "The tool answered: fine"
    assert asked(sandbox, USER, *without_ids, output, model="thinker", tools=[WEATHER])["status"] == "completed"


def test_thoughts_weigh_when_they_come_back(sandbox: SandboxProcess) -> None:
    thought, message = thinking(sandbox, "hello", reasoning={"effort": "low"})

    with_it = asked(sandbox, USER, thought, message, USER, model="thinker")["usage"]["input_tokens"]
    without = asked(sandbox, USER, message, USER, model="thinker")["usage"]["input_tokens"]

    assert with_it == without + 32 + 3


def test_thoughts_elsewhere_are_refused(sandbox: SandboxProcess) -> None:
    thought, call = thinking(sandbox, tools=[WEATHER])
    output = {**OUTPUT, "call_id": call["call_id"]}
    message = f"Item '{thought['id']}' of type 'reasoning' was provided without its required following item."

    for items in ([USER, thought], [thought, USER], [USER, call, output, thought], [USER, thought, SAID, call, output]):
        error = refused(sandbox, *items, model="thinker", tools=[WEATHER])
        assert error["message"] == message
        assert error["param"] == "input"


def test_changed_and_foreign_thoughts_are_refused(sandbox: SandboxProcess) -> None:
    thought, message = thinking(sandbox, "hello")
    sealed = thought["encrypted_content"]
    changed = sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:]

    for model, seal in (("thinker", changed), ("thinker", "gAAAAABsomebodyelse"), ("thinker-open", sealed)):
        error = refused(sandbox, USER, {**thought, "encrypted_content": seal}, message, USER, model=model)
        assert error["code"] == "invalid_encrypted_content"
    renamed = {**thought, "id": "rs_another"}
    assert refused(sandbox, USER, renamed, message, USER, model="thinker")["code"] == "invalid_encrypted_content"


def test_a_thought_that_was_not_kept_has_to_bring_its_content(sandbox: SandboxProcess) -> None:
    thought, message = thinking(sandbox, "hello")
    bare = {"type": "reasoning", "id": thought["id"], "summary": []}

    error = refused(sandbox, USER, bare, message, USER, model="thinker", status=404)

    assert error["message"].startswith(f"Item with id '{thought['id']}' not found. Items are not persisted")


def test_a_stored_thought_is_known_by_its_id(sandbox: SandboxProcess) -> None:
    thought, message = thinking(sandbox, "hello", store=True, include=[])

    assert "encrypted_content" not in thought
    assert asked(sandbox, USER, thought, message, USER, model="thinker")["status"] == "completed"
    assert "required following item" in refused(sandbox, USER, thought, USER, model="thinker")["message"]
    missing = refused(sandbox, USER, message, USER, model="thinker")["message"]
    assert missing == (
        f"Item '{message['id']}' of type 'message' was provided without its required 'reasoning' item: "
        f"'{thought['id']}'."
    )


def test_a_stored_thought_may_lose_its_id_but_not_its_content(sandbox: SandboxProcess) -> None:
    thought, message = thinking(sandbox, "hello", store=True)

    assert asked(sandbox, USER, {**thought, "id": None}, message, USER, model="thinker")["status"] == "completed"


def test_a_stored_item_can_be_referred_to(sandbox: SandboxProcess) -> None:
    [message] = asked(sandbox, {"role": "user", "content": "first"})["output"]
    weighed = asked(sandbox, USER, message, USER)["usage"]["input_tokens"]

    for reference in ({"type": "item_reference", "id": message["id"]}, {"id": message["id"]}):
        assert asked(sandbox, USER, reference, USER)["usage"]["input_tokens"] == weighed
    assert refused(sandbox, {"type": "item_reference", "id": "msg_none"}, status=404)["param"] == "input"


def test_tools_can_stand_in_an_item(sandbox: SandboxProcess) -> None:
    tools = {"type": "additional_tools", "role": "developer", "tools": [WEATHER]}

    [call] = asked(sandbox, tools, USER)["output"]

    assert (call["type"], call["name"]) == ("function_call", "f")

"""Whole responses as the vendor's SDK sees them."""

import json
from typing import Any

import pytest
from openai import BadRequestError, OpenAI
from pydantic import BaseModel

from tests.sandbox.conftest import Entries
from tests.sandbox.wire import send
from tokenrouter.testing.processes import SandboxProcess

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


class City(BaseModel):
    name: str
    people: int


def test_echo_answers_a_text_and_a_list_of_items(client: OpenAI) -> None:
    plain = client.responses.create(model="echo", input="hello")
    listed = client.responses.create(
        model="echo", input=[{"role": "user", "content": [{"type": "input_text", "text": "hello"}]}]
    )

    assert plain.output_text == listed.output_text == "hello"
    assert plain.status == "completed"
    assert plain.usage == listed.usage
    assert plain.usage is not None
    assert plain.usage.input_tokens == 3 + 3 + 2
    assert plain.usage.output_tokens == 2


def test_a_limit_makes_it_incomplete(client: OpenAI) -> None:
    answer = client.responses.create(model="lorem", input="x", max_output_tokens=16)

    assert answer.status == "incomplete"
    assert answer.incomplete_details is not None
    assert answer.incomplete_details.reason == "max_output_tokens"
    assert answer.usage is not None
    assert answer.usage.output_tokens == 16


def test_a_function_is_called_and_its_result_is_used(client: OpenAI) -> None:
    called = client.responses.create(model="echo", input="use tool", tools=[WEATHER])
    [call] = called.output
    assert call.type == "function_call"
    assert json.loads(call.arguments) == {"city": "text"}

    output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees"}
    turns: Any = [{"role": "user", "content": "use tool"}, call.model_dump(exclude_none=True), output]
    answer = client.responses.create(model="lorem", input=turns, tools=[WEATHER])

    assert "21 degrees" in answer.output_text


def test_parse_gets_a_valid_instance(client: OpenAI) -> None:
    answer = client.responses.parse(model="echo", input="x", text_format=City)

    assert answer.output_parsed == City(name="text", people=1)


def test_it_refuses_what_the_refuser_is_asked(client: OpenAI) -> None:
    answer = client.responses.parse(model="refuser", input="x", text_format=City)

    assert answer.output_parsed is None
    part = answer.output[0].content[0] if answer.output[0].type == "message" else None
    assert part is not None
    assert part.type == "refusal"


def test_thinking_is_an_item_without_content(client: OpenAI) -> None:
    answer = client.responses.create(model="thinker", input="x", reasoning={"effort": "low"})

    reasoning, message = answer.output
    assert (reasoning.type, message.type) == ("reasoning", "message")
    assert answer.usage is not None
    assert answer.usage.output_tokens_details.reasoning_tokens == 32


def test_a_summary_and_encrypted_reasoning_come_on_request(client: OpenAI) -> None:
    answer = client.responses.create(
        model="thinker", input="x", reasoning={"summary": "auto"}, include=["reasoning.encrypted_content"], store=False
    )

    reasoning = answer.output[0]
    assert reasoning.type == "reasoning"
    assert reasoning.summary[0].text.startswith("Lorem")
    assert reasoning.encrypted_content


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": None}, "input"),
        ({"input": 5}, "input"),
        ({"input": []}, "input"),
        ({"input": [{"role": "nobody", "content": "x"}]}, "input[0].role"),
        ({"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].call_id"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
    ],
)
def test_a_wrong_field_is_named(client: OpenAI, body: dict[str, object], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.responses.create(model="echo", input="x", extra_body=body)

    assert caught.value.param == param


def test_a_chain_remembers_what_was_said(client: OpenAI) -> None:
    first = client.responses.create(model="echo", input="one", instructions="be brief")
    second = client.responses.create(model="echo", input="two", previous_response_id=first.id)
    third = client.responses.create(model="echo", input="three", previous_response_id=second.id)
    items: Any = [{"role": "user", "content": "one"}, first.output[0].model_dump(), {"role": "user", "content": "two"}]
    spelled_out = client.responses.create(model="echo", input=items)

    assert second.previous_response_id == first.id
    assert second.usage == spelled_out.usage
    assert third.output_text == "three"
    assert third.usage is not None
    assert second.usage is not None
    assert third.usage.input_tokens > second.usage.input_tokens


def test_a_chain_needs_the_output_of_its_last_call(client: OpenAI) -> None:
    called = client.responses.create(model="thinker", input="use tool", tools=[WEATHER])
    call = called.output[1]
    assert call.type == "function_call"
    output: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees"}]

    with pytest.raises(BadRequestError, match="No tool output found for function call"):
        client.responses.create(model="thinker", input="and?", previous_response_id=called.id)
    answer = client.responses.create(model="thinker", input=output, tools=[WEATHER], previous_response_id=called.id)

    assert answer.output_text == "The tool answered: 21 degrees"


def test_nothing_follows_what_was_not_stored(client: OpenAI) -> None:
    first = client.responses.create(model="echo", input="one", store=False)

    with pytest.raises(BadRequestError) as caught:
        client.responses.create(model="echo", input="two", previous_response_id=first.id)

    assert caught.value.code == "previous_response_not_found"


def test_encrypted_thoughts_make_a_round_trip(client: OpenAI) -> None:
    wishes: Any = {"store": False, "include": ["reasoning.encrypted_content"], "tools": [WEATHER]}
    called = client.responses.create(model="thinker", input="use tool", **wishes)
    call = called.output[1]
    assert call.type == "function_call"
    turns: Any = [
        {"role": "user", "content": "use tool"},
        *(item.model_dump(exclude_none=True) for item in called.output),
        {"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees"},
    ]

    answer = client.responses.create(model="thinker", input=turns, **wishes)

    assert answer.output_text == "The tool answered: 21 degrees"


def test_input_is_counted_as_it_would_be_billed(client: OpenAI) -> None:
    image: Any = {"type": "input_image", "image_url": "https://example.org/a.png", "detail": "low"}
    told: Any = [{"role": "user", "content": [{"type": "input_text", "text": "what is this?"}, image]}]

    counted = client.responses.input_tokens.count(model="wide", input=told, tools=[WEATHER], instructions="see")
    billed = client.responses.create(model="wide", input=told, tools=[WEATHER], instructions="see")

    assert counted.object == "response.input_tokens"
    assert billed.usage is not None
    assert counted.input_tokens == billed.usage.input_tokens > 85


def test_a_compacted_conversation_can_go_on(client: OpenAI) -> None:
    turns: Any = [
        {"role": "user", "content": "first question"},
        {"role": "assistant", "content": "a long answer " * 100},
        {"role": "user", "content": "second question"},
    ]
    compacted = client.responses.compact(model="echo", input=turns)
    kept: Any = [item.model_dump(exclude_none=True, warnings=False) for item in compacted.output]

    answer = client.responses.create(model="echo", input=[*kept, {"role": "user", "content": "third"}])

    assert [item.type for item in compacted.output] == ["message", "message", "compaction"]
    assert answer.output_text == "third"
    assert answer.usage is not None
    assert answer.usage.input_tokens < compacted.usage.input_tokens
    kept[-1]["encrypted_content"] = kept[-1]["encrypted_content"][:-8] + "AAAAAAA="
    with pytest.raises(BadRequestError) as caught:
        client.responses.create(model="echo", input=kept)
    assert caught.value.code == "invalid_encrypted_content"


def test_a_body_as_deep_as_can_be_read_is_no_failure(sandbox: SandboxProcess) -> None:
    for depth in range(100, 900, 50):
        nested = '{"a":' * depth + "1" + "}" * depth
        for part in (f'"metadata":{nested}', f'"tools":[{{"type":"function","name":"f","parameters":{nested}}}]'):
            body = f'{{"model":"echo","input":"x",{part}}}'.encode()
            assert send(sandbox.base_url, "/v1/responses", body).status in (200, 400)


def test_the_books_hold_what_was_billed(client: OpenAI, ended: Entries) -> None:
    answer = client.responses.create(model="thinker", input="hello", user="responses-books")

    [line] = ended("responses-books")

    assert answer.usage is not None
    assert (line["prompt_tokens"], line["completion_tokens"], line["reasoning_tokens"]) == (
        answer.usage.input_tokens,
        answer.usage.output_tokens,
        answer.usage.output_tokens_details.reasoning_tokens,
    )

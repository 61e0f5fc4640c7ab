"""Whole responses as the vendor's SDK sees them."""

import json
from typing import Any

import pytest
from openai import BadRequestError, OpenAI
from pydantic import BaseModel

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "strict": True,
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
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
        ({"max_output_tokens": "many"}, "max_output_tokens"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema"),
    ],
)
def test_a_wrong_field_is_named(client: OpenAI, body: dict[str, object], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.responses.create(model="echo", input="x", extra_body=body)

    assert caught.value.param == param

"""Streamed responses, read by the vendor's SDK, whose helper builds the response from the events alone."""

import json
from typing import Any

import pytest
from openai import OpenAI

TOOLS: Any = [
    {"type": "function", "name": name, "strict": True, "parameters": {"type": "object", "properties": properties}}
    for name, properties in (("get_weather", {"city": {"type": "string"}}), ("get_time", {}))
]


def test_the_helper_builds_what_a_whole_answer_says(client: OpenAI) -> None:
    whole = client.responses.create(model="lorem-40", input="x")
    with client.responses.stream(model="lorem-40", input="x") as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()

    assert "".join(deltas) == final.output_text == whole.output_text
    assert len(deltas) == 40
    assert final.usage == whole.usage


def test_every_event_has_the_next_number_and_the_life_is_complete(client: OpenAI) -> None:
    events = list(client.responses.create(model="echo", input="hi there", stream=True))

    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [event.type for event in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]


def test_function_arguments_arrive_in_pieces(client: OpenAI) -> None:
    with client.responses.stream(model="echo", input="use tools", tools=TOOLS) as stream:
        deltas = [event for event in stream if event.type == "response.function_call_arguments.delta"]
        final = stream.get_final_response()

    calls = [item for item in final.output if item.type == "function_call"]
    assert [call.name for call in calls] == ["get_weather", "get_time"]
    assert json.loads(calls[0].arguments) == {"city": "text"}
    assert len([event for event in deltas if event.output_index == 0]) > 1


@pytest.mark.parametrize("summary", [None, "auto"])
def test_reasoning_comes_before_the_message(client: OpenAI, summary: Any) -> None:
    with client.responses.stream(model="thinker", input="x", reasoning={"effort": "low", "summary": summary}) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()

    assert [item.type for item in final.output] == ["reasoning", "message"]
    assert ("response.reasoning_summary_text.delta" in kinds) == (summary is not None)


def test_a_limit_ends_it_incomplete(client: OpenAI) -> None:
    events = list(client.responses.create(model="lorem", input="x", max_output_tokens=16, stream=True))

    last = events[-1]
    assert last.type == "response.incomplete"
    assert last.response.usage is not None
    assert last.response.usage.output_tokens == 16

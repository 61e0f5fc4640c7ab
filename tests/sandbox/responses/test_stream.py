"""Streamed responses, read by the vendor's SDK, whose helper builds the response from the events alone."""

import json
from typing import Any

import pytest
from openai import APIError, OpenAI

from tests.sandbox.conftest import Entries

TOOLS: Any = [
    {"type": "function", "name": name, "parameters": {"type": "object", "properties": properties}}
    for name, properties in (("get_weather", {"city": {"type": "string"}}), ("get_time", {}))
]
WRITER: Any = {"type": "custom", "name": "write"}
SEARCH: Any = {"type": "tool_search", "execution": "client"}


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


def lives(client: OpenAI, **body: Any) -> list[tuple[str, int]]:
    """The kinds of the events in order, each with how often it came in a row."""
    found: list[tuple[str, int]] = []
    for event in client.responses.create(stream=True, **body):
        kind = event.type.removeprefix("response.")
        if found and found[-1][0] == kind:
            found[-1] = (kind, found[-1][1] + 1)
        else:
            found.append((kind, 1))
    return found


def test_the_life_of_a_thought_and_a_free_form_call(client: OpenAI) -> None:
    kinds = lives(
        client,
        model="thinker",
        input="use tool with ```some text of a few tokens```",
        tools=[WRITER],
        reasoning={"effort": "low", "summary": "auto"},
    )

    assert kinds == [
        ("created", 1),
        ("in_progress", 1),
        ("output_item.added", 1),
        ("reasoning_summary_part.added", 1),
        ("reasoning_summary_text.delta", 32),
        ("reasoning_summary_text.done", 1),
        ("reasoning_summary_part.done", 1),
        ("output_item.done", 1),
        ("output_item.added", 1),
        ("custom_tool_call_input.delta", 8),
        ("custom_tool_call_input.done", 1),
        ("output_item.done", 1),
        ("completed", 1),
    ]


def test_a_refusal_and_a_search_have_lives_of_their_own(client: OpenAI) -> None:
    refused = [kind for kind, _ in lives(client, model="refuser", input="x")]
    searched = [kind for kind, _ in lives(client, model="echo", input="use tool", tools=[SEARCH])]

    assert refused[3:7] == ["content_part.added", "refusal.delta", "refusal.done", "content_part.done"]
    assert searched[2:] == ["output_item.added", "output_item.done", "completed"]


@pytest.mark.parametrize(
    "body",
    [
        {"model": "echo", "input": "use tools", "tools": [*TOOLS]},
        {"model": "echo", "input": "use tool", "tools": [WRITER]},
        {"model": "echo", "input": "use tool", "tools": [SEARCH]},
        {"model": "echo", "input": "use tool", "tools": [{"type": "namespace", "name": "n", "description": "d",
                                                          "tools": TOOLS}]},
        {"model": "thinker", "input": "hello", "reasoning": {"summary": "auto"}},
        {"model": "thinker", "input": "hello", "include": ["reasoning.encrypted_content"], "store": False},
        {"model": "refuser", "input": "x"},
        {"model": "lorem", "input": "x", "max_output_tokens": 16},
    ],
)  # fmt: skip
def test_what_is_streamed_is_what_is_billed_and_kept(client: OpenAI, ended: Entries, body: dict[str, Any]) -> None:
    user = f"stream-{hash(str(body))}"
    events = list(client.responses.create(stream=True, user=user, **body))
    [line] = ended(user)

    last = events[-1]
    assert last.type in ("response.completed", "response.incomplete")
    assert last.response.usage is not None
    assert line["completion_tokens"] == last.response.usage.output_tokens
    with client.responses.stream(**body) as stream:
        built = stream.get_final_response() if last.type == "response.completed" else last.response
    assert [item.type for item in built.output] == [item.type for item in last.response.output]
    done = [event.item for event in events if event.type == "response.output_item.done"]
    assert done == last.response.output
    if last.response.store is not False and "store" not in body:
        assert client.responses.retrieve(last.response.id) == last.response


def test_deltas_are_padded_unless_that_is_refused(client: OpenAI) -> None:
    padded = list(client.responses.create(model="echo", input="hello", stream=True))
    plain = list(
        client.responses.create(model="echo", input="hello", stream=True, stream_options={"include_obfuscation": False})
    )

    assert any("obfuscation" in event.model_dump() for event in padded)
    assert not any("obfuscation" in event.model_dump() for event in plain)


def test_a_failure_amid_a_stream_is_told(client: OpenAI) -> None:
    with pytest.raises(APIError):
        list(client.responses.create(model="fault/error-midstream", input="x", stream=True))

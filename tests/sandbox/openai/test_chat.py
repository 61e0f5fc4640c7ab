"""Chat Completions as the vendor's SDK sees them."""

import json
from typing import Any, Literal

import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from pydantic import BaseModel

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"enum": ["C", "F"]}},
            "required": ["city", "unit"],
            "additionalProperties": False,
        },
    },
}
CLOCK: Any = {"type": "function", "function": {"name": "get_time", "parameters": {"type": "object", "properties": {}}}}


def user(text: str) -> Any:
    return [{"role": "user", "content": text}]


def test_echo_says_the_last_user_message_again(client: OpenAI) -> None:
    messages: Any = [*user("first"), {"role": "assistant", "content": "first"}, *user("hällo 🎈")]

    answer = client.chat.completions.create(model="echo", messages=messages)

    assert answer.choices[0].message.content == "hällo 🎈"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.system_fingerprint


def test_the_same_words_arrive_whole_and_streamed(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="lorem-50", messages=user("x"))
    chunks = list(
        client.chat.completions.create(
            model="lorem-50", messages=user("x"), stream=True, stream_options={"include_usage": True}
        )
    )

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 50


def test_a_stream_reports_no_usage_unless_asked(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(model="echo", messages=user("a b c"), stream=True))

    assert all(chunk.choices and chunk.usage is None for chunk in chunks)
    assert all("usage" not in chunk.model_fields_set for chunk in chunks)


@pytest.mark.parametrize(("model", "tokens"), [("echo", 3 + 3 + 30), ("thinker", 3 + 3 + 35)])
def test_models_count_bytes_each_in_its_own_way(client: OpenAI, model: str, tokens: int) -> None:
    answer = client.chat.completions.create(model=model, messages=user("x" * 120))

    assert answer.usage is not None
    assert answer.usage.prompt_tokens == tokens


@pytest.mark.parametrize(("model", "size"), [("lorem-10", 40), ("dense-10", 15), ("wide-10", 80)])
def test_tokens_differ_in_length(client: OpenAI, model: str, size: int) -> None:
    answer = client.chat.completions.create(model=model, messages=user("x"))

    assert len(answer.choices[0].message.content or "") == size


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_an_answer_keeps_to_its_limit(client: OpenAI, limit: str) -> None:
    answer = client.chat.completions.create(model="lorem", messages=user("x"), extra_body={limit: 7})

    assert answer.usage is not None
    assert answer.usage.completion_tokens == 7
    assert answer.choices[0].finish_reason == "length"


def test_overrun_makes_and_bills_a_fifth_more(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="overrun", messages=user("x"), max_tokens=100)

    assert answer.usage is not None
    assert answer.usage.completion_tokens == 120
    assert len(answer.choices[0].message.content or "") == 480


def test_a_stop_sequence_ends_the_answer_before_it(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="echo", messages=user("one two three"), stop=[" three", " two"])

    assert answer.choices[0].message.content == "one"
    assert answer.choices[0].finish_reason == "stop"


def test_several_choices_are_billed_each(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="lorem-5", messages=user("x"), n=3)
    streamed = list(client.chat.completions.create(model="lorem-5", messages=user("x"), n=3, stream=True))

    assert [choice.index for choice in whole.choices] == [0, 1, 2]
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 15
    texts = ["", "", ""]
    for chunk in streamed:
        texts[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert texts == [choice.message.content for choice in whole.choices]


def test_thinker_bills_reasoning_that_nobody_sees(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="thinker", messages=user("x"), reasoning_effort="low")

    assert answer.usage is not None
    assert answer.usage.completion_tokens_details is not None
    assert answer.usage.completion_tokens_details.reasoning_tokens == 32
    assert answer.usage.completion_tokens == 33


def test_thinker_may_spend_the_whole_limit_on_thinking(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="thinker", messages=user("x"), max_completion_tokens=20)

    assert answer.choices[0].message.content == ""
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 20


def test_the_open_thinker_shows_its_reasoning(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(model="thinker-open", messages=user("x"), stream=True))

    shown = "".join(getattr(chunk.choices[0].delta, "reasoning_content", None) or "" for chunk in chunks)
    assert shown.startswith("Lorem ipsum")


def test_a_long_prompt_is_cached_the_second_time(client: OpenAI) -> None:
    messages = user("a prompt that only this test sends " * 200)
    usages = [client.chat.completions.create(model="echo", messages=messages, max_tokens=1).usage for _ in range(2)]

    details = [usage and usage.prompt_tokens_details for usage in usages]
    assert [detail and detail.cached_tokens for detail in details] == [0, 1664]


def test_images_weigh_by_their_detail(client: OpenAI) -> None:
    def weigh(*parts: object) -> int:
        messages: Any = [{"role": "user", "content": [{"type": "text", "text": "look"}, *parts]}]
        usage = client.chat.completions.create(model="echo", messages=messages).usage
        return usage.prompt_tokens if usage else 0

    low = {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}}
    high = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}

    assert [weigh(low) - weigh(), weigh(high) - weigh()] == [85, 765]


def test_mirror_answers_with_the_body_as_it_came(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="mirror", messages=user("x"), extra_body={"unheard_of": [1, 2]})

    assert json.loads(answer.choices[0].message.content or "")["unheard_of"] == [1, 2]


def test_a_tool_is_called_when_the_user_asks(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="echo", messages=user("Please use tool"), tools=[WEATHER])

    [call] = answer.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert call.function.name == "get_weather"
    assert json.loads(call.function.arguments) == {"city": "text", "unit": "C"}
    assert answer.choices[0].finish_reason == "tool_calls"
    assert answer.choices[0].message.content is None


def test_tools_on_offer_alone_are_not_called(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="echo", messages=user("hello"), tools=[WEATHER])

    assert answer.choices[0].message.tool_calls is None
    assert answer.choices[0].message.content == "hello"


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("none", []),
        ("required", ["get_weather"]),
        ({"type": "function", "function": {"name": "get_time"}}, ["get_time"]),
    ],
)
def test_tool_choice_decides(client: OpenAI, choice: Any, names: list[str]) -> None:
    answer = client.chat.completions.create(
        model="echo", messages=user("hello"), tools=[WEATHER, CLOCK], tool_choice=choice
    )

    assert [call.function.name for call in answer.choices[0].message.tool_calls or [] if call.type == "function"] == (
        names
    )


def test_two_tools_are_called_at_once_and_streamed_in_pieces(client: OpenAI) -> None:
    with client.chat.completions.stream(
        model="echo", messages=user("use tools"), tools=[WEATHER, CLOCK], stream_options={"include_usage": True}
    ) as stream:
        events = list(stream)
        final = stream.get_final_completion()

    deltas = [event for event in events if event.type == "tool_calls.function.arguments.delta"]
    calls = final.choices[0].message.tool_calls or []
    assert len(deltas) > 2
    assert [call.function.name for call in calls] == ["get_weather", "get_time"]
    assert [json.loads(call.function.arguments) for call in calls] == [{"city": "text", "unit": "C"}, {}]
    assert len({call.id for call in calls}) == 2


def test_parallel_calls_can_be_forbidden(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model="echo", messages=user("use tools"), tools=[WEATHER, CLOCK], parallel_tool_calls=False
    )

    assert len(answer.choices[0].message.tool_calls or []) == 1


def test_a_tool_result_is_part_of_the_next_answer(client: OpenAI) -> None:
    called = client.chat.completions.create(model="echo", messages=user("use tool"), tools=[WEATHER])
    message: Any = called.choices[0].message.model_dump(exclude_none=True)
    [call] = called.choices[0].message.tool_calls or []
    result: Any = {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}

    answer = client.chat.completions.create(
        model="lorem", messages=[*user("use tool"), message, result], tools=[WEATHER]
    )

    assert "21 degrees" in (answer.choices[0].message.content or "")


class Point(BaseModel):
    x: int
    name: Literal["a", "b"]
    children: list["Point"]


def test_parse_gets_a_valid_instance(client: OpenAI) -> None:
    answer = client.chat.completions.parse(model="echo", messages=user("x"), response_format=Point)

    parsed = answer.choices[0].message.parsed
    assert isinstance(parsed, Point)
    assert (parsed.x, parsed.name) == (1, "a")


def test_json_object_is_an_object(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model="echo", messages=user("as json"), response_format={"type": "json_object"}
    )

    assert json.loads(answer.choices[0].message.content or "") == {"answer": "as json"}


def test_an_unknown_model_is_not_found(client: OpenAI) -> None:
    with pytest.raises(NotFoundError) as caught:
        client.chat.completions.create(model="echo2", messages=user("x"))

    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": None}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": ["hello"]}, "messages[0]"),
        ({"messages": [{"role": "nobody", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"model": 5}, "model"),
        ({"model": None}, "model"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": 3}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"n": True}, "n"),
        ({"stop": ["1", "2", "3", "4", "5"]}, "stop"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"response_format": {"type": "yaml"}}, "response_format.type"),
        ({"model": "thinker", "max_tokens": 5}, "max_tokens"),
        ({"model": "embed-small"}, "model"),
    ],
)
def test_a_wrong_field_is_named(client: OpenAI, body: dict[str, object], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.chat.completions.create(model="echo", messages=user("x"), extra_body=body)

    assert caught.value.param == param


def test_the_refuser_refuses(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="refuser", messages=user("x"))
    chunks = list(client.chat.completions.create(model="refuser", messages=user("x"), stream=True))

    message = whole.choices[0].message
    assert message.content is None
    assert message.refusal == "I'm sorry, but I can't help with that."
    assert "".join(chunk.choices[0].delta.refusal or "" for chunk in chunks) == message.refusal


def calling(call_id: str = "call_1") -> Any:
    function = {"name": "get_time", "arguments": "{}"}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": call_id, "type": "function", "function": function}],
    }


def answering(call_id: str = "call_1") -> Any:
    return {"role": "tool", "tool_call_id": call_id, "content": "noon"}


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([*user("hi"), answering()], "must be a response to a preceeding message"),
        ([*user("hi"), calling()], "did not have response messages: call_1"),
        ([*user("hi"), calling(), *user("so?"), answering()], "did not have response messages: call_1"),
        ([*user("hi"), calling(), answering("call_2")], "not found in 'tool_calls' of previous message"),
        ([*user("hi"), calling("c" * 41), answering("c" * 41)], "string too long"),
    ],
)
def test_calls_and_answers_have_to_belong_together(client: OpenAI, messages: Any, words: str) -> None:
    with pytest.raises(BadRequestError, match=words):
        client.chat.completions.create(model="echo", messages=messages, tools=[CLOCK])


def test_a_call_that_was_answered_is_history(client: OpenAI) -> None:
    messages = [*user("hi"), calling("a"), answering("a"), calling("c" * 40), answering("c" * 40)]

    answer = client.chat.completions.create(model="echo", messages=messages, tools=[CLOCK])

    assert "noon" in (answer.choices[0].message.content or "")


@pytest.mark.parametrize("wish", [{"tools": []}, {"parallel_tool_calls": False}, {"tool_choice": "auto"}])
def test_wishes_about_tools_need_tools(client: OpenAI, wish: Any) -> None:
    with pytest.raises(BadRequestError):
        client.chat.completions.create(model="echo", messages=user("hi"), **wish)


def begun(text: str, **more: Any) -> Any:
    return [*user("x"), {"role": "assistant", "content": text, **more}]


@pytest.mark.parametrize("stream", [False, True])
def test_lorem_goes_on_from_a_prefix_and_repeats_it(client: OpenAI, stream: bool) -> None:
    whole = client.chat.completions.create(model="lorem-50", messages=user("x"))
    text = whole.choices[0].message.content or ""

    prefix = text[:37]
    if stream:
        chunks = list(
            client.chat.completions.create(
                model="lorem-50",
                messages=begun(prefix, prefix=True),
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        told = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        usage = chunks[-1].usage
    else:
        answer = client.chat.completions.create(model="lorem-50", messages=begun(prefix, prefix=True))
        told, usage = answer.choices[0].message.content or "", answer.usage

    assert told == text
    assert usage is not None
    assert usage.completion_tokens == -(-(len(text) - 37) // 4)


def test_without_the_field_it_answers_anew(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="lorem-50", messages=user("x"))
    anew = client.chat.completions.create(model="lorem-50", messages=begun("Lorem ipsum"))

    assert anew.choices[0].message.content == whole.choices[0].message.content


@pytest.mark.parametrize(
    ("model", "messages"),
    [("echo", begun("x", prefix=True)), ("lorem", [{"role": "user", "content": "x", "prefix": True}])],
)
def test_whoever_does_not_know_the_field_refuses_it(client: OpenAI, model: str, messages: Any) -> None:
    with pytest.raises(BadRequestError) as refused:
        client.chat.completions.create(model=model, messages=messages)

    assert refused.value.code == "unknown_parameter"

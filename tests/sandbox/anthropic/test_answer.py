"""Messages have the shape of the recorded ones, whole and as events: blocks, reasons to stop, usage."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.anthropic_wire import CLOCK, WEATHER, asking, assembled, post, streamed, text, user
from tokenrouter.sandbox.anthropic.request import REDACTION, REFUSAL
from tokenrouter.testing.processes import SandboxProcess

THINKING: dict[str, Any] = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
NO_CACHE = {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}


def test_echo_answers_as_recorded(sandbox: SandboxProcess) -> None:
    document = post(sandbox.base_url, asking(user("hällo 🎈"))).json()

    assert document.pop("id").startswith("msg_01")
    assert document == {
        "model": "echo",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "hällo 🎈"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 9,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "cache_creation": NO_CACHE,
            "output_tokens": 3,
            "service_tier": "standard",
            "inference_geo": "not_available",
        },
    }


def test_a_stream_goes_through_the_whole_lifecycle(sandbox: SandboxProcess) -> None:
    stream = streamed(sandbox.base_url, asking(model="lorem-2"))

    assert [event["type"] for event in stream] == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert stream[0]["message"]["usage"]["output_tokens"] == 1
    assert stream[-2]["usage"] == {
        "input_tokens": 8,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": 2,
    }


@pytest.mark.parametrize("model", ["lorem-30", "thinker", "thinker-open", "thinker-adaptive", "refuser", "narrow-5000"])
@pytest.mark.parametrize("wish", ["hello", "use tool", "use tools"])
def test_the_same_message_comes_whole_and_streamed(sandbox: SandboxProcess, model: str, wish: str) -> None:
    thinking = {} if model == "thinker-adaptive" else THINKING
    body = asking(user(wish), model=model, tools=[WEATHER, CLOCK], **thinking)

    whole = post(sandbox.base_url, body).json()
    read = assembled(streamed(sandbox.base_url, body))

    assert unnamed(read) == unnamed(whole)


def unnamed(message: dict[str, Any]) -> dict[str, Any]:
    """The message without what is another one each time: ids, signatures, and when they were counted."""
    blocks = [
        {key: value for key, value in each.items() if key not in ("id", "signature")} for each in message["content"]
    ]
    return {**message, "id": None, "content": blocks}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(words=st.text(min_size=1).filter(lambda words: words.strip()))
def test_any_words_survive_the_stream(sandbox: SandboxProcess, words: str) -> None:
    words = words.encode("utf-8", "replace").decode()

    [block] = assembled(streamed(sandbox.base_url, asking(user(words))))["content"]

    assert block == {"type": "text", "text": words}


def test_a_call_comes_in_pieces_of_json_the_first_of_them_empty(sandbox: SandboxProcess) -> None:
    stream = streamed(sandbox.base_url, asking(user("use tool"), tools=[WEATHER]))

    pieces = [event["delta"]["partial_json"] for event in stream if event["type"] == "content_block_delta"]
    assert pieces[0] == ""
    assert "".join(pieces) == '{"city":"text"}'
    assert stream[1]["content_block"]["input"] == {}


def test_a_call_without_arguments_has_the_empty_piece_only(sandbox: SandboxProcess) -> None:
    stream = streamed(sandbox.base_url, asking(user("use tool"), tools=[CLOCK]))

    pieces = [event["delta"]["partial_json"] for event in stream if event["type"] == "content_block_delta"]
    assert pieces == [""]


def test_two_calls_are_two_blocks_unless_only_one_is_allowed(sandbox: SandboxProcess) -> None:
    body = asking(user("use tools"), tools=[WEATHER, CLOCK])
    single = {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}

    both = post(sandbox.base_url, body).json()
    one = post(sandbox.base_url, {**body, **single}).json()

    assert [block["name"] for block in both["content"]] == ["get_weather", "get_time"]
    assert [block["name"] for block in one["content"]] == ["get_weather"]
    assert both["stop_reason"] == one["stop_reason"] == "tool_use"


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ({"type": "auto"}, []),
        ({"type": "none"}, []),
        ({"type": "any"}, ["get_weather"]),
        ({"type": "tool", "name": "get_time"}, ["get_time"]),
    ],
)
def test_the_choice_of_a_tool_is_followed(sandbox: SandboxProcess, choice: dict[str, str], names: list[str]) -> None:
    message = post(sandbox.base_url, asking(tools=[WEATHER, CLOCK], tool_choice=choice)).json()

    assert [block["name"] for block in message["content"] if block["type"] == "tool_use"] == names


def test_the_open_thinker_shows_its_thoughts_with_a_signature_after_them(sandbox: SandboxProcess) -> None:
    stream = streamed(sandbox.base_url, asking(model="thinker-open", **THINKING))

    kinds = [
        event["delta"]["type"] for event in stream if event["type"] == "content_block_delta" and not event["index"]
    ]
    message = assembled(stream)
    assert kinds[-1] == "signature_delta"
    assert set(kinds[:-1]) == {"thinking_delta"}
    assert message["content"][0]["thinking"].startswith("Lorem ipsum")
    assert message["usage"]["output_tokens_details"] == {"thinking_tokens": 128}
    assert message["usage"]["output_tokens"] == 128 + 2


@pytest.mark.parametrize(
    ("model", "display", "is_shown"),
    [
        ("thinker", None, False),
        ("thinker", "summarized", True),
        ("thinker-open", None, True),
        ("thinker-open", "omitted", False),
    ],
)
def test_thoughts_are_omitted_or_shown(
    sandbox: SandboxProcess, model: str, display: str | None, is_shown: bool
) -> None:
    body = asking(model=model, thinking={"type": "adaptive", "display": display})

    thought, said = post(sandbox.base_url, body).json()["content"]

    assert bool(thought["thinking"]) is is_shown
    assert thought["signature"]
    assert said["text"] == "hello"


def test_redacted_thoughts_come_as_data(sandbox: SandboxProcess) -> None:
    body = asking(user(REDACTION), model="thinker-open", **THINKING)

    block = post(sandbox.base_url, body).json()["content"][0]

    assert block.keys() == {"type", "data"}
    assert block["type"] == "redacted_thinking"
    assert assembled(streamed(sandbox.base_url, body))["content"][0]["type"] == "redacted_thinking"


@pytest.mark.parametrize(("model", "words"), [("refuser", "hello"), ("echo", f"please {REFUSAL}")])
def test_a_refusal_has_no_words_but_details(sandbox: SandboxProcess, model: str, words: str) -> None:
    body = asking(user(words), model=model)

    whole = post(sandbox.base_url, body).json()
    stream = streamed(sandbox.base_url, body)

    assert whole["content"] == []
    assert whole["stop_reason"] == "refusal"
    assert whole["stop_details"]["category"] == "cyber"
    assert whole["usage"]["output_tokens"] == 5
    assert [event["type"] for event in stream] == ["message_start", "ping", "message_delta", "message_stop"]
    assert stream[2]["delta"]["stop_details"] == whole["stop_details"]


def test_the_stop_sequence_that_came_first_is_named(sandbox: SandboxProcess) -> None:
    body = asking(user("one two three"), stop_sequences=["three", "two", "four"])

    message = post(sandbox.base_url, body).json()

    assert message["content"] == [{"type": "text", "text": "one "}]
    assert (message["stop_reason"], message["stop_sequence"]) == ("stop_sequence", "two")


@pytest.mark.parametrize(
    ("model", "most", "reason", "tokens"),
    [
        ("lorem-30", 20, "max_tokens", 20),
        ("lorem-30", 30, "end_turn", 30),
        ("narrow-5000", 9000, "model_context_window_exceeded", 1992),
        ("narrow-5000", 100, "max_tokens", 100),
    ],
)
def test_an_answer_ends_where_its_bound_is(
    sandbox: SandboxProcess, model: str, most: int, reason: str, tokens: int
) -> None:
    message = post(sandbox.base_url, {**asking(model=model), "max_tokens": most}).json()

    assert message["stop_reason"] == reason
    assert message["usage"]["output_tokens"] == tokens


def test_a_call_that_the_bound_has_cut_has_no_input(sandbox: SandboxProcess) -> None:
    body = {**asking(user("use tool"), tools=[WEATHER]), "max_tokens": 4}

    message = post(sandbox.base_url, body).json()

    assert message["stop_reason"] == "max_tokens"
    assert message["content"][0]["input"] == {}


def test_no_output_at_all_only_fills_the_cache(sandbox: SandboxProcess) -> None:
    message = post(sandbox.base_url, {**asking(), "max_tokens": 0}).json()

    assert message["content"] == []
    assert message["usage"]["output_tokens"] == 0


def test_the_answer_to_a_tools_result_repeats_it(sandbox: SandboxProcess) -> None:
    wish = user("use tool")
    first = post(sandbox.base_url, asking(wish, tools=[WEATHER])).json()
    results = [{"type": "tool_result", "tool_use_id": first["content"][0]["id"], "content": [text("21"), text("C")]}]
    messages = [wish, {"role": "assistant", "content": first["content"]}, {"role": "user", "content": results}]

    second = post(sandbox.base_url, asking(*messages, tools=[WEATHER])).json()

    assert second["content"] == [{"type": "text", "text": "The tool answered: 21\nC"}]


def test_usage_may_come_at_the_end_only_or_never(sandbox: SandboxProcess) -> None:
    late = streamed(sandbox.base_url, asking(model="fault/usage-in-finish"))
    never = streamed(sandbox.base_url, asking(model="fault/no-usage"))

    assert late[0]["message"]["usage"]["input_tokens"] == 0
    assert late[-2]["usage"]["input_tokens"] == 8
    assert "usage" not in never[0]["message"]
    assert "usage" not in never[-2]


def test_what_is_billed_is_what_the_answer_says(sandbox: SandboxProcess, ended: Any) -> None:
    for number, model in enumerate(("thinker", "thinker-open", "refuser", "lorem-9")):
        for streams in (False, True):
            name = f"billed-{number}-{streams}"
            body = asking(user("use tools"), model=model, tools=[CLOCK], metadata={"user_id": name}, **THINKING)
            if streams:
                usage = assembled(streamed(sandbox.base_url, body))["usage"]
            else:
                usage = post(sandbox.base_url, body).json()["usage"]
            [line] = ended(name)
            assert line["completion_tokens"] == usage["output_tokens"], name
            assert line["prompt_tokens"] == usage["input_tokens"], name

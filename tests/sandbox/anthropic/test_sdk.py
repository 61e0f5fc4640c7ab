"""Anthropic's SDK against the sandbox, on all three platforms: streams, tools, thoughts, counts, lists, errors."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from anthropic.types import Message, MessageParam, ToolParam, ToolUseBlock
from pydantic import BaseModel

from tests.sandbox.wire import KEY_ID, SECRET
from tokenrouter.testing.processes import SandboxProcess

Client = anthropic.Anthropic | anthropic.AnthropicVertex | anthropic.AnthropicBedrock

WEATHER: ToolParam = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
CLOCK: ToolParam = {"name": "get_time", "input_schema": {"type": "object", "properties": {}}}
WISH: MessageParam = {"role": "user", "content": "please use tools"}
HELLO: list[MessageParam] = [{"role": "user", "content": "hello"}]


class Place(BaseModel):
    city: str
    height: int


@pytest.fixture
def direct(sandbox: SandboxProcess) -> Iterator[anthropic.Anthropic]:
    """The SDK without retries of its own, so that every failure shows."""
    base = sandbox.base_url.removesuffix("/v1")
    with anthropic.Anthropic(base_url=base, api_key="k", max_retries=0, timeout=60) as client:
        yield client


@pytest.fixture(params=["direct", "vertex", "bedrock"])
def client(request: pytest.FixtureRequest, sandbox: SandboxProcess, direct: anthropic.Anthropic) -> Iterator[Client]:
    """The SDK on each platform."""
    base = sandbox.base_url.removesuffix("/v1")
    if request.param == "direct":
        yield direct
    elif request.param == "vertex":
        with anthropic.AnthropicVertex(
            base_url=f"{base}/v1", region="us-east5", project_id="p", access_token="t", max_retries=0
        ) as on_vertex:
            yield on_vertex
    else:
        with anthropic.AnthropicBedrock(
            base_url=base, aws_region="us-east-1", aws_access_key=KEY_ID, aws_secret_key=SECRET, max_retries=0
        ) as on_bedrock:
            yield on_bedrock


def ask(client: Client, model: str, messages: list[MessageParam], *, streamed: bool, **more: Any) -> Message:
    """The message that the SDK has in the end, whole or put together by its strict helper."""
    asked: dict[str, Any] = {"model": model, "max_tokens": 4096, "messages": messages, **more}
    if not streamed:
        whole: Message = client.messages.create(**asked)
        return whole
    with client.messages.stream(**asked) as stream:
        for _ in stream:
            """Every event is looked at by the helper."""
        return stream.get_final_message()


@pytest.mark.parametrize("streamed", [False, True])
def test_the_same_words_arrive(client: Client, streamed: bool) -> None:
    message = ask(client, "lorem-9", HELLO, streamed=streamed)

    [block] = message.content
    assert block.type == "text"
    assert block.text.startswith("Lorem ipsum")
    assert message.stop_reason == "end_turn"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (8, 9)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("model", "thinking"),
    [
        ("echo", {"type": "disabled"}),
        ("thinker", {"type": "enabled", "budget_tokens": 2048}),
        ("thinker-open", {"type": "enabled", "budget_tokens": 2048}),
        ("thinker-open", {"type": "adaptive", "display": "omitted"}),
        ("thinker-adaptive", {"type": "adaptive", "display": "summarized"}),
    ],
)
def test_a_turn_with_tools_comes_round(client: Client, model: str, thinking: dict[str, Any], streamed: bool) -> None:
    asked: dict[str, Any] = {"tools": [WEATHER, CLOCK], "thinking": thinking, "streamed": streamed}
    first = ask(client, model, [WISH], **asked)
    calls = [block for block in first.content if isinstance(block, ToolUseBlock)]
    assert [(call.name, call.input) for call in calls] == [("get_weather", {"city": "text"}), ("get_time", {})]
    assert first.stop_reason == "tool_use"

    results: Any = [{"type": "tool_result", "tool_use_id": call.id, "content": "21"} for call in calls]
    answer: MessageParam = {"role": "user", "content": results}
    second = ask(client, model, [WISH, first.to_param(), answer], **asked)

    assert second.content[-1].type == "text"
    assert second.content[-1].text == "The tool answered: 21; 21"


def test_a_lost_signature_is_a_bad_request(client: Client) -> None:
    asked: dict[str, Any] = {"tools": [CLOCK], "thinking": {"type": "adaptive"}, "streamed": False}
    wish: MessageParam = {"role": "user", "content": "use tool"}
    first = ask(client, "thinker", [wish], **asked)
    thought, call = first.content
    assert thought.type == "thinking"
    assert call.type == "tool_use"
    thought.signature = ""
    results: Any = [{"type": "tool_result", "tool_use_id": call.id, "content": "21"}]

    with pytest.raises(anthropic.BadRequestError, match="Invalid `signature` in `thinking` block"):
        ask(client, "thinker", [wish, first.to_param(), {"role": "user", "content": results}], **asked)


def test_a_model_of_the_callers_own_is_parsed(direct: anthropic.Anthropic) -> None:
    message = direct.messages.parse(model="echo", max_tokens=99, messages=HELLO, output_format=Place)

    assert message.parsed_output == Place(city="text", height=1)


def test_a_refusal_says_why(direct: anthropic.Anthropic) -> None:
    for streamed in (False, True):
        message = ask(direct, "refuser", HELLO, streamed=streamed)
        assert message.stop_reason == "refusal"
        assert message.stop_details
        assert message.stop_details.category == "cyber"


def test_a_stop_sequence_is_named(direct: anthropic.Anthropic) -> None:
    message = ask(direct, "echo", [{"role": "user", "content": "a b c"}], streamed=True, stop_sequences=["b"])

    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "b")


def test_the_system_may_speak_in_between(direct: anthropic.Anthropic) -> None:
    messages: list[MessageParam] = [*HELLO, {"role": "system", "content": "Be brief."}]

    assert ask(direct, "thinker-adaptive", messages, streamed=True).stop_reason == "end_turn"
    with pytest.raises(anthropic.BadRequestError, match="Unexpected role"):
        ask(direct, "echo", messages, streamed=False)


def test_tokens_are_counted(direct: anthropic.Anthropic) -> None:
    counted = direct.messages.count_tokens(model="echo", messages=HELLO, tools=[WEATHER])

    assert counted.input_tokens == ask(direct, "echo", HELLO, streamed=False, tools=[WEATHER]).usage.input_tokens


def test_models_are_listed_over_all_pages(direct: anthropic.Anthropic) -> None:
    names = [model.id for model in direct.models.list(limit=7)]

    assert "echo" in names
    assert "fault/endless" in names
    assert len(names) == len(set(names))
    assert direct.models.retrieve("thinker-adaptive").max_input_tokens == 1_000_000


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("fault/400", anthropic.BadRequestError),
        ("fault/401", anthropic.AuthenticationError),
        ("nobody", anthropic.NotFoundError),
        ("fault/429", anthropic.RateLimitError),
        ("fault/500", anthropic.InternalServerError),
        ("fault/503", anthropic.InternalServerError),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_failures_raise(
    direct: anthropic.Anthropic, model: str, kind: type[anthropic.APIStatusError], streamed: bool
) -> None:
    with pytest.raises(kind) as caught:
        ask(direct, model, HELLO, streamed=streamed)

    assert caught.value.request_id
    assert caught.value.type


def test_being_overloaded_has_a_status_of_its_own(direct: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        ask(direct, "fault/503", HELLO, streamed=False)

    assert (caught.value.status_code, caught.value.type) == (529, "overloaded_error")


@pytest.mark.parametrize("fault", ["fault/error-event", "fault/error-midstream"])
def test_an_error_inside_a_stream_raises(client: Client, fault: str) -> None:
    with pytest.raises(anthropic.APIStatusError, match="had an error"):
        ask(client, fault, HELLO, streamed=True)

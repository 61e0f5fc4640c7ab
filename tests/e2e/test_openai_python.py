"""The vendor's own Python SDK, unchanged but for base URL and key."""

import base64
import struct
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from tests.conftest import StartGateway
from tokenrouter.testing.processes import GatewayProcess, make_home, wait_until

pytestmark = pytest.mark.e2e

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


@pytest.fixture(scope="module")
def running(
    shared_gateway: StartGateway, sandbox_config: str, tmp_path_factory: pytest.TempPathFactory
) -> GatewayProcess:
    return shared_gateway(sandbox_config, home=make_home(tmp_path_factory.mktemp("openai")))


@pytest.fixture
def client(running: GatewayProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=running.base_url, api_key=running.key, max_retries=0) as client:
        yield client


def test_a_whole_chat_answer_arrives(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="sandbox/echo", messages=[{"role": "user", "content": "Grüße aus Köln 🚂"}]
    )

    assert answer.choices[0].message.content == "Grüße aus Köln 🚂"
    assert answer.usage is not None
    assert answer.usage.total_tokens > 0


def test_a_stream_arrives_without_usage_unless_it_was_asked_for(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "hello"}]
    plain: Any = list(client.chat.completions.create(model="sandbox/lorem-20", messages=messages, stream=True))
    asked: Any = list(
        client.chat.completions.create(
            model="sandbox/lorem-20", messages=messages, stream=True, stream_options={"include_usage": True}
        )
    )

    assert all(chunk.choices and chunk.usage is None for chunk in plain)
    assert asked[-1].choices == []
    assert asked[-1].usage.completion_tokens == 20


def test_the_strict_stream_helper_accepts_the_stream(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(
        model="sandbox/echo", messages=[{"role": "user", "content": "word for word"}]
    ) as stream:
        final = stream.get_final_completion()

    assert final.choices[0].message.content == "word for word"


def test_tools_are_called_and_their_results_answered(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "use tool"}]
    first: Any = client.chat.completions.create(model="sandbox/echo", messages=messages, tools=[WEATHER])
    calls = first.choices[0].message.tool_calls
    assert calls[0].function.name == "get_weather"

    messages.append(first.choices[0].message.model_dump(exclude_none=True))
    messages.append({"role": "tool", "tool_call_id": calls[0].id, "content": "sunny-42"})
    second: Any = client.chat.completions.create(model="sandbox/echo", messages=messages, tools=[WEATHER])
    assert "sunny-42" in second.choices[0].message.content


class Step(BaseModel):
    explanation: str
    output: str


class Solution(BaseModel):
    steps: list[Step]
    answer: int


def test_parse_returns_an_instance_of_the_model(client: openai.OpenAI) -> None:
    parsed = client.chat.completions.parse(
        model="sandbox/echo", messages=[{"role": "user", "content": "solve"}], response_format=Solution
    )

    assert isinstance(parsed.choices[0].message.parsed, Solution)


def test_embeddings_are_the_same_as_numbers_and_as_base64(client: openai.OpenAI) -> None:
    numbers = client.embeddings.create(model="sandbox/embed-small", input="hello", encoding_format="float")
    raw = client.embeddings.with_raw_response.create(
        model="sandbox/embed-small", input="hello", encoding_format="base64"
    )
    coded = raw.http_response.json()["data"][0]["embedding"]

    decoded = struct.unpack(f"<{len(numbers.data[0].embedding)}f", base64.b64decode(coded))
    assert decoded == pytest.approx(numbers.data[0].embedding, abs=1e-6)


def test_the_responses_api_streams_its_whole_lifecycle(client: openai.OpenAI) -> None:
    with client.responses.stream(model="sandbox/echo", input="say this") as stream:
        final = stream.get_final_response()

    assert final.output_text == "say this"
    assert final.usage is not None


def test_models_are_listed_and_retrieved(client: openai.OpenAI) -> None:
    # Discovery runs in the background and nothing waits for it, so ask until it is there.
    wait_until("the model list", lambda: "sandbox/echo" in [model.id for model in client.models.list()])

    assert client.models.retrieve("sandbox/echo").id == "sandbox/echo"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("sandbox/fault/400", openai.BadRequestError),
        ("sandbox/no-such-model", openai.NotFoundError),
        ("sandbox/fault/429", openai.RateLimitError),
        ("sandbox/fault/500", openai.InternalServerError),
        ("sandbox/fault/503", openai.InternalServerError),
        ("sandbox/fault/401", openai.InternalServerError),
        ("sandbox/fault/refuse", openai.InternalServerError),
        ("sandbox/fault/not-json", openai.InternalServerError),
        ("sandbox/fault/wrong-type", openai.InternalServerError),
    ],
)
def test_errors_are_the_right_exception_classes(
    client: openai.OpenAI, model: str, expected: type[openai.APIError]
) -> None:
    with pytest.raises(expected):
        client.chat.completions.create(model=model, messages=[{"role": "user", "content": "x"}])


def test_a_wrong_key_is_an_authentication_error(running: GatewayProcess) -> None:
    with (
        openai.OpenAI(base_url=running.base_url, api_key="tr_not-a-key-of-this-gateway", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.models.list()


@pytest.mark.parametrize("model", ["error-event", "error-midstream", "cut", "clean-cut", "bad-chunked"])
def test_a_stream_that_fails_raises_and_never_ends_as_a_success(client: openai.OpenAI, model: str) -> None:
    with pytest.raises(openai.APIError):
        list(
            client.chat.completions.create(
                model=f"sandbox/fault/{model}", messages=[{"role": "user", "content": "x"}], stream=True
            )
        )


def test_the_sdk_retries_a_429_and_succeeds(running: GatewayProcess) -> None:
    with openai.OpenAI(base_url=running.base_url, api_key=running.key, max_retries=2) as client:
        answer = client.chat.completions.create(
            model="sandbox/fault/429-once", user="retry-test", messages=[{"role": "user", "content": "again"}]
        )

    assert answer.choices[0].message.content

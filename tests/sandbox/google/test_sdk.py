"""Google's SDK against the sandbox: both surfaces, streams, tools with signatures, embeddings, errors."""

from collections.abc import Iterator
from typing import Any

import pytest
from google import genai
from google.auth.credentials import Credentials
from google.genai import errors, types

from tokenrouter.testing.processes import SandboxProcess

WEATHER = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="get_weather",
            parameters=types.Schema(
                type=types.Type.OBJECT, properties={"city": types.Schema(type=types.Type.STRING)}, required=["city"]
            ),
        ),
        types.FunctionDeclaration(name="get_time", parameters_json_schema={"type": "object", "properties": {}}),
    ]
)
THINKING = types.ThinkingConfig(include_thoughts=True, thinking_level=types.ThinkingLevel.LOW)


class StaticToken(Credentials):
    """A token that never has to be fetched."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.token = "ya29.static"

    def refresh(self, request: object) -> None:
        """There is nothing to do."""


@pytest.fixture(params=["v1beta", "v1", "vertex"])
def client(request: pytest.FixtureRequest, sandbox: SandboxProcess) -> Iterator[genai.Client]:
    """The SDK on each surface, without retries."""
    base = sandbox.base_url.removesuffix("/v1")
    if request.param == "vertex":
        options = types.HttpOptions(base_url=base)
        credentials = StaticToken()
        yield genai.Client(
            vertexai=True, project="p", location="us-central1", credentials=credentials, http_options=options
        )
        return
    yield genai.Client(api_key="k", http_options=types.HttpOptions(base_url=base, api_version=request.param))


def parts(response: types.GenerateContentResponse) -> list[types.Part]:
    assert response.candidates
    assert response.candidates[0].content
    return response.candidates[0].content.parts or []


def test_the_same_words_arrive_whole_and_streamed(client: genai.Client) -> None:
    whole = client.models.generate_content(model="lorem-9", contents="x")
    chunks = list(client.models.generate_content_stream(model="lorem-9", contents="x"))

    assert "".join(chunk.text or "" for chunk in chunks) == whole.text
    assert chunks[-1].usage_metadata
    assert whole.usage_metadata
    assert chunks[-1].usage_metadata.total_token_count == whole.usage_metadata.total_token_count
    assert whole.candidates
    assert whole.candidates[0].finish_reason == types.FinishReason.STOP


@pytest.mark.parametrize("model", ["thinker", "thinker-open"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_chat_brings_its_signatures_back(client: genai.Client, model: str, streamed: bool) -> None:
    chat = client.chats.create(
        model=model, config=types.GenerateContentConfig(tools=[WEATHER], thinking_config=THINKING)
    )

    def send(message: Any) -> list[types.Part]:
        if streamed:
            return [part for chunk in chat.send_message_stream(message) for part in parts(chunk)]
        return parts(chat.send_message(message))

    calls = [part.function_call for part in send("please use tools") if part.function_call]
    assert [call.name for call in calls] == ["get_weather", "get_time"]
    answered = send(
        [types.Part.from_function_response(name=call.name or "", response={"output": "21"}) for call in calls]
    )
    assert "The tool answered: 21; 21" in "".join(part.text or "" for part in answered)


def test_a_lost_signature_is_an_error(client: genai.Client) -> None:
    config = types.GenerateContentConfig(tools=[WEATHER])
    first = client.models.generate_content(model="thinker", contents="use tool", config=config)
    call = next(part for part in parts(first) if part.function_call)
    call.thought_signature = None
    history = [
        types.Content(role="user", parts=[types.Part(text="use tool")]),
        types.Content(role="model", parts=[call]),
        types.Content(
            role="user", parts=[types.Part.from_function_response(name="get_weather", response={"output": 1})]
        ),
    ]

    with pytest.raises(errors.ClientError, match="missing a"):
        client.models.generate_content(model="thinker", contents=history, config=config)


def test_a_schema_is_parsed(client: genai.Client) -> None:
    schema = types.Schema(
        type=types.Type.OBJECT, properties={"x": types.Schema(type=types.Type.INTEGER)}, required=["x"]
    )
    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=schema)

    assert client.models.generate_content(model="echo", contents="x", config=config).parsed == {"x": 1}


def test_an_image_is_weighed(client: genai.Client) -> None:
    image = types.Part.from_bytes(data=b"png", mime_type="image/png")

    usage = client.models.generate_content(model="echo", contents=["look", image]).usage_metadata

    assert usage
    details = {each.modality: each.token_count for each in usage.prompt_tokens_details or []}
    assert details[types.MediaModality.IMAGE] == 258


def test_tokens_are_counted(client: genai.Client) -> None:
    assert client.models.count_tokens(model="echo", contents="hello").total_tokens == 8


def test_texts_are_embedded(client: genai.Client) -> None:
    config = types.EmbedContentConfig(output_dimensionality=8)

    made = client.models.embed_content(model="embed-small", contents=["a", "b"], config=config)

    assert [len(each.values or []) for each in made.embeddings or []] == [8, 8]


@pytest.mark.parametrize(("model", "code"), [("fault/429", 429), ("fault/503", 503), ("nobody", 404)])
@pytest.mark.parametrize("streamed", [False, True])
def test_failures_raise(client: genai.Client, model: str, code: int, streamed: bool) -> None:
    models = client.models
    ask = models.generate_content_stream if streamed else models.generate_content

    with pytest.raises(errors.APIError) as caught:
        list(ask(model=model, contents="x"))

    assert caught.value.code == code


def test_an_error_inside_a_stream_raises(client: genai.Client) -> None:
    with pytest.raises(errors.APIError, match="had an error"):
        list(client.models.generate_content_stream(model="fault/error-midstream", contents="x"))


def test_models_are_listed(sandbox: SandboxProcess) -> None:
    options = types.HttpOptions(base_url=sandbox.base_url.removesuffix("/v1"))
    client = genai.Client(api_key="k", http_options=options)

    names = [model.name for model in client.models.list()]

    assert "models/echo" in names
    assert "models/fault/endless" in names

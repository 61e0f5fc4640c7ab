"""What the vendors' SDKs expect beside answers: errors of their own classes, lists of models, counts, embeddings."""

from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors as google_errors
from google.genai import types

from tests.e2e.matrix.conftest import PROVIDERS
from tests.e2e.matrix.talks import TALKS
from tokenrouter.testing.processes import GatewayProcess

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("matrix")]

SDK_ERRORS = (openai.APIStatusError, anthropic.APIStatusError, google_errors.APIError)
FAULTS = {
    "fault/400": (400, "", ""),
    "fault/429": (429, "rate_limit", "RESOURCE_EXHAUSTED"),
    "fault/500": (500, "", "INTERNAL"),
    "fault/401": (502, "", ""),
}
"""By the sandbox's model: the status that a client gets, and words of Anthropic's and Google's for it."""


def failure(talk: Callable[[], object]) -> Any:
    with pytest.raises(SDK_ERRORS) as caught:
        talk()
    return caught.value


def status(error: Any) -> int:
    return int(getattr(error, "status_code", 0) or error.code)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("model", FAULTS)
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("client", TALKS)
def test_a_providers_failure_is_the_clients_own_error(
    crossroads: GatewayProcess, client: str, provider: str, model: str, stream: bool
) -> None:
    expected, anthropics, googles = FAULTS[model]
    talk = TALKS[client](crossroads.origin, crossroads.key, f"{provider}/{model}")
    error = failure(lambda: talk.say("hi", stream=stream))

    assert status(error) in (expected, 529 if model == "fault/503" else expected)
    if client == "messages":
        assert error.body["type"] == "error"
        assert anthropics in error.body["error"]["type"]
    if client == "gemini":
        assert googles in error.status


@pytest.mark.parametrize("client", TALKS)
def test_an_unknown_model_and_an_unknown_key_are_told_apart(crossroads: GatewayProcess, client: str) -> None:
    origin = crossroads.origin
    no_model = failure(lambda: TALKS[client](origin, crossroads.key, "chat/no-such-model").say("hi"))
    no_provider = failure(lambda: TALKS[client](origin, "tr_unknown-0123456789abcdef", "chat/echo").say("hi"))

    assert status(no_model) == 404
    assert status(no_provider) == 401


@pytest.mark.parametrize("model", ["fault/error-event", "fault/cut@3"])
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("client", TALKS)
def test_a_stream_that_fails_is_never_taken_for_an_answer(
    crossroads: GatewayProcess, client: str, provider: str, model: str
) -> None:
    talk = TALKS[client](crossroads.origin, crossroads.key, f"{provider}/{model}")
    with pytest.raises((*SDK_ERRORS, openai.APIError, anthropic.APIError, AssertionError, RuntimeError)):
        talk.say("tell me a story", stream=True)


def test_each_sdk_lists_the_models(crossroads: GatewayProcess) -> None:
    key, origin = crossroads.key, crossroads.origin
    openais = [model.id for model in openai.OpenAI(base_url=crossroads.base_url, api_key=key).models.list()]
    anthropics = [model.id for model in anthropic.Anthropic(base_url=origin, api_key=key).models.list(limit=5)]
    google = genai.Client(api_key=key, http_options=types.HttpOptions(base_url=origin))
    googles = [(model.name or "").removeprefix("models/") for model in google.models.list()]

    assert "chat/echo" in openais
    assert openais == anthropics == googles
    one = anthropic.Anthropic(base_url=origin, api_key=key).models.retrieve("chat/echo")
    assert one.id == "chat/echo"
    assert google.models.get(model="chat/echo").name == "models/chat/echo"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_each_sdk_counts_tokens(crossroads: GatewayProcess, provider: str) -> None:
    key, origin, model = crossroads.key, crossroads.origin, f"{provider}/echo"
    google = genai.Client(api_key=key, http_options=types.HttpOptions(base_url=origin))
    long = "word " * 200
    anthropics = anthropic.Anthropic(base_url=origin, api_key=key).messages.count_tokens(
        model=model, messages=[{"role": "user", "content": long}]
    )

    assert 100 < anthropics.input_tokens < 400
    assert 100 < (google.models.count_tokens(model=model, contents=long).total_tokens or 0) < 400


@pytest.mark.parametrize("provider", ["chat", "gemini"])
def test_embeddings_are_made_for_either_sdk(crossroads: GatewayProcess, provider: str) -> None:
    key, origin, model = crossroads.key, crossroads.origin, f"{provider}/embed-small"
    openais = openai.OpenAI(base_url=crossroads.base_url, api_key=key).embeddings.create(
        model=model, input=["one", "two"], dimensions=8
    )
    google = genai.Client(api_key=key, http_options=types.HttpOptions(base_url=origin))
    googles = google.models.embed_content(
        model=model, contents=["one", "two"], config=types.EmbedContentConfig(output_dimensionality=8)
    )

    assert [len(each.embedding) for each in openais.data] == [8, 8]
    assert [len(each.values or ()) for each in googles.embeddings or ()] == [8, 8]
    assert openais.data[0].embedding != openais.data[1].embedding


def test_a_gemini_stream_without_events_is_a_json_array(crossroads: GatewayProcess) -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "one two three"}]}]}
    for provider in PROVIDERS:
        path = f"/v1beta/models/{provider}/echo:streamGenerateContent?key={crossroads.key}"
        answer = crossroads.call("POST", path, json_body=body, key=None)
        texts = [part["text"] for chunk in answer.json() for part in chunk["candidates"][0]["content"].get("parts", ())]

        assert "".join(texts) == "one two three"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_anthropics_newest_version_and_bearer_keys_are_taken(crossroads: GatewayProcess, provider: str) -> None:
    client = anthropic.Anthropic(base_url=crossroads.origin, auth_token=crossroads.key, api_key=None, max_retries=0)
    asked: Any = {
        "model": f"{provider}/echo",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "hi"}],
        "extra_headers": {"anthropic-version": "2026-10-21"},
    }
    whole = client.messages.create(**asked)
    with client.messages.stream(**asked) as stream:
        streamed = stream.get_final_text()

    assert whole.content[0].text == streamed == "hi"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_googles_sdk_may_think_that_it_talks_to_vertex(crossroads: GatewayProcess, provider: str) -> None:
    options = types.HttpOptions(base_url=crossroads.origin)
    with genai.Client(vertexai=True, api_key=crossroads.key, http_options=options) as client:
        whole = client.models.generate_content(model=f"{provider}/echo", contents="hi").text
        streamed = [
            c.text or "" for c in client.models.generate_content_stream(model=f"{provider}/echo", contents="hi")
        ]

    assert whole == "".join(streamed) == "hi"


@pytest.mark.parametrize("prefix", ["/openai", "/openai/v1", ""])
def test_openais_sdk_works_below_every_prefix(crossroads: GatewayProcess, prefix: str) -> None:
    client = openai.OpenAI(base_url=crossroads.origin + prefix, api_key=crossroads.key, max_retries=0)

    assert client.responses.create(model="messages/echo", input="hi").output_text == "hi"
    assert client.completions.create(model="messages/echo", prompt="hi").choices[0].text == "hi"


def test_the_others_work_below_their_prefixes(crossroads: GatewayProcess) -> None:
    claude = anthropic.Anthropic(base_url=f"{crossroads.origin}/anthropic", api_key=crossroads.key, max_retries=0)
    options = types.HttpOptions(base_url=f"{crossroads.origin}/gemini")
    said = claude.messages.create(model="chat/echo", max_tokens=9, messages=[{"role": "user", "content": "hi"}])

    assert said.content[0].text == "hi"  # type: ignore[union-attr]
    with genai.Client(api_key=crossroads.key, http_options=options) as gemini:
        assert gemini.models.generate_content(model="chat/echo", contents="hi").text == "hi"

"""Guardrails in front of the sandbox, asked by the vendors' own SDKs: what the provider sees, and what the client."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from google import genai
from google.genai.errors import ClientError

from tests.conftest import StartGateway
from tests.e2e.matrix.conftest import PROVIDERS
from tests.e2e.tapped import Tap
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, wait_until

pytestmark = pytest.mark.e2e

EMAIL, CARD, PHONE = "ann@example.com", "4111 1111 1111 1111", "+49 30 1234567"
QUESTION = f"Write to {EMAIL}, card {CARD}, phone {PHONE}."
GUARDED, OTHER = "tr_guarded-0123456789", "tr_other-0123456789ab"
RULES = f"""
[[guardrails]]
name = "privacy"
type = "redact"
scope = "team:guarded"

[[guardrails]]
name = "words"
type = "block"
scope = "team:guarded"
words = ["project zeus"]

[[guardrails]]
name = "small"
type = "input_size"
scope = "team:guarded"
max_tokens = 5000

[[incoming_tokens]]
name = "guarded"
key = "{GUARDED}"
role = "inferrer"
team = "guarded"
passthrough = true

[[incoming_tokens]]
name = "other"
key = "{OTHER}"
role = "inferrer"
team = "other"
"""


@pytest.fixture
def tap(sandbox: SandboxProcess) -> Iterator[Tap]:
    with Tap(sandbox.base_url) as running:
        yield running


@pytest.fixture
def running(gateway: StartGateway, tap: Tap) -> GatewayProcess:
    providers = "".join(
        f'[[providers]]\nname = "{name}"\napi_key = "k"\n{text.format(root=tap.origin)}\n'
        for name, text in PROVIDERS.items()
    )
    return gateway(providers + RULES)


Ask = Callable[[GatewayProcess, str, str, str], str]


def chat(running: GatewayProcess, key: str, model: str, text: str) -> str:
    with openai.OpenAI(base_url=running.base_url, api_key=key, max_retries=0) as client:
        answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])
    return answer.choices[0].message.content or ""


def chat_stream(running: GatewayProcess, key: str, model: str, text: str) -> str:
    with openai.OpenAI(base_url=running.base_url, api_key=key, max_retries=0) as client:
        chunks = client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}], stream=True)
        return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


def responses(running: GatewayProcess, key: str, model: str, text: str) -> str:
    with openai.OpenAI(base_url=running.base_url, api_key=key, max_retries=0) as client:
        return client.responses.create(model=model, input=text).output_text


def responses_stream(running: GatewayProcess, key: str, model: str, text: str) -> str:
    with openai.OpenAI(base_url=running.base_url, api_key=key, max_retries=0) as client:
        events: list[Any] = list(client.responses.create(model=model, input=text, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert events[-1].response.output_text == said
    return said


def messages(running: GatewayProcess, key: str, model: str, text: str) -> str:
    with anthropic.Anthropic(base_url=running.origin, api_key=key, max_retries=0) as client:
        answer = client.messages.create(model=model, max_tokens=500, messages=[{"role": "user", "content": text}])
    return "".join(block.text for block in answer.content if block.type == "text")


def messages_stream(running: GatewayProcess, key: str, model: str, text: str) -> str:
    with (
        anthropic.Anthropic(base_url=running.origin, api_key=key, max_retries=0) as client,
        client.messages.stream(model=model, max_tokens=500, messages=[{"role": "user", "content": text}]) as stream,
    ):
        return "".join(stream.text_stream)


def gemini(running: GatewayProcess, key: str, model: str, text: str) -> str:
    client = genai.Client(api_key=key, http_options={"base_url": running.origin})
    return client.models.generate_content(model=model, contents=text).text or ""


def gemini_stream(running: GatewayProcess, key: str, model: str, text: str) -> str:
    client = genai.Client(api_key=key, http_options={"base_url": running.origin})
    return "".join(chunk.text or "" for chunk in client.models.generate_content_stream(model=model, contents=text))


CLIENTS: list[Ask] = [
    chat,
    chat_stream,
    responses,
    responses_stream,
    messages,
    messages_stream,
    gemini,
    gemini_stream,
]


def test_no_provider_sees_what_its_clients_get_back(running: GatewayProcess, tap: Tap) -> None:
    for provider in PROVIDERS:
        for ask in CLIENTS:
            where = f"{ask.__name__} at {provider}"
            assert ask(running, GUARDED, f"{provider}/echo", QUESTION) == QUESTION, where
            sent = tap.taken()
            assert "<EMAIL_1>" in sent, where
            assert not [secret for secret in (EMAIL, CARD, PHONE) if secret in sent], where

    wait_until("the ledger", lambda: len(rows(running)) == len(PROVIDERS) * len(CLIENTS))
    require_nowhere(running, EMAIL, CARD, PHONE)


def rows(running: GatewayProcess) -> list[dict[str, str]]:
    answer = running.call("GET", "/api/v1/ledger/export?columns=id,model,status")
    text = answer.body.decode() if answer.status == 200 else ""  # the control process may still be starting
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def require_nowhere(running: GatewayProcess, *secrets: str) -> None:
    """Look for `secrets` in every file that the gateway has written: log, journal, database, snapshot."""
    files = [path for path in running.home.path.rglob("*") if path.is_file() and path.name != "torod.toml"]
    assert any(path.name == "serve.log" for path in files)
    assert any(path.suffix == ".db" for path in files)
    for path in files:
        found = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in found], path


def test_an_array_of_gemini_and_a_call_of_a_tool_are_restored(running: GatewayProcess, tap: Tap) -> None:
    headers = {"x-goog-api-key": GUARDED}
    url = f"{running.origin}/v1beta/models/gemini/echo:streamGenerateContent"
    answer = httpx2.post(url, headers=headers, json={"contents": [{"role": "user", "parts": [{"text": QUESTION}]}]})
    assert answer.headers["content-type"] == "application/json"
    parts = [part for chunk in answer.json() for one in chunk["candidates"] for part in one["content"]["parts"]]
    assert "".join(part.get("text", "") for part in parts) == QUESTION
    assert EMAIL not in tap.taken()


def test_another_team_is_not_touched_by_what_one_team_has_set(running: GatewayProcess, tap: Tap) -> None:
    assert chat(running, GUARDED, "chat/echo", QUESTION) == QUESTION
    assert EMAIL not in tap.taken()
    for ask in CLIENTS:
        assert ask(running, OTHER, "chat/echo", QUESTION) == QUESTION
        assert EMAIL in tap.taken()
        assert ask(running, OTHER, "chat/echo", "say <EMAIL_1> for project zeus") == "say <EMAIL_1> for project zeus"
        tap.taken()


def test_a_stored_conversation_goes_on_with_what_its_team_may_see(running: GatewayProcess, tap: Tap) -> None:
    with (
        openai.OpenAI(base_url=running.base_url, api_key=GUARDED, max_retries=0) as ours,
        openai.OpenAI(base_url=running.base_url, api_key=OTHER, max_retries=0) as theirs,
    ):
        first = ours.responses.create(model="chat/echo", input=f"I am {EMAIL}", store=True)
        assert first.output_text == f"I am {EMAIL}"
        tap.taken()
        again = f"bob@example.com wrote to {EMAIL}"
        second = ours.responses.create(model="chat/echo", input=again, previous_response_id=first.id, store=True)
        assert second.output_text == again
        sent = tap.taken()
        assert "I am <EMAIL_1>" in sent
        assert "<EMAIL_2> wrote to <EMAIL_1>" in sent
        assert "example.com" not in sent

        stream: list[Any] = list(
            ours.responses.create(
                model="chat/echo", input=QUESTION, previous_response_id=second.id, store=True, stream=True
            )
        )
        kept = ours.responses.retrieve(stream[-1].response.id)
        assert stream[-1].response.output_text == kept.output_text == QUESTION
        assert "example.com" not in tap.taken()

        with pytest.raises(openai.BadRequestError):
            theirs.responses.create(model="chat/echo", input="hello", previous_response_id=first.id)
        with pytest.raises(openai.NotFoundError):
            theirs.responses.retrieve(first.id)
        untouched = theirs.responses.create(model="chat/echo", input=f"I am {EMAIL}", store=True)
        assert untouched.output_text == f"I am {EMAIL}"
        assert EMAIL in tap.taken()


def test_what_is_blocked_or_too_large_is_told_in_every_dialect(running: GatewayProcess, tap: Tap) -> None:
    blocked, large = "what is PROJECT ZEUS?", "word " * 5000
    for ask, refused, too_large in (
        (chat, openai.BadRequestError, openai.APIStatusError),
        (responses_stream, openai.BadRequestError, openai.APIStatusError),
        (messages, anthropic.BadRequestError, anthropic.APIStatusError),
        (gemini, ClientError, ClientError),
    ):
        with pytest.raises(refused) as told:
            ask(running, GUARDED, "chat/echo", blocked)
        assert "'words'" in str(told.value)
        with pytest.raises(too_large) as told_large:
            ask(running, GUARDED, "chat/echo", large)
        assert "'small'" in str(told_large.value)
        status = getattr(told_large.value, "status_code", None) or getattr(told_large.value, "code", None)
        assert status == 413
    assert tap.taken() == "", "nobody was asked"
    wait_until("a row for each", lambda: {row["status"] for row in rows(running)} == {"400", "413"})


def test_what_nobody_can_read_is_refused_where_that_is_set(gateway: StartGateway, tap: Tap) -> None:
    provider = f'[[providers]]\nname = "chat"\napi_key = "k"\nbase_url = "{tap.origin}/v1"\n'
    running = gateway(provider + RULES.replace('type = "redact"', 'type = "redact"\nunreadable = "refuse"'))
    picture: Any = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    with openai.OpenAI(base_url=running.base_url, api_key=GUARDED, max_retries=0) as client:
        with pytest.raises(openai.BadRequestError, match="image"):
            client.chat.completions.create(model="chat/echo", messages=[{"role": "user", "content": [picture]}])
        with pytest.raises(openai.BadRequestError, match="form"):
            client.audio.transcriptions.create(model="chat/echo", file=("a.wav", b"RIFF"))
        with pytest.raises(openai.BadRequestError, match="a file"):
            client.files.create(file=("a.txt", b"hello"), purpose="assistants", extra_query={"provider": "chat"})
    raw = httpx2.post(
        f"{running.origin}/passthrough/chat/things", json={}, headers={"authorization": f"Bearer {GUARDED}"}
    )
    assert raw.status_code == 400
    assert "raw request" in raw.text
    assert tap.taken() == ""


def test_a_changed_file_counts_for_the_next_request(running: GatewayProcess, tap: Tap) -> None:
    text = running.config_file.read_text()
    running.config_file.write_text(text.replace('words = ["project zeus"]', 'words = ["project hera"]'))
    running.reload()
    wait_until("the new words", lambda: allows(running, "project zeus") and not allows(running, "project hera"))


def allows(running: GatewayProcess, text: str) -> bool:
    body = {"model": "chat/echo", "messages": [{"role": "user", "content": text}]}
    headers = {"authorization": f"Bearer {GUARDED}"}
    return httpx2.post(f"{running.base_url}/chat/completions", json=body, headers=headers).status_code == 200

"""Conversations in front of the sandbox, asked by the vendors' own SDKs in all four dialects, whole and as streams."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from google import genai

from tests.e2e.matrix.conftest import PROVIDERS
from tokenrouter.testing.processes import GatewayProcess, Home, SandboxProcess, make_home, wait_until

pytestmark = pytest.mark.e2e

ANN, BOB = "tr_ann-0123456789abcdef", "tr_bob-0123456789abcdef"
KEYS = f"""
[[incoming_tokens]]
name = "ann"
key = "{ANN}"
role = "inferrer"
team = "open"
user = "ann"

[[incoming_tokens]]
name = "bob"
key = "{BOB}"
role = "inferrer"
team = "closed"
user = "bob"
"""
SECRET_WORD = "xylophone-quetzal"
CONVERSATIONS = "/api/v1/conversations"


def config(sandbox: SandboxProcess) -> str:
    root = sandbox.base_url.removesuffix("/v1")
    providers = "".join(
        f'[[providers]]\nname = "{name}"\napi_key = "k"\n{text.format(root=root)}\n' for name, text in PROVIDERS.items()
    )
    return providers + KEYS


@pytest.fixture(scope="module")
def running(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    home = make_home(tmp_path_factory.mktemp("gateway"))
    with GatewayProcess(home, config(sandbox)) as gateway:
        capture(gateway, "team:open")
        yield gateway


def capture(gateway: GatewayProcess, scope: str, *, enabled: bool = True) -> None:
    def is_said() -> bool:
        path = f"{CONVERSATIONS}/capture/{scope}"
        return gateway.call("PUT", path, json_body={"enabled": enabled}).status == 200

    wait_until("the control process", is_said)


def conversations(gateway: GatewayProcess, query: str = "") -> list[dict[str, Any]]:
    answer = gateway.call("GET", f"{CONVERSATIONS}?{query}")
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def kept(gateway: GatewayProcess, query: str, requests: int = 1) -> dict[str, Any]:
    """Return the one conversation of a filter, as soon as it has so many requests."""

    def found() -> bool:
        return sum(int(one["requests"]) for one in conversations(gateway, query)) >= requests

    wait_until("the conversation in the database", found)
    (one,) = conversations(gateway, query)
    answer = gateway.call("GET", f"{CONVERSATIONS}/{one['id']}?raw=true&include_internal=true")
    assert answer.status == 200, answer.body
    whole: dict[str, Any] = answer.json()
    return whole


Ask = Callable[[GatewayProcess, str, bool], str]


def ask_chat(gateway: GatewayProcess, text: str, stream: bool) -> str:
    with openai.OpenAI(base_url=gateway.base_url, api_key=ANN, max_retries=0) as client:
        asked: Any = {"model": "messages/echo", "messages": [{"role": "system", "content": "Be kind."}]}
        asked["messages"].append({"role": "user", "content": text})
        if not stream:
            return str(client.chat.completions.create(**asked).choices[0].message.content)
        with client.chat.completions.create(**asked, stream=True) as chunks:
            return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def ask_responses(gateway: GatewayProcess, text: str, stream: bool) -> str:
    with openai.OpenAI(base_url=gateway.base_url, api_key=ANN, max_retries=0) as client:
        asked: Any = {"model": "chat/echo", "instructions": "Be kind.", "input": text}
        if not stream:
            return str(client.responses.create(**asked).output_text)
        with client.responses.create(**asked, stream=True) as events:
            return "".join(event.delta for event in events if event.type == "response.output_text.delta")


def ask_messages(gateway: GatewayProcess, text: str, stream: bool) -> str:
    with anthropic.Anthropic(base_url=gateway.origin, api_key=ANN, max_retries=0) as client:
        asked: Any = {"model": "responses/echo", "max_tokens": 500, "system": "Be kind."}
        asked["messages"] = [{"role": "user", "content": text}]
        if not stream:
            (block,) = client.messages.create(**asked).content
            return str(getattr(block, "text", ""))
        with client.messages.stream(**asked) as events:
            return events.get_final_text()


def ask_gemini(gateway: GatewayProcess, text: str, stream: bool) -> str:
    options = genai.types.HttpOptions(base_url=gateway.origin)
    client = genai.Client(api_key=ANN, http_options=options)
    told = genai.types.GenerateContentConfig(system_instruction="Be kind.")
    if not stream:
        return client.models.generate_content(model="gemini/echo", contents=text, config=told).text or ""
    chunks = client.models.generate_content_stream(model="gemini/echo", contents=text, config=told)
    return "".join(chunk.text or "" for chunk in chunks)


DIALECTS: dict[str, Ask] = {
    "openai-chat": ask_chat,
    "openai-responses": ask_responses,
    "anthropic-messages": ask_messages,
    "gemini": ask_gemini,
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_a_client_of_any_dialect_says_and_gets_is_shown_in_one_shape(
    running: GatewayProcess, dialect: str, stream: bool
) -> None:
    assert running.call("DELETE", f"{CONVERSATIONS}?all=true").status == 200
    question = f"What is a {dialect} {stream}?"

    said = DIALECTS[dialect](running, question, stream)

    assert said
    found = kept(running, "key=ann")
    (record,) = found["records"]
    assert (record["dialect"], record["is_stream"], record["status"], record["outcome"]) == (
        dialect,
        stream,
        200,
        "answered",
    )
    assert record["system"] == "Be kind."
    assert [(turn["role"], turn["pieces"][0]["text"]) for turn in record["turns"]] == [("user", question)]
    assert "".join(piece["text"] for turn in record["answer"] for piece in turn["pieces"]) == said
    assert (found["title"], found["key"], found["team"]) == (question, "ann", "open")
    assert record["provider"] == record["use"]["provider"]
    assert record["use"]["input_tokens"] > 0
    assert ANN not in json.dumps(found)
    assert "[redacted]" in json.dumps(record["raw"]["request"]["headers"])


def everything_on_disk(home: Home) -> bytes:
    return b"".join(path.read_bytes() for path in home.path.rglob("*") if path.is_file())


def say(gateway: GatewayProcess, key: str, text: str, **fields: Any) -> Mapping[str, str]:
    """Ask over plain HTTP, and return the headers of the answer."""
    body = {"model": "chat/echo", "messages": [{"role": "user", "content": text}], **fields}
    answer = gateway.call("POST", "/v1/chat/completions", json_body=body, key=key)
    assert answer.status == 200, answer.body
    return answer.headers


def test_of_those_who_are_not_named_nothing_is_anywhere(running: GatewayProcess) -> None:
    headers = say(running, BOB, SECRET_WORD)
    captured = say(running, ANN, "hello")
    kept(running, "key=ann&q=hello")

    assert "x-tokenrouter-captured" not in headers
    assert captured["x-tokenrouter-captured"] == "1"
    assert conversations(running, "key=bob") == []
    assert SECRET_WORD.encode() not in everything_on_disk(running.home)


def test_what_is_kept_stands_nowhere_in_clear_and_what_is_deleted_is_gone(running: GatewayProcess) -> None:
    word = f"{SECRET_WORD}-kept"
    say(running, ANN, word, metadata={"conversation_id": "c-kept"})
    found = kept(running, f"q={word}")

    assert found["title"] == word
    assert word.encode() not in everything_on_disk(running.home)
    assert running.call("DELETE", f"{CONVERSATIONS}/{found['id']}").json() == {"removed": 1}
    assert conversations(running, f"q={word}") == []
    assert running.call("GET", f"{CONVERSATIONS}/{found['id']}").status == 404
    waiting = list((running.home.path / "data" / "conversations").glob("*"))
    assert waiting == []


def test_a_conversation_that_its_client_names_is_one_and_shows_what_is_new(running: GatewayProcess) -> None:
    named = {"metadata": {"conversation_id": "c-77"}}
    say(running, ANN, "first words", **named)
    turns = [{"role": "user", "content": "first words"}, {"role": "assistant", "content": "first words"}]
    say(running, ANN, "", **named, messages=[*turns, {"role": "user", "content": "second words"}])
    title = "Write a title for this conversation. Only return the title."
    say(running, ANN, title, **named)

    found = kept(running, "q=second+words", requests=2)

    assert [record["turns"][-1]["pieces"][0]["text"] for record in found["records"][:2]] == [
        "first words",
        "second words",
    ]
    assert found["records"][1]["earlier_turns"] >= 1
    wait_until("the title", lambda: conversations(running, "q=second+words")[0]["internal_requests"] == 1)
    assert conversations(running, "q=second+words")[0]["title"] == title.removesuffix(".")


def test_a_rule_at_run_time_counts_for_the_next_request(running: GatewayProcess) -> None:
    capture(running, "key:ann", enabled=False)
    assert "x-tokenrouter-captured" not in say(running, ANN, "not this")
    assert running.call("DELETE", f"{CONVERSATIONS}/capture/key:ann").status == 200
    assert say(running, ANN, "but this")["x-tokenrouter-captured"] == "1"

    kept(running, "q=but+this")
    assert conversations(running, "q=not+this") == []


def test_nothing_captured_is_lost_or_doubled_when_both_processes_are_killed(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    extra = '[conversations]\ncapture = ["key:ann"]\n'
    with GatewayProcess(make_home(tmp_path), extra + config(sandbox)) as gateway:
        for number in range(30):
            say(gateway, ANN, f"number {number}", metadata={"conversation_id": f"c{number}"})
            if number in (10, 20):
                kill_children(gateway)
        wait_until("the control process", lambda: gateway.call("GET", CONVERSATIONS).status == 200)
        wait_until("all of them", lambda: len(conversations(gateway, "key=ann&limit=100")) == 30)
        found = conversations(gateway, "key=ann&limit=100")

    assert {one["requests"] for one in found} == {1}
    assert len(found) == len({one["title"] for one in found})


def kill_children(gateway: GatewayProcess) -> None:
    """Kill the control process, and the data process right after it has answered; then wait until it serves again."""
    children = Path(f"/proc/{gateway.pid}/task/{gateway.pid}/children").read_text().split()
    time.sleep(0.4)
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    wait_until("the gateway", gateway.is_ready)

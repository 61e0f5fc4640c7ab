"""Targets that let their clients wait, over real sockets: a second one beside them, another one instead, or the end."""

import csv
import io
import json
import socket

import openai
import pytest

from tests.conftest import StartGateway
from tests.e2e.matrix.conftest import PROVIDERS
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, wait_until

pytestmark = pytest.mark.e2e

RULES = """
[[aliases]]
name = "hedged-*"
targets = ["chat/fault/*", "chat/lorem-20"]
hedge = true
hedge_after_s = 0.2
hedge_percent = 100

[[aliases]]
name = "hedged-translated-*"
targets = ["chat/fault/*", "messages/lorem-20"]
hedge = true
hedge_after_s = 0.2
hedge_percent = 100

[[aliases]]
name = "hedged-in-vain-*"
targets = ["chat/fault/*", "messages/fault/silent"]
hedge = true
hedge_after_s = 0.2
hedge_percent = 100

[[aliases]]
name = "guarded"
targets = ["chat/fault/trickle", "chat/lorem-20"]
min_tokens_per_s = 5
probe_s = 1.0

[[aliases]]
name = "guarded-translated"
targets = ["messages/fault/trickle", "chat/lorem-20"]
min_tokens_per_s = 5
probe_s = 1.0

[[aliases]]
name = "dated"
targets = ["chat/fault/silent", "messages/fault/silent"]
deadline_s = 1.0

[[aliases]]
name = "long"
targets = ["messages/narrow", "chat/lorem-20"]

[[aliases]]
name = "too-long"
targets = ["messages/narrow", "chat/lorem-19"]

[[models]]
provider = "chat"
model = "lorem-19"
context_tokens = 1500

[[models]]
provider = "messages"
model = "narrow"
context_tokens = 2000

[[limits]]
scope = "global"
metric = "requests"
window = "lifetime"
amount = 100000
"""


@pytest.fixture
def running(gateway: StartGateway, sandbox: SandboxProcess) -> GatewayProcess:
    root = sandbox.base_url.removesuffix("/v1")
    providers = "".join(
        f'[[providers]]\nname = "{name}"\napi_key = "{name}"\n{text.format(root=root)}\n'
        for name, text in PROVIDERS.items()
    )
    started = gateway(providers + RULES)
    question = {"model": "chat/lorem-20", "messages": [{"role": "user", "content": "hello"}]}
    wait_until("an answer", lambda: answers(started, question))
    return started


def answers(running: GatewayProcess, question: object) -> bool:
    return running.call("POST", "/v1/chat/completions", json_body=question, key=running.key).status == 200


@pytest.fixture
def client(running: GatewayProcess) -> openai.OpenAI:
    return openai.OpenAI(base_url=running.base_url, api_key=running.key, max_retries=0, timeout=60)


def used(running: GatewayProcess) -> int | None:
    limits = running.call("GET", "/v1/usage").json().get("limits", ())
    return next((int(one["used"]) for one in limits if one["scope"] == "global"), None)


def text_of(client: openai.OpenAI, model: str, *, stream: bool, words: int = 1) -> str:
    messages: list[openai.types.chat.ChatCompletionMessageParam] = [{"role": "user", "content": "hello " * words}]
    if not stream:
        answer = client.chat.completions.create(model=model, messages=messages)
        assert answer.choices[0].finish_reason == "stop"
        return answer.choices[0].message.content or ""
    chunks = list(client.chat.completions.create(model=model, messages=messages, stream=True))
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason] == ["stop"]
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


def rows(running: GatewayProcess, most: int) -> list[tuple[str, str, str]]:
    """Return model, reason and count of each row of an alias, once there are so many."""

    def read() -> list[dict[str, str]]:
        text = running.call("GET", "/api/v1/ledger/export?columns=id,alias,model,end_reason,count").body.decode()
        return [row for row in csv.DictReader(io.StringIO(text, newline=""), strict=True) if row["alias"]]

    wait_until("the rows", lambda: len(read()) >= most)
    return sorted((row["model"], row["end_reason"], row["count"]) for row in read())


def metric(running: GatewayProcess, line: str) -> bool:
    return line in running.call("GET", "/metrics").body.decode().splitlines()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("alias", ["hedged", "hedged-translated"])
def test_a_silent_target_gets_a_second_one_beside_it(
    running: GatewayProcess, client: openai.OpenAI, alias: str, stream: bool
) -> None:
    expected = text_of(client, "chat/lorem-20", stream=stream)

    assert text_of(client, f"{alias}-silent", stream=stream) == expected

    told = rows(running, 2)
    assert told == [("fault/silent", "hedge_lost", "0"), ("lorem-20", "completed", "1")]
    assert used(running) == 3, "one of the fixture's, and one for each answer"
    second = "chat" if alias == "hedged" else "messages"
    line = f'tokenrouter_hedges_total{{outcome="won",provider="{second}"}} 1.0'
    wait_until("the figures", lambda: metric(running, line))
    wait_until("the end of all", lambda: metric(running, "tokenrouter_in_flight 0.0"))


@pytest.mark.parametrize("stream", [False, True])
def test_the_first_target_wins_where_it_is_faster_in_the_end(
    running: GatewayProcess, client: openai.OpenAI, stream: bool
) -> None:
    assert text_of(client, "hedged-in-vain-slow-first-byte@1", stream=stream)

    assert rows(running, 2) == [
        ("fault/silent", "hedge_lost", "0"),
        ("fault/slow-first-byte@1", "completed", "1"),
    ]


def test_a_client_that_leaves_takes_both_along(running: GatewayProcess) -> None:
    body = json.dumps({"model": "hedged-in-vain-silent", "messages": [{"role": "user", "content": "hello"}]}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {running.key}\r\n"
    host, port = running.origin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as sent:
        sent.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        wait_until("both to be asked", lambda: metric(running, "tokenrouter_in_flight 2.0"))

    told = rows(running, 2)
    assert [(reason, count) for _, reason, count in told].count(("client_disconnect", "1")) == 1
    assert {reason for _, reason, _ in told} == {"client_disconnect"}
    assert sum(int(count) for _, _, count in told) == 1
    wait_until("the end of both", lambda: metric(running, "tokenrouter_in_flight 0.0"))
    assert used(running) == 2


@pytest.mark.parametrize("alias", ["guarded", "guarded-translated"])
def test_a_stream_that_trickles_is_taken_elsewhere(running: GatewayProcess, client: openai.OpenAI, alias: str) -> None:
    expected = text_of(client, "chat/lorem-20", stream=True)

    assert text_of(client, alias, stream=True) == expected

    assert rows(running, 2) == [("fault/trickle", "provider_slow", "0"), ("lorem-20", "completed", "1")]


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_ends_with_the_time_of_its_alias(
    running: GatewayProcess, client: openai.OpenAI, stream: bool
) -> None:
    with pytest.raises(openai.InternalServerError) as told:
        text_of(client, "dated", stream=stream)

    assert told.value.status_code == 504
    assert told.value.code == "provider_timeout"
    assert rows(running, 1) == [("fault/silent", "provider_timeout", "1")]


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_that_is_too_long_goes_where_it_fits(
    running: GatewayProcess, client: openai.OpenAI, stream: bool
) -> None:
    expected = text_of(client, "chat/lorem-20", stream=stream)

    assert text_of(client, "long", stream=stream, words=1700) == expected
    assert [model for model, _, _ in rows(running, 2)] == ["lorem-20", "narrow"], "an estimate may err"
    with pytest.raises(openai.BadRequestError):
        text_of(client, "too-long", stream=stream, words=1700)
    assert [model for model, _, _ in rows(running, 3)] == ["lorem-20", "narrow", "narrow"], "no window is longer"
    assert text_of(client, "long", stream=stream, words=3000) == expected
    assert [model for model, _, _ in rows(running, 4)] == ["lorem-20", "lorem-20", "narrow", "narrow"], "surely so"

    cards = {card["id"]: card for card in running.call("GET", "/v1/models").json()["data"]}
    assert cards["chat/lorem-19"]["context_length"] == 1500

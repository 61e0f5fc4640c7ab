"""A provider with several keys over the real processes: one is revoked meanwhile, one is full, one was never good."""

import concurrent.futures
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import StartGateway
from tests.e2e.test_guardrails import require_nowhere
from tests.e2e.test_provider_status import status_of
from tokenrouter.testing.processes import Answer, GatewayProcess, SandboxProcess, call, wait_until

pytestmark = pytest.mark.e2e

REQUESTS = 60
ASKERS = 4
MODEL = "acme/lorem-5"


def config(base_url: str, *keys: str) -> str:
    return (
        f'[[providers]]\nname = "acme"\nbase_url = "{base_url}"\napi_keys = {json.dumps(keys)}\n'
        f'[[limits]]\nscope = "provider:acme"\nmetric = "requests"\namount = {REQUESTS}\n'
        '[[prices]]\nprovider = "acme"\nmodel = "*"\ninput_per_1m = 1.0\noutput_per_1m = 1.0\n'
    )


@dataclass(frozen=True)
class Asker:
    """Asks one question of a conversation of its own; every second one is streamed."""

    running: GatewayProcess

    def __call__(self, number: int, model: str = MODEL, **more: Any) -> Answer:
        messages = [{"role": "user", "content": f"conversation {number}"}]
        body = {"model": model, "messages": messages, "stream": number % 2 == 1, **more}
        return self.running.call("POST", "/v1/chat/completions", json_body=body)


def is_whole(answer: Answer) -> bool:
    streamed = answer.headers["content-type"].startswith("text/event-stream")
    return answer.status == 200 and (not streamed or answer.body.endswith(b"data: [DONE]\n\n"))


def decision(running: GatewayProcess, answer: Answer) -> dict[str, Any]:
    path = f"/v1/route/decisions/{answer.headers['x-tokenrouter-decision']}"
    wait_until("the row", lambda: running.call("GET", path).status == 200)
    told: dict[str, Any] = running.call("GET", path).json()["decision"]
    return told


def first_answer(running: GatewayProcess) -> Answer:
    """Return the first answer that there is once the limit's counter is known."""
    answers: list[Answer] = []

    def is_answered() -> bool:
        answers.append(Asker(running)(0))
        return answers[-1].status == 200

    wait_until("the counters", is_answered)
    return answers[-1]


def cooling_of(running: GatewayProcess) -> list[tuple[str, str]]:
    rows: Any = status_of(running, "acme").get("cooling", [])
    return [(row["model"], row["reason"]) for row in rows]


def test_a_key_that_is_revoked_in_the_middle_is_noticed_by_nobody(
    gateway: StartGateway, sandbox: SandboxProcess
) -> None:
    keys = ("sk-e2e-first~7", "sk-e2e-second", "sk-e2e-third")
    running = gateway(config(sandbox.base_url, *keys))
    answers = [first_answer(running)]
    with concurrent.futures.ThreadPoolExecutor(ASKERS) as pool:
        answers += pool.map(Asker(running), range(1, REQUESTS))

    assert [answer.body for answer in answers if not is_whole(answer)] == []
    told = [decision(running, answer) for answer in answers]
    answered = [one["attempts"][-1]["target"] for one in told]
    assert answered.count(f"{MODEL}#1") == 7
    assert set(answered) == {f"{MODEL}#{number}" for number in (1, 2, 3)}
    moved = [one for one in told if len(one["attempts"]) > 1]
    assert moved
    assert {(one["attempts"][0]["target"], one["attempts"][0]["status"]) for one in moved} == {(f"{MODEL}#1", 502)}

    assert Asker(running)(REQUESTS).status == 429, "the limit is the provider's, and attempts are not counted"
    cooling = [("lorem-5#1", "provider_credentials_rejected")]
    wait_until("the list of what cools", lambda: cooling_of(running) == cooling)
    wait_until("the provider to be online", lambda: status_of(running, "acme")["status"] == "online")
    metrics = running.call("GET", "/metrics").body.decode()
    assert 'provider="acme"' in metrics
    assert "acme#" not in metrics
    told_by_command = subprocess.run(
        [sys.executable, "-m", "tokenrouter.cli.torod", "providers", "--config", str(running.config_file)],
        env=running.home.env,
        capture_output=True,
        text=True,
        check=False,
    )
    require_nowhere(running, *keys)
    assert not [key for key in keys if key in metrics + told_by_command.stdout + told_by_command.stderr]


def test_a_key_that_is_full_has_its_requests_answered_by_the_other_one(
    gateway: StartGateway, sandbox: SandboxProcess
) -> None:
    running = gateway(config(sandbox.base_url, "sk-e2e-full", "sk-e2e-free"))
    first_answer(running)
    model, answers = "fault/429-once", []
    for number in range(20):
        user = {"user": f"someone {number}", "messages": [{"role": "user", "content": "x"}]}
        body = json.dumps({"model": model, **user}).encode()
        headers = {"authorization": "Bearer sk-e2e-free", "content-type": "application/json"}
        origin = sandbox.base_url.removesuffix("/v1")
        assert call(origin, "POST", "/v1/chat/completions", body=body, headers=headers).status == 429
        answers.append(Asker(running)(number, f"acme/{model}", user=f"someone {number}"))

    assert [answer.body for answer in answers if not is_whole(answer)] == []
    told = [decision(running, answer) for answer in answers]
    assert {one["attempts"][-1]["target"] for one in told} == {f"acme/{model}#2"}
    assert {one["attempts"][0]["status"] for one in told if len(one["attempts"]) > 1} == {429}


def test_a_first_key_that_never_was_good_hides_no_models(gateway: StartGateway, sandbox: SandboxProcess) -> None:
    running = gateway(config(sandbox.base_url, "sk-e2e-never~0", "sk-e2e-good"))
    wait_until("the check", lambda: status_of(running, "acme")["status"] == "online")

    listed = [model["id"] for model in running.call("GET", "/v1/models").json()["data"]]
    assert "acme/lorem" in listed
    assert not [name for name in listed if "#" in name]
    assert is_whole(first_answer(running))


def test_an_explanation_names_keys_by_their_numbers(gateway: StartGateway, sandbox: SandboxProcess) -> None:
    keys = ("sk-e2e-a-0001", "sk-e2e-b-0002")
    running = gateway(config(sandbox.base_url, *keys))

    answer = running.call("POST", "/v1/route/explain", json_body={"model": MODEL})

    assert sorted(place["target"] for place in answer.json()["places"]) == [f"{MODEL}#1", f"{MODEL}#2"]
    assert {place["provider"] for place in answer.json()["places"]} == {"acme"}
    assert not [key for key in keys if key.encode() in answer.body]

"""Providers' quotas from the headers of real answers to those who choose, look and are told."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartGateway
from tests.jobs.hook_receiver import hook_receiver
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, wait_until

pytestmark = pytest.mark.e2e

SECRET = "hook-secret-0123456789"


def provider(sandbox: SandboxProcess, name: str, kind: str, key: str) -> str:
    return (
        f'[[providers]]\nname = "{name}"\nprovider_type = "{kind}"\nbase_url = "{sandbox.base_url}"\n'
        f'api_key = "{key}"\nmodels = ["echo"]\n'
    )


def quotas(gateway: GatewayProcess) -> dict[str, Any]:
    answer = gateway.call("GET", "/api/v1/providers/quota")
    return {one["provider"]: one for one in answer.json()["data"]} if answer.status == 200 else {}


def ask(gateway: GatewayProcess, model: str) -> int:
    body = {"model": model, "messages": [{"role": "user", "content": "x"}]}
    return gateway.call("POST", "/v1/chat/completions", json_body=body).status


def until(gateway: GatewayProcess, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def holds() -> bool:
        found.update(quotas(gateway))
        return bool(found) and condition(found)

    wait_until("the quotas", holds)
    return found


WORDS = {
    "openai": {"requests", "tokens"},
    "groq": {"requests_1d", "tokens_1m"},
    "cerebras": {"requests_1d", "tokens_1m"},
    "huggingface": {"api_5m"},
    "anthropic": {"requests_1m", "tokens_1m", "input-tokens_1m", "output-tokens_1m"},
}
"""What each vendor's answers tell of."""


def test_an_answers_headers_tell_what_is_left_in_each_vendors_words(
    gateway: StartGateway, sandbox: SandboxProcess
) -> None:
    running = gateway("".join(provider(sandbox, kind, kind, f"sk-{kind}@40") for kind in WORDS))
    assert [ask(running, f"{kind}/echo") for kind in WORDS] == [200] * len(WORDS)

    found = until(running, lambda found: all(found[kind]["metrics"] for kind in WORDS))

    assert {kind: {metric["key"] for metric in found[kind]["metrics"]} for kind in WORDS} == WORDS
    assert {(one["status"], one["reader"]) for one in found.values()} == {("ok", "headers")}
    del found["anthropic"]  # its windows of the sandbox end within a second
    assert {one["left_percent"] for one in found.values()} == {40}


def test_a_vendor_is_asked_and_everybody_hears_of_it(
    gateway: StartGateway, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    config = provider(sandbox, "router", "openrouter", "sk-x@4") + provider(sandbox, "fast", "groq", "sk-groq@90")
    with hook_receiver(500) as receiver:
        hook = f'[[alerts.webhooks]]\nurl = "{receiver.url}"\nsecret = "{SECRET}"\nallow_private = true\n'
        running = gateway(config + hook)
        assert ask(running, "fast/echo") == 200
        found = until(running, lambda found: bool(found["router"]["metrics"] and found["fast"]["metrics"]))
        wait_until("the second attempt", lambda: len(receiver.received) == 2)

    assert (found["router"]["left_percent"], found["router"]["plan_type"]) == (4, "paid")
    first, second = receiver.received
    assert first.body == second.body
    told = json.loads(second.body)
    assert (told["type"], told["data"]["subject"], told["data"]["percent"]) == ("provider_quota.low", "router", 5)
    moment, signed = second.headers["x-tokenrouter-signature"].removeprefix("t=").split(",v1=")
    assert signed == hmac.new(SECRET.encode(), f"{moment}.".encode() + second.body, hashlib.sha256).hexdigest()
    assert "a provider's quota is nearly used up" in running.log()
    metrics = running.call("GET", "/metrics").body.decode()
    assert 'tokenrouter_provider_quota_left_ratio{provider="router",quota="credits"} 0.04' in metrics
    assert 'tokenrouter_provider_quota_alerts_total{percent="5",provider="router"} 1.0' in metrics
    assert "sk-x@4" not in running.log()


def test_the_command_line_shows_what_the_server_knows(gateway: StartGateway, sandbox: SandboxProcess) -> None:
    running = gateway(provider(sandbox, "router", "openrouter", "sk-x@4"))
    until(running, lambda found: bool(found["router"]["metrics"]))
    file = running.home.path / "cache" / "quotas.json"
    wait_until("the file", lambda: file.is_file() and b"credits" in file.read_bytes())

    def shown(*args: str) -> str:
        command = [str(Path(sys.executable).with_name("torod")), "quota", *args, "--config", str(running.config_file)]
        environ = {"PATH": os.environ["PATH"], **running.home.env}
        return subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout

    assert json.loads(shown("--json"))[0]["left_percent"] == 4
    assert "credits  4 % left  4 of 100 USD  full again in" in shown()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_question_that_fails_is_told_until_it_is_answered(gateway: StartGateway, sandbox: SandboxProcess) -> None:
    away = provider(sandbox, "router", "openrouter", "sk-x@50").replace(sandbox.base_url, "http://127.0.0.1:9/v1")
    running = gateway(away)
    found = until(running, lambda found: found["router"]["status"] == "error")
    assert found["router"]["needs_attention"]

    text = running.config_file.read_text()
    running.config_file.write_text(text.replace("http://127.0.0.1:9/v1", sandbox.base_url))
    running.reload()
    running.call("POST", "/api/v1/providers/quota/refresh")

    found = until(running, lambda found: found["router"]["status"] == "ok")
    assert (found["router"]["left_percent"], found["router"]["error"]) == (50, "")


def test_an_alias_goes_where_most_is_left_and_follows_it(gateway: StartGateway, sandbox: SandboxProcess) -> None:
    alias = '[[aliases]]\nname = "any"\ntargets = ["a/echo", "b/echo"]\nselection = "most_quota"\n'
    config = provider(sandbox, "a", "openrouter", "sk-x@4") + provider(sandbox, "b", "openrouter", "sk-x@90")
    running = gateway(config + alias)

    def went(count: int) -> set[str]:
        body = {"model": "any", "messages": [{"role": "user", "content": "x"}]}
        answers = [running.call("POST", "/v1/chat/completions", json_body=body) for _ in range(count)]
        return {answer.headers["x-tokenrouter-provider"] for answer in answers}

    until(running, lambda found: (found["a"]["left_percent"], found["b"]["left_percent"]) == (4, 90))
    wait_until("the richer one", lambda: went(10) == {"b"})
    assert went(20) == {"b"}

    text = running.config_file.read_text()
    running.config_file.write_text(text.replace("sk-x@90", "sk-x@1"))
    running.reload()
    until(running, lambda found: found["b"]["left_percent"] == 1)
    wait_until("the other one", lambda: went(10) == {"a"})
    assert went(20) == {"a"}

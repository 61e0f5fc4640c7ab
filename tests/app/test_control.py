"""The control process by what it does for others."""

import pytest

from tests.conftest import StartGateway
from tokenrouter.testing.processes import SandboxProcess, wait_until

pytestmark = pytest.mark.e2e


def test_usage_is_exact_as_soon_as_the_answer_is_there(gateway: StartGateway, sandbox_config: str) -> None:
    prices = '[[prices]]\nprovider = "sandbox"\nmodel = "echo"\ninput_per_1m = 1.0\noutput_per_1m = 2.0\n'
    running = gateway(sandbox_config + prices)
    wait_until("the control process", lambda: running.call("GET", "/v1/usage").status == 200, 20)
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "count me"}]}
    told = running.call("POST", "/v1/chat/completions", json_body=body).json()["usage"]

    used = running.call("GET", "/v1/usage").json()["used"]["lifetime"]

    assert used["requests"] == 1
    assert (used["input_tokens"], used["output_tokens"]) == (told["prompt_tokens"], told["completion_tokens"])
    assert used["cost_nano_usd"] == told["prompt_tokens"] * 1000 + told["completion_tokens"] * 2000


def test_prices_are_gathered_remembered_and_told_in_the_answers(gateway: StartGateway, sandbox: SandboxProcess) -> None:
    running = gateway(f'[[providers]]\nname = "mine"\nprovider_type = "ollama"\nbase_url = "{sandbox.base_url}"\n')
    body = {"model": "mine/echo", "messages": [{"role": "user", "content": "x"}]}

    def costs_nothing() -> bool:
        answer = running.call("POST", "/v1/chat/completions", json_body=body)
        return answer.headers.get("x-tokenrouter-cost-usd") == "0.000000000"

    wait_until("the prices", costs_nothing, 20)
    told = running.call("GET", "/admin/api/pricing").json()
    assert told["entries"]["mine/*"]["source"] == "local"
    assert (running.home.path / "cache" / "pricing-cache.json").is_file()
    assert running.call("POST", "/admin/api/pricing/refresh").json()["status"] == "ok"


def test_a_reload_brings_in_a_changed_file_and_refuses_a_wrong_one(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway(sandbox_config)
    wait_until("the control process", lambda: running.call("GET", "/v1/usage").status == 200, 20)
    text = running.config_file.read_text()
    running.config_file.write_text(text + '\n[[incoming_tokens]]\nname = "new"\nkey = "tr_new-key-0123456789-abcdef"\n')
    running.reload()
    key = "tr_new-key-0123456789-abcdef"
    wait_until("the new key", lambda: running.call("GET", "/v1/models", key=key).status == 200, 5)

    running.config_file.write_text("nonsense = = 1")
    running.reload()
    wait_until("the complaint", lambda: "was not applied" in running.log(), 5)
    assert running.call("GET", "/v1/models", key=key).status == 200


def test_metrics_count_what_was_served_and_need_a_key(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway(sandbox_config)
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "x"}]}
    running.call("POST", "/v1/chat/completions", json_body=body)

    wait_until("the figures", lambda: b'provider="sandbox"' in running.call("GET", "/metrics").body, 20)
    assert running.call("GET", "/metrics", key=None).status == 401

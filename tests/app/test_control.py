"""The control process by what it does for others."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.conftest import StartGateway
from tokenrouter.journal.reader import journal_files
from tokenrouter.testing.processes import SandboxProcess, wait_until
from tokenrouter.testing.valkey import ValkeyServer

pytestmark = pytest.mark.e2e


def test_usage_is_exact_as_soon_as_the_answer_is_there(gateway: StartGateway, sandbox_config: str) -> None:
    prices = '[[prices]]\nprovider = "sandbox"\nmodel = "echo"\ninput_per_1m = 1.0\noutput_per_1m = 2.0\n'
    running = gateway(sandbox_config + prices)
    wait_until("the control process", lambda: running.call("GET", "/v1/usage").status == 200)
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

    wait_until("the prices", costs_nothing)
    wait_until("the pages", lambda: running.call("GET", "/admin/api/pricing").status == 200)
    told = running.call("GET", "/admin/api/pricing").json()
    assert told["entries"]["mine/*"]["source"] == "local"
    assert (running.home.path / "cache" / "pricing-cache.json").is_file()
    assert running.call("POST", "/admin/api/pricing/refresh").json()["status"] == "ok"


def test_a_reload_brings_in_a_changed_file_and_refuses_a_wrong_one(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway(sandbox_config)
    wait_until("the control process", lambda: running.call("GET", "/v1/usage").status == 200)
    text = running.config_file.read_text()
    running.config_file.write_text(text + '\n[[incoming_tokens]]\nname = "new"\nkey = "tr_new-key-0123456789-abcdef"\n')
    running.reload()
    key = "tr_new-key-0123456789-abcdef"
    wait_until("the new key", lambda: running.call("GET", "/v1/models", key=key).status == 200)

    running.config_file.write_text("nonsense = = 1")
    running.reload()
    wait_until("the complaint", lambda: "was not applied" in running.log())
    assert running.call("GET", "/v1/models", key=key).status == 200


def test_metrics_count_what_was_served_and_need_a_key(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway(sandbox_config)
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "x"}]}
    running.call("POST", "/v1/chat/completions", json_body=body)

    wait_until("the figures", lambda: b'provider="sandbox"' in running.call("GET", "/metrics").body)
    assert running.call("GET", "/metrics", key=None).status == 401


NEW_KEY = "tr_new-key-0123456789-abcdef"


def test_what_was_answered_holds_in_every_process_of_the_node(
    gateway: StartGateway, sandbox_config: str, valkey: ValkeyServer
) -> None:
    valkey.ask("FLUSHALL")
    running = gateway(f'redis_url = "{valkey.url}"\nworkers = 2\n' + sandbox_config)
    wait_until("the control process", lambda: running.call("GET", "/v1/usage").status == 200)
    wait_until("both workers", lambda: b"tokenrouter_workers 2.0" in running.call("GET", "/metrics").body)
    slow = running.pids["data"]

    def answers_are(status: int) -> bool:
        return {running.call("GET", "/v1/models", key=NEW_KEY).status for _ in range(8)} == {status}

    with ThreadPoolExecutor(1) as pool:
        for method, path, status in (("POST", "/api/v1/keys", 200), ("DELETE", "/api/v1/keys/new", 401)):
            os.kill(slow, signal.SIGSTOP)
            try:
                body = {"name": "new", "key": NEW_KEY} if method == "POST" else None
                changing = pool.submit(running.call, method, path, json_body=body)
                wait_until("the other worker to know", partial(answers_are, status))
                assert not changing.done()
            finally:
                os.kill(slow, signal.SIGCONT)
            assert changing.result().status in (200, 201)
            assert answers_are(status)


def test_a_limit_that_was_made_counts_when_its_maker_is_answered(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway(sandbox_config)
    wait_until("the data process", lambda: b"tokenrouter_workers 1.0" in running.call("GET", "/metrics").body)
    running.call("POST", "/api/v1/keys", json_body={"name": "new", "key": NEW_KEY})
    chat = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "x"}]}
    one = {"scope": "key:new", "metric": "requests", "window": "lifetime", "amount": 1}

    for window in ("lifetime", "day", "hour", "week", "month", "interval:1h"):
        assert running.call("POST", "/api/v1/limits", json_body={**one, "window": window, "amount": 50}).status == 201
        assert running.call("POST", "/v1/chat/completions", json_body=chat, key=NEW_KEY).status == 200
    assert running.call("POST", "/api/v1/limits", json_body={**one, "metric": "tokens", "amount": 1}).status == 201
    assert running.call("POST", "/v1/chat/completions", json_body=chat, key=NEW_KEY).status == 429


def test_a_key_goes_when_its_quota_is_used_up(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway("auto_remove_empty_quota_tokens = true\n" + sandbox_config)
    wait_until("the data process", lambda: b"tokenrouter_workers 1.0" in running.call("GET", "/metrics").body)
    running.call("POST", "/api/v1/keys", json_body={"name": "new", "key": NEW_KEY})
    once = {"scope": "key:new", "metric": "requests", "amount": 1}
    assert running.call("POST", "/api/v1/limits", json_body=once).status == 201
    chat = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "x"}]}

    def is_served() -> bool:
        return running.call("POST", "/v1/chat/completions", json_body=chat, key=NEW_KEY).status == 200

    wait_until("the key", is_served)  # a data process that has only just connected may not know it at once
    assert running.call("GET", "/v1/usage", key=NEW_KEY).json()["used"]["lifetime"]["requests"] == 1

    running.stop()
    running.start()

    wait_until("the key to go", lambda: running.call("GET", "/v1/models", key=NEW_KEY).status == 401)
    assert "its quota is used up" in running.log()


def test_after_a_stop_no_journal_is_left_where_limits_are_shared(
    gateway: StartGateway, sandbox_config: str, valkey: ValkeyServer
) -> None:
    valkey.ask("FLUSHALL")
    limit = '[[limits]]\nscope = "global"\nmetric = "requests"\namount = 1000\n'
    running = gateway(f'redis_url = "{valkey.url}"\n' + sandbox_config + limit)
    chat = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "x"}]}

    def is_served() -> bool:
        return running.call("POST", "/v1/chat/completions", json_body=chat).status == 200

    wait_until("the limits", is_served)
    running.stop()

    assert journal_files(running.home.path / "data" / "journal") == []

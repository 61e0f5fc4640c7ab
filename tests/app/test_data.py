"""The data process alone: what it needs, and what it does without the control process."""

import json
import os
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import StartGateway
from tokenrouter.app.data import _first_catalog
from tokenrouter.app.snapshot import FILE_NAME, write_snapshot
from tokenrouter.config.keyfile import snapshot_key
from tokenrouter.config.settings import ConversationSettings, Paths, Settings
from tokenrouter.domain.capture import CaptureRules
from tokenrouter.domain.catalog import Catalog
from tokenrouter.testing.processes import call, wait_until

pytestmark = pytest.mark.e2e


def test_it_serves_keys_of_the_database_from_its_snapshot_while_the_control_process_is_away(
    gateway: StartGateway, sandbox_config: str
) -> None:
    running = gateway(sandbox_config)
    wait_until("the control process", lambda: running.call("GET", "/api/v1/keys").status == 200)
    key = running.call("POST", "/api/v1/keys", json_body={"name": "kept"}).json()["key"]
    works = lambda: running.call("GET", "/v1/models", key=key).status == 200  # noqa: E731 (one line, asked twice)
    wait_until("the key to work", works)
    control, dead = running.pids["control"], running.pids["data"]
    os.kill(control, signal.SIGSTOP)  # one that was killed would be back in a moment
    try:
        running.kill_child("data")
        wait_until("a new data process", lambda: running.pids.get("data", dead) != dead)

        wait_until("the key to work again", works)
    finally:
        os.kill(control, signal.SIGCONT)


def test_readiness_does_not_depend_on_the_control_process(gateway: StartGateway, sandbox_config: str) -> None:
    running = gateway(sandbox_config)
    running.kill_child("control") if "control" in running.pids else None

    assert call(running.origin, "GET", "/readyz").status == 200
    assert json.loads(call(running.origin, "GET", "/health").body) == {"status": "healthy"}


@pytest.mark.parametrize("how", ["reload", "restart"])
def test_a_hard_limit_that_is_added_counts_what_was_used_before(
    gateway: StartGateway, sandbox_config: str, how: str
) -> None:
    running = gateway(sandbox_config)
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "x"}]}

    def ask() -> int:
        return running.call("POST", "/v1/chat/completions", json_body=body).status

    def shows(used_and_left: tuple[int, int]) -> bool:
        limits = running.call("GET", "/v1/usage").json().get("limits", [])
        return [(one["used"], one["left"]) for one in limits] == [used_and_left]

    wait_until("the control process", lambda: running.call("GET", "/v1/usage").status == 200)
    assert [ask() for _ in range(3)] == [200] * 3
    limit = '\n[[limits]]\nscope = "key:test-admin"\nmetric = "requests"\nwindow = "lifetime"\namount = {}\n'
    text = running.config_file.read_text()
    for amount, told in ((3, [429, 429]), (5, [200, 200, 429])):
        running.config_file.write_text(text + limit.format(amount))
        if how == "reload":
            running.reload()
        else:
            running.stop()
            running.start()

        wait_until("the limit", partial(shows, (3, amount - 3)))
        assert [ask() for _ in told] == told


def test_hard_limits_of_the_file_hold_and_survive_a_restart(gateway: StartGateway, sandbox_config: str) -> None:
    limit = '[[limits]]\nscope = "key:test-admin"\nmetric = "requests"\nwindow = "lifetime"\namount = 3\n'
    running = gateway(sandbox_config + limit)
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "x"}]}

    def ask() -> int:
        return running.call("POST", "/v1/chat/completions", json_body=body).status

    wait_until("the counters", lambda: ask() == 200)
    assert [ask(), ask(), ask()] == [200, 200, 429]
    running.kill()
    running.start()
    wait_until("the counters", lambda: ask() != 503)
    assert ask() == 429
    usage = running.call("GET", "/v1/usage").json()
    assert usage["limits"][0]["used"] == 3
    assert usage["limits"][0]["left"] == 0


def test_a_start_keeps_nobodys_conversations_on_the_word_of_its_snapshot(tmp_path: Path) -> None:
    secret, settings = b"s" * 32, Settings(Paths(None, tmp_path / "torod.toml", tmp_path, tmp_path))
    rules = CaptureRules({"global": True, "key:ann": False})
    write_snapshot(tmp_path / FILE_NAME, Catalog(capture=rules), snapshot_key(secret))

    first = _first_catalog(settings, [secret], b"pepper")
    declared = replace(settings, conversations=ConversationSettings(capture=("global",)))

    assert first.capture.is_off
    assert _first_catalog(declared, [secret], b"pepper").capture.scopes == {"global": True, "key:ann": False}

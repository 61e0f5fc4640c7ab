"""Providers made while a server runs, and their secrets encrypted anew under load, over the real processes."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartGateway
from tokenrouter.config.keyfile import load_or_create_secrets
from tokenrouter.config.keyring import KeyRing, ring_of
from tokenrouter.config.settings import Paths, Settings
from tokenrouter.store.engine import open_store
from tokenrouter.store.secrets import keep_secrets, list_secrets
from tokenrouter.testing.processes import Answer, GatewayProcess, Home, SandboxProcess, make_home, wait_until

pytestmark = pytest.mark.e2e

TOROD = str(Path(sys.executable).with_name("torod"))
KEY = "sk-e2e-rotation-0123456789"
MANY = 3000
CONFIG = """
allow_private_providers = true
default_provider = "declared"

[[providers]]
name = "declared"
provider_type = "openai-compatible"
base_url = "{url}"
api_key = "{key}"
"""


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A sandbox that knows one key."""
    folder = tmp_path_factory.mktemp("locked")
    with SandboxProcess(folder, env=make_home(folder).env, args=["--api-key", KEY]) as running:
        yield running


@pytest.fixture
def running(gateway: StartGateway, locked: SandboxProcess) -> GatewayProcess:
    started = gateway(CONFIG.format(url=locked.base_url, key=KEY))
    wait_until("the control process", lambda: started.call("GET", "/api/v1/version").status == 200)
    return started


def make(running: GatewayProcess, locked: SandboxProcess, name: str = "made", key: str = KEY) -> Answer:
    body = {"name": name, "base_url": locked.base_url, "api_key": key}
    return running.call("POST", "/api/v1/providers", json_body=body)


def ask(running: GatewayProcess, provider: str = "made", *, stream: bool = False) -> Answer:
    body = {"model": f"{provider}/echo", "messages": [{"role": "user", "content": "hello"}], "stream": stream}
    return running.call("POST", "/v1/chat/completions", json_body=body)


def torod(running: GatewayProcess, *args: str) -> subprocess.CompletedProcess[str]:
    command = [TOROD, *args, "--config", str(running.config_file)]
    env = dict(running.home.env)
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def settings_of(running: GatewayProcess) -> Settings:
    data = running.home.path / "data"
    return Settings(paths=Paths(None, running.config_file, data, data))


def fill(running: GatewayProcess) -> KeyRing:
    """Give a rotation something to do: secrets of providers that nobody asks."""
    ring = ring_of(settings_of(running))
    store = open_store(f"sqlite:///{running.home.path / 'data' / 'tokenrouter.db'}")
    with store.write() as connection:
        for number in range(MANY):
            keep_secrets(connection, ring, "spare", str(number), {"key": f"spare {number}"}, now_s=1.0)
    store.close()
    return ring


@contextmanager
def under_load(running: GatewayProcess) -> Iterator[list[Answer]]:
    """Ask all the time, whole and as streams, until the end of the block; yields the answers that were no good."""
    stop, failed, asked = threading.Event(), list[Answer](), [0]

    def go_on(number: int) -> None:
        while not stop.is_set():
            stream = bool(number % 2)
            answer = ask(running, stream=stream)
            asked[0] += 1
            if answer.status != 200 or (b"[DONE]" if stream else b"hello") not in answer.body:
                failed.append(answer)

    threads = [threading.Thread(target=go_on, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield failed
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert asked[0] > 20


def test_secrets_are_rotated_under_load_and_a_rotation_is_killed_in_between(
    running: GatewayProcess, locked: SandboxProcess
) -> None:
    assert make(running, locked).status == 201
    fill(running)
    data = running.home.path / "data"

    with under_load(running) as failed:
        first = torod(running, "secrets", "rotate")
        before = (data / "secret.key").read_bytes()
        killed = subprocess.Popen(
            [TOROD, "secrets", "rotate", "--config", str(running.config_file)], env=dict(running.home.env)
        )
        try:
            wait_until("a new key", lambda: (data / "secret.key").read_bytes() != before)
        finally:
            killed.send_signal(signal.SIGKILL)
            killed.wait()
        later = make(running, locked, "later")
        again = torod(running, "secrets", "rotate")
        changed = running.call("PATCH", "/api/v1/providers/made", json_body={"comment": "still here", "api_key": ""})

    assert failed == []
    assert (first.returncode, again.returncode, later.status, changed.status) == (0, 0, 201, 200), again.stderr
    ring = ring_of(settings_of(running))
    store = open_store(f"sqlite:///{data / 'tokenrouter.db'}")
    states = list_secrets(store, ring)
    store.close()
    assert len(states) == MANY + 2
    assert not [one for one in states if one.problem]
    assert {one.key_id for one in states} == {ring.ids[-1]}
    assert len(load_or_create_secrets(settings_of(running))) == 2

    assert running.stop() == 0
    running.start()
    wait_until("the provider", lambda: ask(running).status == 200)
    assert ask(running, "later").status == 200
    assert KEY not in running.log()


def test_a_server_whose_only_providers_are_in_the_database_starts(
    gateway: StartGateway, locked: SandboxProcess, home: Home
) -> None:
    (home.path / "torod.toml").write_text("allow_private_providers = true\n")
    command = [TOROD, "providers", "add", "made", "--base-url", locked.base_url, "--api-key", "-"]
    subprocess.run(command, env=dict(home.env), input=KEY, text=True, check=True, timeout=60)

    started = gateway("allow_private_providers = true\n", home=home)

    wait_until("the provider", lambda: ask(started).status == 200)


def test_a_key_that_is_lost_stops_one_provider_and_nothing_else(
    running: GatewayProcess, locked: SandboxProcess
) -> None:
    make(running, locked)
    assert ask(running).status == 200
    running.stop()
    (running.home.path / "data" / "secret.key").write_bytes(b"x" * 32)
    running.start()
    wait_until("the control process", lambda: running.call("GET", "/api/v1/version").status == 200)
    wait_until("the catalog", lambda: ask(running).status == 404)

    rows: list[dict[str, Any]] = running.call("GET", "/api/v1/providers/status").json()["data"]
    assert "api_key cannot be decrypted" in {row["name"]: row["problem"] for row in rows}["made"]
    assert running.call("GET", "/api/v1/secrets").json()["unreadable"] == 1
    told = "/api/v1/logs?q=a+stored+secret+cannot+be+decrypted"
    wait_until("the alert", lambda: bool(running.call("GET", told).json()["data"]))
    (alert,) = running.call("GET", told).json()["data"]
    assert alert["fields"]["subject"] == "providers/made/api_key"
    assert ask(running, "declared").status == 200

    assert running.call("PATCH", "/api/v1/providers/made", json_body={"api_key": KEY}).status == 200
    wait_until("the provider", lambda: ask(running).status == 200)


def test_what_is_made_and_switched_at_run_time_counts_at_once_and_after_a_restart(
    running: GatewayProcess, locked: SandboxProcess
) -> None:
    providers = "/api/v1/providers"
    trial = {"name": "trial", "base_url": locked.base_url, "api_key": "sk-wrong-0123456789"}
    refused = running.call("POST", f"{providers}/test", json_body=trial).json()
    taken = running.call("POST", f"{providers}/test", json_body={**trial, "api_key": KEY}).json()
    assert (refused["ok"], "sk-wrong" in refused["error"], taken["ok"]) == (False, False, True)
    assert taken["model_count"] > 0

    make(running, locked)
    assert ask(running).status == 200
    off = running.call("PUT", f"{providers}/declared/enabled", json_body={"enabled": False})
    assert (off.status, ask(running, "declared").status) == (200, 404)
    running.call("PATCH", "/api/v1/settings", json_body={"unpriced": "deny"})
    wait_until("the setting", lambda: ask(running).status != 200)
    price = {"input_per_1m": "1", "output_per_1m": "2"}
    assert running.call("PUT", "/api/v1/prices/made/echo", json_body=price).status == 201
    wait_until("the price", lambda: ask(running).status == 200)

    running.stop()
    running.start()
    assert (ask(running).status, ask(running, "declared").status) == (200, 404)
    wait_until("the control process", lambda: running.call("GET", "/api/v1/version").status == 200)
    running.call("DELETE", f"{providers}/declared/enabled")
    running.call("DELETE", "/api/v1/settings/unpriced")
    assert ask(running, "declared").status == 200

"""Requests that are sent again, and equal ones: with the vendors' SDKs, and by the sandbox's own books."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from tests.conftest import StartGateway
from tests.e2e.cutting_proxy import CuttingProxy
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, make_home, wait_until
from tokenrouter.testing.valkey import ValkeyServer

pytestmark = pytest.mark.e2e

ALICE, BOB, EVE = (f"tr_{name}-0123456789abcdefgh" for name in ("alice", "bob", "eve"))
TORODS = Path(sys.executable).with_name("torod")
KEYS = "".join(
    f'[[incoming_tokens]]\nname = "{name}"\nkey = "{key}"\nteam = "{team}"\nrole = "inferrer"\n'
    for name, key, team in (("alice", ALICE, "physics"), ("bob", BOB, "physics"), ("eve", EVE, "art"))
)
LIMIT = '[[limits]]\nscope = "team:*"\nmetric = "requests"\nwindow = "lifetime"\namount = 100000\nmode = "soft"\n'
CACHE = '[cache]\nteams = ["*"]\n'
PRICE = '[[prices]]\nprovider = "p"\nmodel = "*"\ninput_per_1m = 1.0\noutput_per_1m = 1.0\n'


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A sandbox whose books are about one test alone."""
    folder = tmp_path / "sandbox"
    folder.mkdir()
    with SandboxProcess(folder, env=make_home(folder).env) as running:
        yield running


@pytest.fixture(params=["memory", "valkey"])
def running(request: pytest.FixtureRequest, gateway: StartGateway, provider: SandboxProcess) -> GatewayProcess:
    """A gateway of one process, or of two that share a Valkey."""
    config = ""
    if request.param == "valkey":
        valkey: ValkeyServer = request.getfixturevalue("valkey")
        valkey.ask("FLUSHALL")
        config = f'redis_url = "{valkey.url}"\nworkers = 2\n'
    config += CACHE + KEYS + LIMIT + PRICE
    config += f'[[providers]]\nname = "p"\nbase_url = "{provider.base_url}"\napi_key = "k"\n'
    made = gateway(config)
    if request.param == "valkey":
        wait_until("both workers to reach the server", lambda: connections(made) == 4)
    wait_until("the counters", lambda: ask(made, ALICE, "count me", temperature=1).status == 200)
    return made


def ask(running: GatewayProcess, key: str, words: str, *, headers: dict[str, str] | None = None, **more: Any) -> Any:
    body = {"model": "p/lorem-20", "messages": [{"role": "user", "content": words}], **more}
    return running.call("POST", "/v1/chat/completions", json_body=body, key=key, headers=headers)


def word(answer: Any) -> str:
    """Return what an answer says of the cache, "" where it says nothing."""
    said: str = answer.headers.get("x-tokenrouter-cache", "")
    return said


def begun(provider: SandboxProcess) -> int:
    return sum(1 for line in provider.booked() if "end" not in line)


def rows(running: GatewayProcess) -> list[dict[str, Any]]:
    answer = running.call("GET", "/api/v1/ledger?limit=1000")
    found: list[dict[str, Any]] = answer.json()["data"] if answer.status == 200 else []
    return found


def connections(running: GatewayProcess) -> float:
    """Return how many connections the workers have to where answers lie."""
    lines = running.call("GET", "/metrics").body.decode().splitlines()
    name = "tokenrouter_kept_answers_connections "
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def verified(running: GatewayProcess) -> dict[str, Any]:
    argv = [str(TORODS), "ledger", "verify", "--json", "--config", str(running.config_file)]
    done = subprocess.run(argv, env=running.home.env, capture_output=True, text=True, check=False)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_openais_sdk_asks_again_and_pays_once(running: GatewayProcess, provider: SandboxProcess) -> None:
    before = begun(provider)
    with CuttingProxy(running.address) as proxy:
        client = openai.OpenAI(base_url=proxy.origin + "/v1", api_key=ALICE, max_retries=3)
        answer = client.chat.completions.create(
            model="p/lorem-20",
            messages=[{"role": "user", "content": "pay once"}],
            temperature=1,
            extra_headers={"Idempotency-Key": "openai-1", "x-tokenrouter-cache": "no-store"},
        )
        assert proxy.cuts == 1

    assert answer.choices[0].message.content
    assert begun(provider) - before == 1
    wait_until("the rows", lambda: "replay" in [row["answered_by"] for row in rows(running)])
    replay = next(row for row in rows(running) if row["answered_by"] == "replay")
    paid = next(row for row in rows(running) if row["id"] == replay["origin_id"])
    assert (replay["count"], replay["cost_nano_usd"], replay["saved_nano_usd"]) == (0, 0, paid["cost_nano_usd"])


def test_so_does_anthropics_with_a_stream(running: GatewayProcess, provider: SandboxProcess) -> None:
    before = begun(provider)
    with CuttingProxy(running.address) as proxy:
        client = anthropic.Anthropic(base_url=proxy.origin, api_key=ALICE, max_retries=3)
        with client.messages.stream(
            model="p/lorem-20",
            max_tokens=200,
            messages=[{"role": "user", "content": "pay once"}],
            extra_headers={"Idempotency-Key": "anthropic-1", "x-tokenrouter-cache": "no-store"},
        ) as stream:
            message = stream.get_final_message()
        assert proxy.cuts == 1

    assert message.usage.output_tokens > 0
    assert begun(provider) - before == 1


def test_clients_that_ask_at_one_time_with_one_key_pay_once(running: GatewayProcess, provider: SandboxProcess) -> None:
    before = begun(provider)
    headers = {"Idempotency-Key": "many", "x-tokenrouter-cache": "no-store"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(running, ALICE, "all at once", headers=headers), range(8)))
    theirs = ask(running, EVE, "all at once", headers=headers)
    other = ask(running, ALICE, "something else", headers=headers)

    assert len({answer.body for answer in answers}) == 1
    assert theirs.body != answers[0].body
    assert other.status == 422
    assert begun(provider) - before == 2


def test_a_team_pays_for_a_question_once_and_no_other_team_gets_the_answer(
    running: GatewayProcess, provider: SandboxProcess
) -> None:
    before = begun(provider)
    answers = [ask(running, ALICE, "same")]

    def hit() -> bool:
        answers.append(ask(running, BOB, "same"))
        return word(answers[-1]) == "hit"

    wait_until("a hit", hit)
    theirs = ask(running, EVE, "same")

    assert answers[-1].body in [answer.body for answer in answers[:-1]]
    assert {word(answer) for answer in (*answers[:-1], theirs)} == {"miss"}
    assert begun(provider) - before == len(answers)
    with openai.OpenAI(base_url=running.base_url, api_key=BOB, max_retries=0) as client:
        said = [
            "".join(
                chunk.choices[0].delta.content or ""
                for chunk in client.chat.completions.create(
                    model="p/lorem-20", messages=[{"role": "user", "content": "same"}], stream=True
                )
                if chunk.choices
            )
            for _ in range(2)
        ]
    assert said[0] == said[1] != ""
    wait_until("the rows", lambda: "cache" in [row["answered_by"] for row in rows(running)])
    assert verified(running)["differences"] == []


def test_the_road_goes_on_while_the_server_hangs_dies_and_comes_back(
    gateway: StartGateway, provider: SandboxProcess
) -> None:
    with ValkeyServer() as server:
        config = f'redis_url = "{server.url}"\n{CACHE}{KEYS}'
        running = gateway(config + f'[[providers]]\nname = "p"\nbase_url = "{provider.base_url}"\napi_key = "k"\n')
        wait_until("a hit", lambda: word(ask(running, ALICE, "x")) == "hit")
        server.ask("FLUSHALL")
        assert word(ask(running, ALICE, "x")) == "miss"
        server.pause()
        hung = [ask(running, ALICE, "x", headers={"Idempotency-Key": str(number)}) for number in range(5)]
        server.go_on()
        server.kill()
        dead = [ask(running, ALICE, "x") for _ in range(5)]
        assert {(one.status, word(one)) for one in (*hung, *dead)} == {(200, "miss")}
        server.start()
        wait_until("a hit", lambda: word(ask(running, ALICE, "x")) == "hit")


def test_a_killed_process_leaves_the_books_right(running: GatewayProcess, provider: SandboxProcess) -> None:
    stop = threading.Event()

    def ask_on(number: int) -> None:
        count = 0
        while not stop.is_set():
            count += 1
            headers = {"Idempotency-Key": f"{number}-{count // 2}", "x-tokenrouter-cache": "no-store"}
            try:
                ask(running, ALICE, f"{number} {count // 2}", headers=headers)
                ask(running, BOB, f"{count}")
            except OSError:
                continue

    with ThreadPoolExecutor(4) as pool:
        for number in range(4):
            pool.submit(ask_on, number)
        wait_until("some load", lambda: begun(provider) > 40)
        running.kill_child("data")
        wait_until("more load", lambda: begun(provider) > 80)
        stop.set()
    wait_until("the rows of what was asked", lambda: len(paid(running)) >= begun(provider))

    assert len(paid(running)) == begun(provider)
    assert verified(running)["differences"] == []


def paid(running: GatewayProcess) -> list[str]:
    """Return the rows of requests that a provider was asked."""
    columns = running.call("GET", "/api/v1/ledger/export?columns=id,provider,status").body.decode()
    return [line for line in columns.splitlines()[1:] if ",p," in line and not line.endswith(",503")]

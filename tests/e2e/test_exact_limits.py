"""A hard limit under 64 clients at once, judged by the sandbox's own books: never overrun, and spent to its end."""

import json
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartGateway
from tokenrouter.testing.postgres import PostgresServer
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, call, make_home
from tokenrouter.testing.valkey import ValkeyServer

pytestmark = pytest.mark.e2e

CLIENTS = 64
LIMITED = "tr_limited-0123456789abcdef"
PATIENCE_S = 90.0
SHORT = {"lorem-120": (3, 15), "dense-90": (1, 5), "wide-200": (10, 40), "thinker": (30, 60)}
LONG = {"lorem-6000": (3, 15), "dense-3000": (1, 5), "wide-9000": (10, 40)}
"""Model → US dollars per million tokens, in and out; answers are as long as the names say."""
PRICES = SHORT | LONG
KEY = f'\n[[incoming_tokens]]\nname = "limited"\nrole = "inferrer"\nkey = "{LIMITED}"\n'


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A sandbox whose books are about one test alone."""
    folder = tmp_path / "sandbox"
    folder.mkdir()
    with SandboxProcess(folder, env=make_home(folder).env) as running:
        yield running


def configured(provider: SandboxProcess, metric: str, amount: str) -> str:
    config = f'[[providers]]\nname = "p"\nbase_url = "{provider.base_url}"\napi_key = "k"\n'
    config += f'[[limits]]\nscope = "key:limited"\nmetric = "{metric}"\nwindow = "lifetime"\namount = {amount}\n'
    for model, (told, said) in PRICES.items():
        config += f'[[prices]]\nprovider = "p"\nmodel = "{model}"\ninput_per_1m = {told}\noutput_per_1m = {said}\n'
    return config + KEY


def billed(provider: SandboxProcess) -> dict[str, Fraction]:
    """Return what the provider would bill by now, by the metrics of limits."""
    origin = provider.base_url.removesuffix("/v1")
    models = json.loads(call(origin, "GET", "/books/summary").body)["models"]
    sums = {"requests": Fraction(0), "tokens": Fraction(0), "cost_usd": Fraction(0)}
    for name, total in models.items():
        told, said = PRICES[name]
        sums["requests"] += total["requests"]
        sums["tokens"] += total["prompt_tokens"] + total["completion_tokens"]
        sums["cost_usd"] += Fraction(told * total["prompt_tokens"] + said * total["completion_tokens"], 10**6)
    return sums


@dataclass
class Crowd:
    """Clients that ask until they are told that nothing is left."""

    running: list[GatewayProcess]
    provider: SandboxProcess
    metric: str
    models: list[str]
    at_first_refusal: list[Fraction] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    answered: int = 0

    def ask_till_the_end(self) -> None:
        threads = [threading.Thread(target=self._ask_on, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _ask_on(self, number: int) -> None:
        chance = random.Random(number)
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            status, code = self._ask(chance)
            if status == 200:
                self.answered += 1
            elif code == "insufficient_quota":
                if not self.at_first_refusal:
                    self.at_first_refusal.append(billed(self.provider)[self.metric])
                return
            elif status == 429 or code == "counters_not_ready":
                time.sleep(chance.uniform(0.02, 0.2))
            else:
                self.wrong.append(f"{status} {code}")
                return
        self.wrong.append("not refused in time")

    def _ask(self, chance: random.Random) -> tuple[int, str]:
        model = chance.choice(self.models)
        body: dict[str, Any] = {"model": f"p/{model}", "stream": chance.random() < 0.5}
        body["messages"] = [{"role": "user", "content": "word " * chance.randint(5, 60)}]
        if chance.random() < 0.5:
            body["max_completion_tokens"] = chance.choice([40, 100, 400])
        host, port = chance.choice(self.running).address.split(":")
        connection = HTTPConnection(host, int(port), timeout=60)
        try:
            headers = {"authorization": f"Bearer {LIMITED}", "content-type": "application/json"}
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            answer = connection.getresponse()
            told = answer.read()
            return answer.status, "" if answer.status == 200 else json.loads(told)["error"]["code"]
        finally:
            connection.close()


LIMITS = pytest.mark.parametrize(
    ("metric", "amount"), [("cost_usd", '"1.00"'), ("tokens", "100000"), ("requests", "50")], ids=str
)


def spend(
    running: list[GatewayProcess],
    provider: SandboxProcess,
    metric: str,
    amount: str,
    models: dict[str, tuple[int, int]] = SHORT,
) -> None:
    """Let the crowd loose on all nodes in turn, and judge by the provider's books."""
    limit = Fraction(amount.strip('"'))
    crowd = Crowd(running, provider, metric, list(models))

    crowd.ask_till_the_end()

    spent = billed(provider)[metric]
    assert crowd.wrong == []
    assert spent <= limit
    assert spent >= limit * Fraction(97, 100)
    assert crowd.at_first_refusal[0] >= limit * Fraction(60, 100)


@LIMITS
def test_a_hard_limit_is_never_overrun_and_yet_spent(
    gateway: StartGateway, provider: SandboxProcess, metric: str, amount: str
) -> None:
    spend([gateway(configured(provider, metric, amount))], provider, metric, amount)


@pytest.mark.parametrize(("metric", "amount"), [("cost_usd", '"3.00"'), ("tokens", "400000")], ids=str)
def test_nor_do_long_answers_of_models_that_nobody_knows_yet_overrun_it_or_leave_much(
    gateway: StartGateway, provider: SandboxProcess, metric: str, amount: str
) -> None:
    spend([gateway(configured(provider, metric, amount))], provider, metric, amount, LONG)


@LIMITS
def test_nor_is_it_by_several_processes_that_share_a_valkey(
    gateway: StartGateway, provider: SandboxProcess, valkey: ValkeyServer, metric: str, amount: str
) -> None:
    valkey.ask("FLUSHALL")
    config = f'redis_url = "{valkey.url}"\nworkers = 2\n' + configured(provider, metric, amount)

    spend([gateway(config)], provider, metric, amount)


@LIMITS
def test_nor_by_two_nodes_with_one_database(
    gateway: StartGateway,
    provider: SandboxProcess,
    valkey: ValkeyServer,
    postgres: PostgresServer,
    metric: str,
    amount: str,
) -> None:
    valkey.ask("FLUSHALL")
    database = postgres.url(postgres.create_database())
    shared = f'redis_url = "{valkey.url}"\ndatabase_url = "{database}"\nmigrate_on_start = true\n'
    config = shared + configured(provider, metric, amount)
    env = {"ENCRYPTION_KEY": "a key that both nodes have, of some length"}

    spend([gateway(config, env=env), gateway(config, env=env)], provider, metric, amount)


def test_what_would_not_fit_by_its_bytes_does_by_its_providers_count(
    gateway: StartGateway, provider: SandboxProcess
) -> None:
    """Some 400 tokens of 2,000 bytes, under a limit of 1,000 tokens; nothing has taught the gateway the ratio."""
    origin = provider.base_url.removesuffix("/v1")
    config = f'[[providers]]\nname = "p"\nprovider_type = "anthropic"\nbase_url = "{origin}"\napi_key = "k"\n'
    config += '[[limits]]\nscope = "key:limited"\nmetric = "tokens"\nwindow = "lifetime"\namount = 1000\n' + KEY
    running = gateway(config)
    body = {"model": "p/lorem-20", "max_tokens": 100, "messages": [{"role": "user", "content": "word " * 400}]}

    origin, asked = f"http://{running.address}", json.dumps(body).encode()
    headers = {"x-api-key": LIMITED, "content-type": "application/json"}
    deadline_s = time.monotonic() + PATIENCE_S
    while (answer := call(origin, "POST", "/v1/messages", body=asked, headers=headers)).status == 503:
        assert time.monotonic() < deadline_s
        time.sleep(0.05)

    assert answer.status == 200, answer.body
    assert json.loads(answer.body)["usage"]["input_tokens"] < 1000

import asyncio
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, ROOT, Installation
from tests.admin.people import enter, person
from tokenrouter.domain.catalog import Key
from tokenrouter.domain.keys import key_digest
from tokenrouter.jobs.benchmark import Benchmark, Said
from tokenrouter.store.keys import list_keys

PATH = "/api/v1/benchmark"


class Models:
    """Answers while it is let, and remembers with which keys it was asked, as they were then."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self.is_slow = False
        self.keys: list[Key] = []

    async def chat(self, key: str, model: str, words: str) -> Said:
        digest = key_digest(key, self._installation.state.pepper)
        self.keys += [one for one in list_keys(self._installation.store) if one.digest == digest]
        if self.is_slow:
            await asyncio.sleep(60)
        return Said(3, 20, 0.25, 0.75)


@pytest.fixture
def models(installation: Installation) -> Models:
    models = Models(installation)
    installation.state.benchmark = Benchmark(models.chat, clock=lambda: installation.now_s)
    return models


def ended(client: TestClient, headers: dict[str, str] = ROOT) -> dict[str, Any]:
    return until(client, headers, lambda told: told["run"]["ended_at"] is not None)


def until(client: TestClient, headers: dict[str, str], is_so: Any) -> dict[str, Any]:
    deadline_s = time.monotonic() + 20
    while True:
        told: dict[str, Any] = client.get(PATH, headers=headers).json()
        if is_so(told):
            return told
        assert time.monotonic() < deadline_s


def test_before_the_first_run_there_is_none_and_the_bounds_are_told(client: TestClient) -> None:
    bounds = {"models": 200, "chats_per_model": 200, "messages_per_chat": 20, "stop_after_tokens": 10**9}

    assert client.get(PATH, headers=ROOT).json() == {"running": False, "run": None, "bounds": bounds}
    assert client.delete(PATH, headers=ROOT).json()["run"] is None


def test_a_run_tells_of_each_model_what_it_used_and_how_fast_it_was(client: TestClient, models: Models) -> None:
    wanted = {"models": ["acme/small", "fast", "fast"], "chats_per_model": 2, "messages_per_chat": 2}

    begun = client.post(PATH, headers=ROOT, json=wanted)
    assert (begun.status_code, begun.json()["running"]) == (201, True)
    run = ended(client)["run"]

    assert (run["status"], run["messages_done"], run["messages_total"], run["failed"]) == ("completed", 8, 8, 0)
    assert (run["prompt_tokens"], run["completion_tokens"], run["total_tokens"]) == (24, 160, 184)
    assert run["models"][1] == {
        "model": "fast",
        "status": "done",
        "chats_done": 2,
        "messages_done": 4,
        "failed": 0,
        "prompt_tokens": 12,
        "completion_tokens": 80,
        "total_tokens": 92,
        "first_token_ms": 250.0,
        "answer_ms": 750.0,
        "tokens_per_s": 40.0,
        "last_error": "",
    }


def test_it_asks_with_a_temporary_key_below_the_callers_that_goes_when_it_is_over(
    client: TestClient, models: Models, installation: Installation
) -> None:
    client.post(PATH, headers=ROOT, json={"models": ["m"]})
    ended(client)
    until(client, ROOT, lambda _: not list_keys(installation.store))

    (key,) = models.keys
    assert (key.parent_id, key.temporary, key.cache, key.role) == ("root", True, "off", "inferrer")
    assert key.expires_at_s == installation.now_s + 86_400


def test_a_person_pays_for_the_run_that_they_begin(
    client: TestClient, models: Models, installation: Installation
) -> None:
    person(installation, "eve", "admin")
    enter(client, "eve")

    assert client.post(PATH, json={"models": ["m"]}).status_code == 201
    ended(client, {})

    assert (models.keys[0].user, models.keys[0].parent_id) == ("eve", None)


def test_a_second_run_is_409_until_the_first_is_cancelled(
    client: TestClient, models: Models, installation: Installation
) -> None:
    models.is_slow = True
    client.post(PATH, headers=ROOT, json={"models": ["m"]})

    second = client.post(PATH, headers=ROOT, json={"models": ["m"]})
    assert (second.status_code, second.json()["code"]) == (409, "benchmark_running")
    assert len(list_keys(installation.store)) == 1

    client.delete(PATH, headers=ROOT)
    assert ended(client)["run"]["status"] == "cancelled"


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"models": []},
        {"models": [""]},
        {"models": [f"m{number}" for number in range(201)]},
        {"models": ["m"], "chats_per_model": 0},
        {"models": ["m"], "chats_per_model": 201},
        {"models": ["m"], "messages_per_chat": 21},
        {"models": ["m"], "stop_after_tokens": -1},
        {"models": ["m"], "speed": 3},
    ],
)
def test_what_is_out_of_bounds_is_refused_and_makes_no_key(
    client: TestClient, installation: Installation, wanted: dict[str, Any]
) -> None:
    assert client.post(PATH, headers=ROOT, json=wanted).status_code == 422
    assert not list_keys(installation.store)


def test_only_administrators_run_it(client: TestClient) -> None:
    assert client.post(PATH, headers=ALICE, json={"models": ["m"]}).status_code == 403

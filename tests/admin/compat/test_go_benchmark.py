import asyncio
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, ROOT_KEY, Installation
from tokenrouter.jobs.benchmark import Benchmark, Said

PATH = "/admin/api/benchmark"


class Models:
    """Answers while it is let."""

    def __init__(self) -> None:
        self.is_slow = False
        self.keys: list[str] = []

    async def chat(self, key: str, model: str, words: str) -> Said:
        self.keys.append(key)
        if self.is_slow:
            await asyncio.sleep(60)
        return Said(3, 2, 0.1, 0.2)


@pytest.fixture
def models(installation: Installation) -> Models:
    models = Models()
    installation.state.benchmark = Benchmark(models.chat, clock=lambda: installation.now_s)
    return models


def ended(client: TestClient) -> dict[str, Any]:
    deadline_s = time.monotonic() + 20
    while True:
        told: dict[str, Any] = client.get(PATH, headers=ROOT).json()
        if told["run"]["status"] in ("completed", "cancelled"):
            return told
        assert time.monotonic() < deadline_s


def test_before_the_first_run_nothing_runs(client: TestClient) -> None:
    assert client.get(PATH, headers=ROOT).json() == {"running": False}
    assert client.post(f"{PATH}/cancel", headers=ROOT).json() == {"status": "idle"}


def test_a_run_is_started_and_its_result_stays(client: TestClient, models: Models) -> None:
    wanted = {"chats_per_model": 2, "messages_per_chat": 2, "models": [" acme/small ", "acme/small", ""]}

    begun = client.post(f"{PATH}/start", headers=ROOT, json=wanted).json()
    assert (begun["status"], begun["run"]["strategy"]["chats_per_model"]) == ("ok", 2)
    told = ended(client)

    assert told["running"] is False
    assert (told["run"]["total_prompt_tokens"], told["run"]["total_completion_tokens"]) == (12, 8)
    assert told["run"]["total_tokens"] == 20
    (model,) = told["run"]["models"]
    assert (model["model"], model["status"], model["chats_done"]) == ("acme/small", "done", 2)
    assert (model["chats_total"], model["messages_total"], model["messages_done"]) == (2, 4, 4)
    assert set(models.keys) == {ROOT_KEY}
    assert ROOT_KEY not in str(told)


def test_numbers_out_of_bounds_count_as_the_nearest(client: TestClient, models: Models) -> None:
    models.is_slow = True
    wanted = {"chats_per_model": 10_000, "messages_per_chat": -3, "stop_after_tokens": -1, "models": ["m"]}

    run = client.post(f"{PATH}/start", headers=ROOT, json=wanted).json()["run"]

    assert run["strategy"] == {"chats_per_model": 200, "messages_per_chat": 1, "stop_after_tokens": 0}


def test_a_second_run_is_409_until_the_first_is_over(client: TestClient, models: Models) -> None:
    models.is_slow = True
    client.post(f"{PATH}/start", headers=ROOT, json={"models": ["m"]})

    second = client.post(f"{PATH}/start", headers=ROOT, json={"models": ["m"]})
    assert (second.status_code, second.text) == (409, "benchmark already running\n")

    assert client.post(f"{PATH}/cancel", headers=ROOT).json() == {"status": "ok"}
    assert ended(client)["run"]["status"] == "cancelled"


@pytest.mark.parametrize("models", [[], [" "], [f"m{number}" for number in range(201)]])
def test_no_model_or_too_many_are_refused(client: TestClient, models: list[str]) -> None:
    assert client.post(f"{PATH}/start", headers=ROOT, json={"models": models}).status_code == 400

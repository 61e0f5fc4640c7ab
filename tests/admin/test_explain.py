import json
from typing import Any

import msgspec
import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ADMIN_PASSWORD, ALICE, MASTER, PEPPER, ROOT, Installation
from tests.admin.people import enter, person
from tokenrouter.domain.catalog import Key
from tokenrouter.jobs.explanations import RouteAnswer, RouteQuestion, nobody_answers_routes
from tokenrouter.store.keys import KeyRequest, create_key

PATH = "/api/v1/route/explain"
TOLD: dict[str, Any] = {
    "object": "route.explanation",
    "key": "alice",
    "operation": "chat",
    "model": "fast",
    "stream": False,
    "decision": {"by": "alias", "profile": "default", "left_out": {"local/x": "gone"}},
    "places": [
        {
            "target": "acme/small",
            "provider": "acme",
            "model": "small",
            "health": {"state": "open", "provider": "online", "quota_left": None},
            "translated": False,
            "dropped": [],
            "emulated": [],
            "estimate": {
                "input_tokens": {"likely": 10, "most": 20},
                "output_tokens": {"likely": 5, "most": None},
                "cost_usd": {"low": "0.000000015", "high": None},
                "price": "operator",
            },
        }
    ],
    "left_out": [{"target": "local/x", "why": "gone", "reason": "there is no such provider"}],
    "unheard": [],
    "limits": [
        {
            "scope": "key:alice",
            "metric": "cost_usd",
            "window": "month",
            "mode": "hard",
            "amount": "25.000000000",
            "used": "0.000000000",
            "held": "0.000000000",
            "left": "25.000000000",
            "resets_in_s": 7.5,
        }
    ],
}


class DataProcess:
    """Answers as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[RouteQuestion] = []
        self.answer = RouteAnswer(msgspec.json.encode(TOLD))

    async def explain(self, question: RouteQuestion) -> RouteAnswer:
        self.asked.append(question)
        return self.answer


@pytest.fixture
def data(installation: Installation) -> DataProcess:
    data = DataProcess()
    installation.state.explain = data.explain
    return data


def ask(client: TestClient, headers: dict[str, str] | None = None, **body: Any) -> Any:
    return client.post(PATH, headers=headers or {}, json={"request": {"model": "fast"}, **body})


def key_of(installation: Installation, digest: bytes) -> Key:
    return next(key for key in installation.catalog().keys if key.digest == digest)


def made(installation: Installation, name: str, **more: Any) -> None:
    create_key(installation.store, KeyRequest(name, **more), pepper=PEPPER, now_s=installation.now_s)


def test_a_data_process_is_asked_in_the_name_of_the_callers_key(
    client: TestClient, data: DataProcess, installation: Installation
) -> None:
    answer = ask(client, {**ALICE, "x-forwarded-for": "192.0.2.7"}, input_tokens=10)

    (question,) = data.asked
    assert (key_of(installation, question.digest).name, question.client_ip) == ("alice", "192.0.2.7")
    assert json.loads(question.body) == {"operation": "chat", "request": {"model": "fast"}, "input_tokens": 10}
    told = answer.json()
    assert (answer.status_code, told["decision"]["by"], told["limits"]) == (200, "alias", TOLD["limits"])
    assert told["places"][0] | {"health": None, "refused": None} == TOLD["places"][0] | {
        "health": None,
        "refused": None,
    }
    assert told["places"][0]["health"]["for_s"] is None


def test_an_admin_asks_about_any_key_by_name_or_id(
    client: TestClient, data: DataProcess, installation: Installation
) -> None:
    for name in ("alice", "key_alice"):
        assert ask(client, ROOT, key=name, client_ip="192.0.2.9").status_code == 200

    assert {key_of(installation, one.digest).name for one in data.asked} == {"alice"}
    assert data.asked[0].client_ip == "192.0.2.9"


def test_others_ask_about_their_own_keys_alone(
    client: TestClient, data: DataProcess, installation: Installation
) -> None:
    assert ask(client, ALICE, key="root").status_code == 404
    assert ask(client, MASTER, key="alice").status_code == 404
    assert ask(client, ALICE, key="alice").status_code == ask(client, MASTER, key="master").status_code == 200
    assert [key_of(installation, one.digest).name for one in data.asked] == ["alice", "master"]


def test_a_person_asks_with_the_oldest_of_their_keys(
    client: TestClient, data: DataProcess, installation: Installation
) -> None:
    person(installation, "eve")
    enter(client, "eve")
    assert ask(client).status_code == 422

    made(installation, "first", user="eve")
    installation.now_s += 1
    made(installation, "second", user="eve")
    assert ask(client).status_code == ask(client, key="second").status_code == 200

    assert [key_of(installation, one.digest).name for one in data.asked] == ["first", "second"]


def test_a_session_without_a_person_names_a_key(client: TestClient, data: DataProcess) -> None:
    told = client.post("/api/v1/session", json={"secret": ADMIN_PASSWORD}).json()

    assert ask(client, {"x-csrf-token": told["csrf"]}).status_code == 422
    assert ask(client, {"x-csrf-token": told["csrf"]}, key="alice").status_code == 200


def test_the_error_that_a_request_would_get_is_the_answer(client: TestClient, data: DataProcess) -> None:
    data.answer = RouteAnswer(status=404, code="model_not_found", message="No provider offers model 'x'.")

    answer = ask(client, ALICE)

    assert (answer.status_code, answer.json()["code"]) == (404, "model_not_found")
    assert answer.json()["detail"] == "No provider offers model 'x'."


def test_without_a_data_process_nobody_can_say(client: TestClient, installation: Installation) -> None:
    installation.state.explain = nobody_answers_routes

    answer = ask(client, ALICE)

    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "nobody_answers", "1")


@pytest.mark.parametrize(
    "body",
    [{"operation": "dance"}, {"request": []}, {"input_tokens": -1}, {"colour": 1}, {"client_ip": "x" * 65}],
)
def test_bad_questions_are_refused(client: TestClient, data: DataProcess, body: dict[str, Any]) -> None:
    assert ask(client, ALICE, **body).status_code == 422
    assert data.asked == []


def test_a_request_that_is_too_long_is_refused(client: TestClient, data: DataProcess) -> None:
    assert ask(client, ALICE, request={"model": "x" * 2**22}).status_code == 413


def test_a_request_that_is_nested_too_deeply_is_refused(client: TestClient) -> None:
    """How deep one is that can be read but not written depends on the stack, so some are tried."""
    for depth in range(900, 1000, 4):
        body = b'{"key":"alice","request":{"a":%b}}' % (b"[" * depth + b"]" * depth)
        answer = client.post(PATH, headers={**ROOT, "content-type": "application/json"}, content=body)
        assert answer.status_code in (200, 400, 422), depth

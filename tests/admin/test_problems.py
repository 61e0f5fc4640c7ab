from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from tests.admin.installation import ROOT, Installation
from tokenrouter.admin.problems import handle_problems

SECRET = "sk-secret-0123456789"


def failing(error: Exception) -> TestClient:
    app = FastAPI()
    handle_problems(app)

    @app.get("/")
    def fail() -> None:
        raise error

    return TestClient(app, raise_server_exceptions=False)


def test_a_path_that_is_not_there_is_told_with_where_to_look(client: TestClient) -> None:
    answer = client.get("/api/v1/nothing")

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": "path_not_found",
        "detail": "There is nothing at '/api/v1/nothing'; /docs lists the API.",
    }


def test_a_wrong_method_is_told_with_the_right_ones(client: TestClient) -> None:
    answer = client.put("/api/v1/keys", headers=ROOT)

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"]


def test_what_was_sent_is_never_repeated(client: TestClient) -> None:
    answer = client.post("/api/v1/keys", headers=ROOT, json={"name": 1, "key": [SECRET], "role": SECRET})

    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {"name", "key", "role"}
    assert SECRET not in answer.text


def test_a_database_that_is_away_is_a_503_that_says_when_to_come_back() -> None:
    answer = failing(OperationalError("SELECT 1", None, Exception("locked"))).get("/")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "SELECT" not in answer.text


def test_what_nobody_foresaw_tells_nothing_of_itself() -> None:
    answer = failing(RuntimeError(SECRET)).get("/")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert SECRET not in answer.text


def test_a_drain_that_fails_is_not_taken_for_an_answer(client: TestClient, installation: Installation) -> None:
    def fail() -> None:
        raise OSError("disk")

    installation.state.drain_now = fail

    assert client.get("/internal/usage", headers={"x-tokenrouter-key-id": "root"}).status_code == 503

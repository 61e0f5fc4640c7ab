import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, ROOT, Installation

CODES = "/api/v1/access-codes"


def test_a_code_is_shown_once_and_listed_without_itself(client: TestClient) -> None:
    body = {"team": "physics", "quota_tokens": 1000, "max_uses": 30, "comment": "class 9b"}
    made = client.post(CODES, json=body, headers=ROOT)

    assert made.status_code == 201
    code = made.json().pop("code")
    rows = client.get(CODES, headers=ROOT).json()["data"]
    assert [(one["team"], one["quota_tokens"], one["max_uses"], one["uses"]) for one in rows] == [
        ("physics", 1000, 30, 0)
    ]
    assert code not in client.get(CODES, headers=ROOT).text + client.get("/api/v1/audit", headers=ROOT).text


def test_a_code_is_switched_off_and_removed(client: TestClient) -> None:
    made = client.post(CODES, json={"code": "blackboard"}, headers=ROOT).json()

    assert client.patch(f"{CODES}/{made['id']}", json={"enabled": False}, headers=ROOT).json()["enabled"] is False
    assert client.delete(f"{CODES}/{made['id']}", headers=ROOT).json()["id"] == made["id"]
    assert client.delete(f"{CODES}/{made['id']}", headers=ROOT).json()["code"] == "access_code_not_found"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"code": "short"}, "code"),
        ({"quota_tokens": 0}, "quota_tokens"),
        ({"max_uses": -1}, "max_uses"),
        ({"team": "a:b"}, "name"),
        ({"allowed_models": [""]}, "allowed_models"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_each_field_that_cannot_be_used_is_named(client: TestClient, body: dict[str, object], field: str) -> None:
    answer = client.post(CODES, json=body, headers=ROOT)

    assert answer.status_code == 422
    assert field in [one["field"] for one in answer.json()["errors"]]


def test_the_same_code_is_there_once(client: TestClient, installation: Installation) -> None:
    client.post(CODES, json={"code": "blackboard"}, headers=ROOT)

    assert client.post(CODES, json={"code": "blackboard"}, headers=ROOT).json()["code"] == "access_code_exists"


def test_they_are_for_admins(client: TestClient) -> None:
    assert client.get(CODES, headers=ALICE).status_code == 403
    assert client.post(CODES, json={}, headers=ALICE).status_code == 403

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.installation import ALICE, MASTER, ROOT, Installation
from tokenrouter.config.settings import ConversationSettings

CAPTURE = "/api/v1/conversations/capture"


def put(client: TestClient, scope: str, enabled: object = True) -> Response:
    return client.put(f"{CAPTURE}/{scope}", headers=ROOT, json={"enabled": enabled})


def configure(installation: Installation, settings: ConversationSettings) -> None:
    origins = {**installation.settings.origins, "conversations.capture": "torod.toml:9"}
    installation.declare(conversations=settings, origins=origins)


def test_a_rule_is_set_listed_and_removed_and_counts_at_once(installation: Installation, client: TestClient) -> None:
    made = put(client, "team:physics/a b")
    assert made.status_code == 200
    assert (made.json()["scope"], made.json()["enabled"], made.json()["origin"]) == (
        "team:physics/a b",
        True,
        "database",
    )
    assert installation.catalog().capture.scopes == {"team:physics/a b": True}
    assert installation.told_of_changes == 1

    listed = client.get(CAPTURE, headers=ROOT).json()
    assert (listed["allowed"], listed["max_items"], listed["max_age_days"]) == (True, 5000, 30)
    assert [rule["scope"] for rule in listed["data"]] == ["team:physics/a b"]

    assert client.delete(f"{CAPTURE}/team:physics/a b", headers=ROOT).json()["data"] == []
    assert installation.catalog().capture.is_off
    again = client.delete(f"{CAPTURE}/team:physics/a b", headers=ROOT)
    assert (again.status_code, again.json()["code"]) == (404, "capture_rule_not_found")


def test_what_the_file_says_is_changed_there(installation: Installation, client: TestClient) -> None:
    configure(installation, ConversationSettings(capture=("global",)))

    (rule,) = client.get(CAPTURE, headers=ROOT).json()["data"]
    assert (rule["origin"], rule["declared_at"], rule["enabled"]) == ("file", "torod.toml:9", True)
    for answer in (put(client, "global", False), client.delete(f"{CAPTURE}/global", headers=ROOT)):
        assert (answer.status_code, answer.json()["code"]) == (409, "declared_elsewhere")
        assert "torod.toml:9" in answer.json()["detail"]
    assert put(client, "key:alice", False).status_code == 200
    assert installation.catalog().capture.scopes == {"key:alice": False, "global": True}


def test_where_the_file_forbids_it_nobody_can_switch_it_on(installation: Installation, client: TestClient) -> None:
    assert put(client, "global").status_code == 200
    configure(installation, ConversationSettings(enabled=False, capture=("key:alice",)))

    answer = put(client, "team:physics")

    assert (answer.status_code, answer.json()["code"]) == (409, "capture_forbidden")
    assert installation.catalog().capture.is_off
    assert client.get(CAPTURE, headers=ROOT).json()["allowed"] is False


@pytest.mark.parametrize("scope", ["everybody", "team:", "ip:10.0.0.1"])
def test_what_is_no_scope_is_refused(client: TestClient, scope: str) -> None:
    assert put(client, scope).status_code == 422


def test_a_body_says_yes_or_no_and_nothing_else(client: TestClient) -> None:
    assert put(client, "global", "yes").status_code == 422
    assert client.put(f"{CAPTURE}/global", headers=ROOT, json={"enabled": True, "x": 1}).status_code == 422


def test_only_admins_say_whose_conversations_are_kept(client: TestClient) -> None:
    for who in (MASTER, ALICE):
        assert client.put(f"{CAPTURE}/global", headers=who, json={"enabled": True}).status_code == 403
        assert client.delete(f"{CAPTURE}/global", headers=who).status_code == 403

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import MASTER, ROOT, Installation
from tests.journal.captured import captured, chat_answer, chat_body
from tokenrouter.jobs.conversation_drain import record_of
from tokenrouter.store.conversations import take_in_file

PATH = "/admin/api/conversations"
SETTINGS = "/admin/api/settings/conversations"


@pytest.fixture(autouse=True)
def _kept(installation: Installation) -> None:
    bread = chat_body("Bake bread?", system="Be kind.")
    captures = (
        captured("r1", 0, session="s1", request_body=bread, answer_body=chat_answer("Flour.")),
        captured(
            "r2", 5, session="s1", request_body=chat_body("Bake bread?", "Flour.", "And then?", system="Be kind.")
        ),
        captured(
            "r3", 9, session="s2", user="bob", team="chemistry", key="bob", key_id="key_bob", client_ip="10.0.0.2"
        ),
    )
    take_in_file(installation.store, installation.state.sealing, "r1", [record_of(one) for one in captures])


def threads(client: TestClient, query: str = "") -> dict[str, Any]:
    told: dict[str, Any] = client.get(f"{PATH}{query}", headers=ROOT).json()
    return told


def titles(client: TestClient, query: str) -> list[str]:
    return [one["title"] for one in threads(client, query)["threads"]]


def test_threads_are_listed_with_what_is_kept(client: TestClient) -> None:
    told = threads(client)

    assert (told["total"], told["enabled"], told["max_items"], told["max_age_days"]) == (2, False, 5000, 30)
    assert told["next_before"] == ""
    bread = told["threads"][1]
    assert (bread["title"], bread["count"], bread["provider"]) == ("Bake bread?", 2, "acme")
    assert bread["last_at"] == "2026-01-01T12:00:06.000Z"


def test_threads_are_filtered_searched_and_paged_by_time(client: TestClient) -> None:
    assert titles(client, "?q=FLOUR") == ["Bake bread?"]
    assert titles(client, "?remote_ip=10.0.0.2") == titles(client, "?api_key_name=bob") == ["hello"]
    assert titles(client, "?limit=x&before=yesterday") == ["hello", "Bake bread?"]

    first = threads(client, "?limit=1")
    assert [one["title"] for one in first["threads"]] == ["hello"]
    assert titles(client, f"?before={first['next_before']}") == ["Bake bread?"]


def test_one_has_its_requests_with_what_is_new_in_each_and_what_was_sent(client: TestClient) -> None:
    key = threads(client, "?q=flour")["threads"][0]["conversation_key"]

    told = client.get(f"{PATH}/{key}", headers=ROOT).json()

    assert (told["id"], told["title"]) == (key, "Bake bread?")
    first, second = told["records"]
    assert (first["request_render_markdown"], first["response_render_markdown"]) == ("Bake bread?", "Flour.")
    assert (first["request_system_markdown"], first["status_code"], first["stream"]) == ("Be kind.", 200, False)
    assert second["request_text_markdown"] == "And then?"
    assert "Bake bread?" in second["request_payload_raw"]
    assert (first["conversation_key"], first["is_internal"], first["endpoint"]) == (key, False, "chat")


def test_one_or_all_are_deleted(client: TestClient) -> None:
    key = threads(client)["threads"][0]["conversation_key"]

    assert client.delete(f"{PATH}/{key}", headers=ROOT).json() == {"status": "ok", "id": key, "removed": 1}
    assert client.get(f"{PATH}/{key}", headers=ROOT).status_code == 400
    assert client.delete(PATH, headers=ROOT).json() == {"status": "ok", "removed": 1}
    assert threads(client)["threads"] == []


def test_everybodys_are_kept_when_that_is_wanted_and_not_before(client: TestClient) -> None:
    now = client.get(SETTINGS, headers=ROOT).json()
    assert now == {"enabled": False, "max_items": 5000, "max_age_days": 30}

    assert client.put(SETTINGS, headers=ROOT, json={**now, "enabled": True}).json() == {"status": "ok"}
    assert client.get(SETTINGS, headers=ROOT).json()["enabled"] is True
    assert threads(client)["enabled"] is True
    client.put(SETTINGS, headers=ROOT, json={"enabled": False})
    assert client.get(SETTINGS, headers=ROOT).json()["enabled"] is False


def test_how_many_are_kept_is_the_files_to_say(client: TestClient) -> None:
    refused = client.put(SETTINGS, headers=ROOT, json={"enabled": False, "max_items": 100})

    assert (refused.status_code, "max_items = 100" in refused.text) == (400, True)


def test_keys_of_other_roles_read_nothing(client: TestClient) -> None:
    for method, path in (("GET", PATH), ("DELETE", PATH), ("GET", f"{PATH}/x"), ("GET", SETTINGS)):
        assert client.request(method, path, headers=MASTER).status_code == 403

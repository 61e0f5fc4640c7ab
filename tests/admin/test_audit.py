import csv
import json
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import update

from tests.admin.installation import MASTER, ROOT, Installation
from tokenrouter.store.schema import tr_audit

AUDIT = "/api/v1/audit"


def page(client: TestClient, **wanted: str) -> dict[str, Any]:
    answer = client.get(AUDIT, headers=ROOT, params=wanted)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def make(client: TestClient, name: str) -> str:
    answer = client.post("/api/v1/keys", headers={**ROOT, "x-forwarded-for": "192.0.2.7"}, json={"name": name})
    key: str = answer.json()["key"]
    return key


def test_who_made_a_key_is_told_with_the_address_and_without_the_key(client: TestClient) -> None:
    key = make(client, "bob")

    told = page(client)["data"][0]

    assert told["actor"] == {"kind": "key", "id": "root", "name": "root", "address": "192.0.2.7"}
    assert (told["action"], told["subject"]["name"], told["before"]) == ("key.create", "bob", None)
    assert told["after"]["role"] == "inferrer"
    assert key not in str(told)
    assert "digest" not in str(told)


def test_pages_and_filters_go_together(client: TestClient) -> None:
    for name in ("a1", "b1", "a2", "a3"):
        make(client, name)

    first = page(client, q="a", kind="key", limit="2")
    rest = page(client, q="a", kind="key", limit="2", after=first["next"], **{"from": "2020-01-01T00:00:00Z"})

    assert [one["subject"]["name"] for one in (*first["data"], *rest["data"])][:3] == ["a3", "a2", "b1"]
    assert page(client, q="nothing like it") == {"data": [], "next": None}


def test_all_of_it_is_a_file_as_well(client: TestClient) -> None:
    for name in ("a1", "b1", "a2"):
        make(client, name)

    answer = client.get(AUDIT, headers=ROOT, params={"q": "a", "kind": "key", "format": "csv", "limit": "1"})

    rows = list(csv.DictReader(answer.text.splitlines()))
    assert answer.headers["content-type"].startswith("text/csv")
    assert [json.loads(row["subject"])["name"] for row in rows][:1] == ["a2"]
    assert len(rows) > 1
    assert client.get(AUDIT, headers=ROOT, params={"after": "no cursor"}).status_code == 422


def test_what_no_database_can_look_for_is_refused(client: TestClient) -> None:
    for name in ("actor", "action", "kind", "subject", "q"):
        assert client.get(AUDIT, headers=ROOT, params={name: "\0"}).status_code == 422


def test_an_altered_log_is_told(client: TestClient, installation: Installation) -> None:
    make(client, "bob")
    whole = client.get(f"{AUDIT}/verify", headers=ROOT).json()
    with installation.store.write() as connection:
        connection.execute(update(tr_audit).values(actor_name="nobody"))

    broken = client.get(f"{AUDIT}/verify", headers=ROOT, params={"head": whole["head"]}).json()

    assert (whole["ok"], whole["entries"], broken["ok"], broken["broken_at"]) == (True, 1, False, 1)


def test_only_admins_read_it(client: TestClient) -> None:
    assert [client.get(path, headers=MASTER).status_code for path in (AUDIT, f"{AUDIT}/verify")] == [403, 403]

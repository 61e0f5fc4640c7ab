from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from tests.admin.installation import ALICE, MASTER, MASTER_KEY, ROOT, Installation, bearer
from tokenrouter.jobs.limit_use import LimitFigures
from tokenrouter.store.keys import find_key, list_keys
from tokenrouter.store.limits import list_limits

PATH = "/admin/api/access-tokens"
KEY = "tr_" + "k" * 64
OTHER_KEY = "tor_tmp_" + "x" * 64
QUOTA = {"requests": {"limit": 5, "interval_seconds": 3600}, "tokens": {"limit": 1000}}


def make(client: TestClient, headers: dict[str, str] = ROOT, status: int = 201, **said: Any) -> Any:
    answer = client.post(PATH, headers=headers, json={"name": "bob", "key": KEY} | said)
    assert answer.status_code == status, answer.text
    return answer.json() if status == 201 else answer.text.strip()


def listed(client: TestClient, headers: dict[str, str] = ROOT) -> dict[str, Any]:
    return {one["name"]: one for one in client.get(PATH, headers=headers).json()}


def test_a_key_of_the_callers_choice_is_made_listed_used_and_removed(
    client: TestClient, installation: Installation
) -> None:
    made = make(client, expires_at="2030-01-01T00:00:00Z")
    assert made["status"] == "ok"

    row = listed(client)["bob"]
    assert row == {"id": made["id"], "name": "bob", "role": "inferrer", "expires_at": "2030-01-01T00:00:00Z"}
    assert client.get("/api/v1/usage", headers=bearer(KEY)).status_code == 200

    assert client.delete(f"{PATH}/{made['id']}", headers=ROOT).json() == {"status": "ok"}
    assert "bob" not in listed(client)
    assert installation.told_of_changes == 2


def test_no_list_has_a_key_in_it(client: TestClient) -> None:
    make(client)

    answer = client.get(PATH, headers=ROOT)

    assert KEY not in answer.text
    assert MASTER_KEY not in answer.text
    assert {"root", "master", "alice", "bob"} == set(listed(client))


def test_a_quota_is_made_with_the_key_and_shown_with_what_is_used(
    client: TestClient, installation: Installation
) -> None:
    make(client, quota=QUOTA)
    used = {("key:bob|tokens|lifetime", "key:bob"): 12}
    installation.limit_figures = LimitFigures(used=used)

    assert listed(client)["bob"]["quota"] == {
        "requests": {"limit": 5, "interval_seconds": 3600, "used": 0},
        "tokens": {"limit": 1000, "interval_seconds": 0, "used": 12},
    }


def test_where_its_quota_cannot_begin_anew_there_is_no_key(client: TestClient, installation: Installation) -> None:
    with installation.store.write() as connection:
        refusal = "BEGIN SELECT RAISE(ABORT, 'no'); END"
        connection.execute(
            text(f"CREATE TRIGGER no BEFORE INSERT ON tr_audit WHEN NEW.action = 'limit.reset' {refusal}")
        )

    make(client, status=503, quota=QUOTA)

    assert listed(client).keys() & {"bob"} == set()
    assert not list_limits(installation.store)


def test_another_quota_takes_its_place_and_none_takes_it_away(client: TestClient, installation: Installation) -> None:
    path = f"{PATH}/{make(client, quota=QUOTA)['id']}"
    said = {"name": "bob", "role": "inferrer", "expires_at": ""}

    changed = client.put(path, headers=ROOT, json={**said, "quota": {"tokens": {"limit": 7, "used": 0}}})
    assert changed.json() == {"status": "ok"}
    assert [(one.limit.id, one.limit.amount) for one in list_limits(installation.store)] == [
        ("key:bob|tokens|lifetime", 7)
    ]

    client.put(path, headers=ROOT, json=said)
    assert list_limits(installation.store) == ()


def test_role_and_expiry_are_changed(client: TestClient, installation: Installation) -> None:
    path = f"{PATH}/{make(client, expires_at='2030-01-01T00:00:00Z')['id']}"

    client.put(path, headers=ROOT, json={"name": "bob", "role": "keymaster"})

    key = find_key(installation.store, "bob")
    assert (key.role, key.expires_at_s) == ("keymaster", None)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"key": ""}, "key is required"),
        ({"name": " "}, "name is required"),
        ({"role": "king"}, "role must be one of"),
        ({"expires_at": "tomorrow"}, "expires_at must be RFC3339"),
        ({"expires_at": "2030-01-01T00:00:00"}, "expires_at must be RFC3339"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "in the past"),
        ({"quota": {"tokens": {"limit": 0}}}, "quota.tokens.limit"),
        ({"quota": 5}, "quota"),
        ({"name": "alice"}, "declared at"),
        ({"key": MASTER_KEY}, "exists already"),
        ({"key": "short"}, "key"),
        ({"parent_id": "nobody"}, "no such key"),
    ],
)
def test_what_cannot_be_a_key_is_refused_in_words(
    client: TestClient, installation: Installation, said: dict[str, Any], words: str
) -> None:
    assert words in make(client, status=400, **said)
    assert list_keys(installation.store) == ()


def test_a_name_and_a_key_are_there_once(client: TestClient) -> None:
    make(client)

    assert "bob" in make(client, status=400, key=OTHER_KEY)
    assert make(client, status=400, name="other") == "token already exists"


def test_the_name_of_a_key_stays_and_a_role_must_be_said(client: TestClient) -> None:
    path = f"{PATH}/{make(client)['id']}"

    for said in ({"name": "rob", "role": "inferrer"}, {"name": "bob"}, {"name": "", "role": "inferrer"}):
        assert client.put(path, headers=ROOT, json=said).status_code == 400


def test_what_is_not_there_or_is_the_files_is_400(client: TestClient) -> None:
    said = {"name": "alice", "role": "inferrer"}

    assert client.delete(f"{PATH}/none", headers=ROOT).text == "token not found\n"
    assert client.put(f"{PATH}/none", headers=ROOT, json=said).status_code == 400
    for answer in (
        client.put(f"{PATH}/key_alice", headers=ROOT, json=said),
        client.delete(f"{PATH}/key_alice", headers=ROOT),
    ):
        assert (answer.status_code, "declared at" in answer.text) == (400, True)


def test_a_key_of_an_admin_has_no_parent_unless_one_is_said(client: TestClient, installation: Installation) -> None:
    make(client)
    make(client, name="child", key=OTHER_KEY, parent_id=find_key(installation.store, "bob").id)

    assert find_key(installation.store, "bob").parent_id is None
    assert listed(client)["child"]["parent_id"] == find_key(installation.store, "bob").id


def test_a_keymaster_has_its_own_children_and_nothing_else(client: TestClient, installation: Installation) -> None:
    foreign = make(client)["id"]
    own = make(client, MASTER, name="child", key=OTHER_KEY)["id"]

    child = find_key(installation.store, "child")
    assert (child.parent_id, child.role, child.team) == ("master", "inferrer", "physics")
    assert set(listed(client, MASTER)) == {"child"}
    said = {"name": "child", "role": "inferrer", "expires_at": "2030-01-01T00:00:00Z"}
    assert client.put(f"{PATH}/{own}", headers=MASTER, json=said).status_code == 200
    for token_id in (foreign, "key_alice", "master", "none"):
        assert client.delete(f"{PATH}/{token_id}", headers=MASTER).status_code == 403
        assert client.put(f"{PATH}/{token_id}", headers=MASTER, json=said).status_code == 403
    assert client.delete(f"{PATH}/{own}", headers=MASTER).status_code == 200


def test_a_keymaster_makes_inferrers_without_quota_whose_keys_cannot_be_guessed(client: TestClient) -> None:
    assert make(client, MASTER, 403, role="keymaster") == "keymaster can only create inferrer tokens"
    assert make(client, MASTER, 403, quota=QUOTA) == "subordinate tokens cannot define quota"
    assert "at least 40 characters" in make(client, MASTER, 400, key="tr_guess-me-please")
    own = make(client, MASTER)["id"]
    said = {"name": "bob", "role": "admin"}
    assert client.put(f"{PATH}/{own}", headers=MASTER, json=said).status_code == 403
    refused = client.put(f"{PATH}/{own}", headers=MASTER, json={**said, "role": "inferrer", "quota": QUOTA})
    assert refused.status_code == 403


def test_inferrers_are_refused(client: TestClient) -> None:
    assert client.get(PATH, headers=ALICE).status_code == 403
    assert make(client, ALICE, 403)


def test_the_children_go_with_their_parent_and_so_do_their_quotas(
    client: TestClient, installation: Installation
) -> None:
    parent = make(client, role="keymaster", quota=QUOTA)["id"]
    make(client, name="child", key=OTHER_KEY, parent_id=parent, quota=QUOTA)

    client.delete(f"{PATH}/{parent}", headers=ROOT)

    assert list_keys(installation.store) == ()
    assert list_limits(installation.store) == ()
    assert client.get("/api/v1/usage", headers=bearer(OTHER_KEY)).status_code == 401


def test_a_keymaster_of_the_file_that_is_gone_can_do_nothing(client: TestClient, installation: Installation) -> None:
    make(client, MASTER)
    keys = tuple(key for key in installation.settings.keys if key.name != "master")
    installation.declare(keys=keys)

    assert client.get(PATH, headers=MASTER).status_code == 401
    assert client.get("/api/v1/usage", headers=bearer(KEY)).status_code == 401

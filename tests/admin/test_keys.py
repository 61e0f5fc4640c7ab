from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.installation import ALICE, ALICE_KEY, MASTER, ROOT, Installation, bearer
from tokenrouter.store.keys import KeyRequest, create_key, list_keys

KEYS = "/api/v1/keys"
SURROGATE = '{"name": "\\ud800"}'


def make(client: TestClient, headers: dict[str, str] = ROOT, **fields: object) -> Response:
    return client.post(KEYS, headers=headers, json={"name": "bob", **fields})


def test_a_key_is_shown_when_it_is_made_and_never_again(client: TestClient) -> None:
    made = make(client, team="physics", allowed_models=["acme/*"], comment="for the lab")

    assert made.status_code == 201
    key = made.json()["key"]
    assert key.startswith("tr_")
    assert made.json()["allowed_models"] == ["acme/*"]
    assert key not in client.get(KEYS, headers=ROOT).text
    assert key not in client.get(f"{KEYS}/bob", headers=ROOT).text


def test_a_key_that_was_made_is_a_key(client: TestClient) -> None:
    key = make(client, role="admin").json()["key"]

    assert client.get(KEYS, headers=bearer(key)).status_code == 200


def test_keys_of_the_file_are_listed_with_where_they_are_declared(client: TestClient) -> None:
    make(client)

    listed = {key["name"]: key for key in client.get(KEYS, headers=ROOT).json()["data"]}

    assert listed["root"]["origin"] == "file"
    assert listed["root"]["declared_at"] == "torod.toml:5"
    assert listed["bob"]["origin"] == "database"
    assert "digest" not in listed["root"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_keys_of_the_file_are_changed_in_the_file_only(client: TestClient, method: str) -> None:
    answer = client.request(
        method, f"{KEYS}/root", headers=ROOT, json={"enabled": False} if method == "PATCH" else None
    )

    assert answer.status_code == 409
    assert "torod.toml:5" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["lab/laptop", "lab/rotate", "lab/heartbeat", "a b/c", "/"])
def test_a_key_whose_name_holds_a_slash_is_reached_by_it(client: TestClient, name: str) -> None:
    where = f"{KEYS}/{quote(name, safe='')}"
    made = make(client, name=name, temporary=True, heartbeat=True, ttl_s=600)
    assert made.status_code == 201, made.text

    assert client.get(where, headers=ROOT).json()["id"] == made.json()["id"]
    assert client.patch(where, headers=ROOT, json={"enabled": False}).json()["enabled"] is False
    assert client.post(f"{where}/heartbeat", headers=ROOT).json()["name"] == name
    assert client.post(f"{where}/rotate", headers=ROOT, json={"overlap_s": 0}).json()["name"] == name
    assert [key["name"] for key in client.delete(where, headers=ROOT).json()["data"]] == [name]


def test_a_key_without_a_name_is_none(client: TestClient) -> None:
    assert client.get(f"{KEYS}/", headers=ROOT).status_code == 404
    assert client.delete(f"{KEYS}/", headers=ROOT).status_code == 404


def test_a_key_may_be_disabled_and_enabled(client: TestClient) -> None:
    key = make(client, role="admin").json()["key"]

    client.patch(f"{KEYS}/bob", headers=ROOT, json={"enabled": False})
    assert client.get(KEYS, headers=bearer(key)).json()["code"] == "disabled_api_key"

    client.patch(f"{KEYS}/bob", headers=ROOT, json={"enabled": True})
    assert client.get(KEYS, headers=bearer(key)).status_code == 200


def test_what_a_change_does_not_name_stays(client: TestClient) -> None:
    made = make(client, expires_at="2030-01-01T00:00:00Z", comment="first", allowed_models=["a/*"]).json()

    changed = client.patch(f"{KEYS}/{made['id']}", headers=ROOT, json={"comment": "second"}).json()

    assert changed["comment"] == "second"
    assert (changed["expires_at"], changed["allowed_models"]) == ("2030-01-01T00:00:00Z", ["a/*"])


def test_what_a_key_says_of_models_without_a_price_is_shown_and_can_change(client: TestClient) -> None:
    made = make(client, unpriced="deny", allow_unpriced=True).json()
    path = f"/api/v1/keys/{made['id']}"

    assert (made["unpriced"], made["allow_unpriced"]) == ("deny", True)
    assert client.patch(path, headers=ROOT, json={"unpriced": "allow"}).json()["unpriced"] == "allow"
    assert client.get(path, headers=ROOT).json()["allow_unpriced"]
    assert client.patch(path, headers=ROOT, json={"unpriced": "sometimes"}).status_code == 422


def test_what_a_key_says_of_its_hard_limits_is_shown_and_can_change(client: TestClient) -> None:
    made = make(client, clamp=False, unbounded_input="deny", cache="read").json()
    path = f"/api/v1/keys/{made['id']}"

    assert (made["clamp"], made["unbounded_input"], made["cache"]) == (False, "deny", "read")
    assert client.patch(path, headers=ROOT, json={"clamp": True}).json()["clamp"]
    assert client.get(path, headers=ROOT).json()["unbounded_input"] == "deny"
    assert client.patch(path, headers=ROOT, json={"unbounded_input": "sometimes"}).status_code == 422
    assert client.patch(path, headers=ROOT, json={"cache": "on"}).json()["cache"] == "on"
    assert client.patch(path, headers=ROOT, json={"clamp": "perhaps"}).status_code == 422


def test_asking_providers_raw_is_allowed_by_whoever_makes_the_key_and_may_be_taken_back(client: TestClient) -> None:
    assert make(client, passthrough=True).json()["passthrough"]
    assert client.get(f"{KEYS}/root", headers=ROOT).json()["passthrough"] is False

    assert client.patch(f"{KEYS}/bob", headers=ROOT, json={"passthrough": False}).json()["passthrough"] is False


def test_a_keymaster_gives_no_right_that_it_has_not(client: TestClient) -> None:
    answer = make(client, MASTER, passthrough=True)

    assert answer.status_code == 422
    assert "may not ask providers raw" in answer.text


def test_null_takes_an_expiry_away(client: TestClient) -> None:
    make(client, expires_at="2030-01-01T00:00:00Z")

    assert client.patch(f"{KEYS}/bob", headers=ROOT, json={"expires_at": None}).json()["expires_at"] is None


def test_an_expiry_in_the_past_is_refused(client: TestClient) -> None:
    assert make(client, expires_at="2020-01-01T00:00:00Z").status_code == 422

    make(client)
    changed = client.patch(f"{KEYS}/bob", headers=ROOT, json={"expires_at": "2020-01-01T00:00:00Z"})
    assert changed.status_code == 422


def test_revoking_takes_the_children_along(client: TestClient, installation: Installation) -> None:
    make(client)
    make(client, name="child", parent="bob")

    gone = client.delete(f"{KEYS}/bob", headers=ROOT).json()["data"]

    assert [key["name"] for key in gone] == ["bob", "child"]
    assert not list_keys(installation.store)


def test_a_child_has_the_team_and_user_of_its_parent(client: TestClient) -> None:
    child = make(client, parent="master").json()

    assert (child["parent_id"], child["team"], child["user"]) == ("master", "physics", "ann")
    assert make(client, name="other", parent="master", team="chemistry").status_code == 422


def test_keys_stand_eight_deep_at_most(client: TestClient) -> None:
    first = make(client, name="k0").status_code

    below = [make(client, name=f"k{n}", parent=f"k{n - 1}").status_code for n in range(1, 9)]

    assert [first, *below] == [201] * 8 + [422]


@pytest.mark.parametrize("name", ["root", "key_alice", "taken"])
def test_a_name_that_is_taken_is_refused(client: TestClient, name: str) -> None:
    make(client, name="taken")

    assert make(client, name=name).json()["code"] == "key_exists"


def test_a_key_of_the_file_cannot_be_made_again(client: TestClient) -> None:
    answer = make(client, key=ALICE_KEY)

    assert answer.status_code == 409
    assert ALICE_KEY not in answer.text


def test_a_keymaster_makes_sees_and_revokes_the_keys_below_its_own(client: TestClient) -> None:
    make(client, name="stranger")

    made = make(client, MASTER, name="pupil").json()

    assert (made["parent_id"], made["role"], made["team"]) == ("master", "inferrer", "physics")
    assert [key["name"] for key in client.get(KEYS, headers=MASTER).json()["data"]] == ["pupil"]
    assert client.delete(f"{KEYS}/pupil", headers=MASTER).status_code == 200
    assert client.get(f"{KEYS}/stranger", headers=MASTER).status_code == 404
    assert client.delete(f"{KEYS}/stranger", headers=MASTER).status_code == 404


@pytest.mark.parametrize(
    "asked", [{"role": "admin"}, {"role": "keymaster"}, {"parent": "root"}, {"key": "my-own-key-1"}]
)
def test_a_keymaster_makes_nothing_else(client: TestClient, asked: dict[str, str]) -> None:
    assert make(client, MASTER, **asked).json()["code"] == "role_not_allowed"


def test_a_keymaster_changes_nothing(client: TestClient) -> None:
    make(client, MASTER, name="pupil")

    assert client.patch(f"{KEYS}/pupil", headers=MASTER, json={"comment": "x"}).status_code == 403


def test_an_inferrer_sees_itself_and_nothing_else(client: TestClient) -> None:
    client.post(KEYS, headers=ROOT, json={"name": "bob"})

    assert [key["name"] for key in client.get(KEYS, headers=ALICE).json()["data"]] == ["alice"]
    assert client.get(f"{KEYS}/bob", headers=ALICE).status_code == 404
    assert client.patch(f"{KEYS}/alice", headers=ALICE, json={"enabled": False}).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 422),
        ("{}", 422),
        (SURROGATE, 422),
        ('{"name": "b", "\\ud800": 1}', 422),
        ('{"name": "b", "colour": "red"}', 422),
        ('{"name": "b:c"}', 422),
        ('{"name": "b", "role": "king"}', 422),
        ('{"name": "b", "expires_at": "soon"}', 422),
        ('{"name": "b", "expires_at": 1e300}', 422),
        ('{"name": "b", "key": "short"}', 422),
        ('{"name": "b", "allowed_models": [""]}', 422),
        ('{"name": "b", "parent": "nobody"}', 404),
    ],
)
def test_bad_input_is_answered_with_what_was_wrong(client: TestClient, body: str, status: int) -> None:
    answer = client.post(KEYS, headers={**ROOT, "content-type": "application/json"}, content=body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_key_is_found_by_its_id_before_another_is_by_its_name(client: TestClient, installation: Installation) -> None:
    made = make(client).json()
    create_key(installation.store, KeyRequest(name=made["id"]), pepper=b"pepper", now_s=installation.now_s)

    assert client.get(f"{KEYS}/{made['id']}", headers=ROOT).json()["name"] == "bob"


def test_every_change_is_told_at_once(client: TestClient, installation: Installation) -> None:
    make(client)
    client.patch(f"{KEYS}/bob", headers=ROOT, json={"enabled": False})
    client.delete(f"{KEYS}/bob", headers=ROOT)
    make(client, name="root")

    assert installation.told_of_changes == 3


def names(client: TestClient, headers: dict[str, str] = ROOT, **asked: str | int) -> list[str]:
    """The names that are listed, in alphabetical order: keys made at the same moment stand in any."""
    return sorted(key["name"] for key in client.get(KEYS, headers=headers, params=asked).json()["data"])


def test_keys_come_in_pages_those_of_the_file_first(client: TestClient) -> None:
    for number in range(4):
        make(client, name=f"k{number}")

    first = client.get(KEYS, headers=ROOT, params={"limit": 5}).json()
    second = client.get(KEYS, headers=ROOT, params={"limit": 5, "after": first["next"]}).json()

    listed = [key["name"] for key in first["data"] + second["data"]]
    assert listed[:3] == ["root", "master", "alice"]
    assert sorted(listed[3:]) == ["k0", "k1", "k2", "k3"]
    assert (len(second["data"]), second["next"]) == (2, None)


def test_filters_of_the_list_hold_for_keys_of_the_file_as_well(client: TestClient) -> None:
    make(client, team="physics", comment="the lab's")
    make(client, name="child", parent="alice")

    assert names(client, team="physics") == ["alice", "bob", "child", "master"]
    assert names(client, q="LAB'S") == ["bob"]
    assert names(client, role="keymaster") == ["master"]
    assert names(client, parent="alice") == ["child"]
    assert names(client, origin="file", user="ann") == ["alice", "master"]
    assert names(client, origin="database", state="enabled") == ["bob", "child"]
    assert names(client, state="disabled") == []


def test_a_keymaster_finds_nobody_elses_keys_by_filter_or_as_csv(client: TestClient) -> None:
    make(client, name="stranger", parent="alice")
    make(client, MASTER, name="pupil")

    assert names(client, MASTER, q="stranger") == []
    assert names(client, MASTER, parent="alice") == []
    assert names(client, MASTER, parent="master") == ["pupil"]
    assert "stranger" not in client.get(KEYS, headers=MASTER, params={"format": "csv"}).text


def test_the_list_is_a_table_for_spreadsheets_too(client: TestClient) -> None:
    make(client, name="=1+1")

    answer = client.get(KEYS, headers=ROOT, params={"format": "csv", "origin": "database"})

    assert answer.headers["content-disposition"] == 'attachment; filename="keys.csv"'
    assert answer.text.startswith("id,name,hint,role,")
    assert ",'=1+1," in answer.text


@pytest.mark.parametrize("asked", [{"limit": 0}, {"limit": 1001}, {"after": "x"}, {"q": "\0"}, {"state": "odd"}])
def test_bad_questions_for_the_list_are_refused(client: TestClient, asked: dict[str, str | int]) -> None:
    assert client.get(KEYS, headers=ROOT, params=asked).status_code == 422


def test_of_two_who_change_the_same_key_the_second_is_told(client: TestClient) -> None:
    make(client)
    path = f"{KEYS}/bob"
    seen = {**ROOT, "if-match": client.get(path, headers=ROOT).headers["etag"]}

    first = client.patch(path, headers=seen, json={"comment": "mine"})
    second = client.patch(path, headers=seen, json={"comment": "no, mine"})

    assert first.status_code == 200
    assert (second.status_code, second.json()["code"]) == (412, "changed_meanwhile")
    assert client.delete(path, headers=seen).status_code == 412
    assert client.get(path, headers=ROOT).json()["comment"] == "mine"
    assert client.delete(path, headers={**ROOT, "if-match": first.headers["etag"]}).status_code == 200


def test_a_key_that_is_rotated_answers_by_both_keys_for_a_while(client: TestClient, installation: Installation) -> None:
    old = make(client, name="bob").json()["key"]

    rotated = client.post(f"{KEYS}/bob/rotate", headers=ROOT, json={"overlap_s": 60}).json()

    both = [client.get(KEYS, headers=bearer(key)).status_code for key in (old, rotated["key"])]
    installation.now_s += 60
    later = [client.get(KEYS, headers=bearer(key)).status_code for key in (old, rotated["key"])]
    assert (both, later) == ([200, 200], [401, 200])
    assert old != rotated["key"]
    assert rotated["previous_until"] is not None


def test_a_second_rotation_and_one_without_overlap_end_the_old_key_at_once(client: TestClient) -> None:
    first = make(client, name="bob").json()["key"]
    second = client.post(f"{KEYS}/bob/rotate", headers=ROOT, json={}).json()["key"]
    third = client.post(f"{KEYS}/bob/rotate", headers=ROOT, json={"overlap_s": 0}).json()["key"]

    assert [client.get(KEYS, headers=bearer(key)).status_code for key in (first, second, third)] == [401, 401, 200]
    assert client.post(f"{KEYS}/bob/rotate", headers=ROOT, json={"overlap_s": 1e9}).status_code == 422
    assert client.post(f"{KEYS}/alice/rotate", headers=ROOT, json={}).status_code == 409


def test_a_key_is_good_from_its_addresses_only(client: TestClient) -> None:
    key = make(client, name="bob", allowed_ips=["192.0.2.0/24"]).json()["key"]

    inside = client.get(KEYS, headers={**bearer(key), "x-forwarded-for": "192.0.2.7"})
    outside = client.get(KEYS, headers={**bearer(key), "x-forwarded-for": "198.51.100.1"})

    assert (inside.status_code, outside.status_code, outside.json()["code"]) == (200, 403, "address_not_allowed")
    assert make(client, name="eve", allowed_ips=["everywhere"]).status_code == 422
    changed = client.patch(f"{KEYS}/bob", headers=ROOT, json={"allowed_ips": []})
    assert changed.json()["allowed_ips"] == []


def test_an_inferrer_makes_a_few_keys_of_itself_that_end_soon(client: TestClient, installation: Installation) -> None:
    made = make(client, ALICE, name="run").json()

    assert (made["parent_id"], made["temporary"], made["team"]) == ("key_alice", True, "physics")
    assert made["expires_at"] is not None
    late = "2099-01-01T00:00:00Z"
    assert make(client, ALICE, name="long", expires_at=late).status_code == 422
    assert make(client, ALICE, name="high", role="keymaster").status_code == 403
    for number in range(19):
        assert make(client, ALICE, name=f"run {number}").status_code == 201
    assert make(client, ALICE, name="one too many").status_code == 409
    assert client.delete(f"{KEYS}/run", headers=ALICE).status_code == 200
    assert client.delete(f"{KEYS}/alice", headers=MASTER).status_code == 404

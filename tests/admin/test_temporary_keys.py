"""Temporary keys: who may make which, whose they are, and how they are kept alive."""

from datetime import UTC, datetime

from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.installation import ALICE, MASTER, PEPPER, ROOT, Installation, bearer
from tokenrouter.store.heartbeats import suspend_silent_keys
from tokenrouter.store.keys import KeyRequest, create_key, find_key

KEYS = "/api/v1/keys"


def make(client: TestClient, headers: dict[str, str] = ALICE, name: str = "run", **fields: object) -> Response:
    return client.post(KEYS, headers=headers, json={"name": name, "temporary": True, "ttl_s": 3600, **fields})


def suspend(installation: Installation, name: str) -> None:
    key = find_key(installation.store, name)
    suspend_silent_keys(installation.store, {key.id: key.created_at_s})


def ends_s(told: dict[str, str]) -> float:
    return datetime.fromisoformat(told["expires_at"]).replace(tzinfo=UTC).timestamp()


def test_a_key_of_any_role_makes_temporary_ones_below_itself(client: TestClient) -> None:
    made = [make(client, headers, f"run {n}").json() for n, headers in enumerate((ROOT, MASTER, ALICE))]

    assert [one["parent_id"] for one in made] == ["root", "master", "key_alice"]
    assert all(one["temporary"] and one["role"] == "inferrer" for one in made)


def test_an_admin_s_key_may_say_who_else_answers_for_it(client: TestClient) -> None:
    assert make(client, ROOT, "for alice", parent="alice").json()["parent_id"] == "key_alice"
    assert make(client, ROOT, "for a team", team="physics").json()["parent_id"] is None


def test_it_ends_when_its_time_is_over_by_the_server_s_clock(client: TestClient, installation: Installation) -> None:
    assert ends_s(make(client).json()) == installation.now_s + 3600
    assert make(client, name="day", ttl_s=86_400).status_code == 201
    assert make(client, name="longer", ttl_s=86_401).status_code == 422
    both = make(client, name="both", expires_at="2027-01-01T00:00:00Z")
    assert (both.status_code, both.json()["detail"]) == (422, "ttl_s, expires_at: say one of them, not both.")


def test_it_ends_with_whoever_answers_for_it(client: TestClient, installation: Installation) -> None:
    wanted = KeyRequest("soon over", expires_at_s=installation.now_s + 60, role="inferrer")
    parent = create_key(installation.store, wanted, pepper=PEPPER, now_s=installation.now_s)

    below = make(client, bearer(parent.key)).json()
    second = make(client, bearer(below["key"]), "below that").json()

    assert ends_s(below) == ends_s(second) == installation.now_s + 60


def test_it_may_what_its_parent_may_unless_its_maker_says_less(client: TestClient) -> None:
    given = {"passthrough": True, "unpriced": "allow", "allow_unpriced": True, "unbounded_input": "deny"}
    parent = client.post(KEYS, headers=ROOT, json={"name": "bob", **given}).json()["key"]

    made = make(client, bearer(parent)).json()
    less = make(client, bearer(parent), "less", passthrough=False, unpriced="deny").json()

    assert {name: made[name] for name in given} == given
    assert {name: less[name] for name in given} == {**given, "passthrough": False, "unpriced": "deny"}
    assert make(client, name="of alice").json()["passthrough"] is False


def test_below_a_key_that_is_disabled_none_is_made(client: TestClient, installation: Installation) -> None:
    parent = client.post(KEYS, headers=ROOT, json={"name": "bob"}).json()["key"]
    client.patch(f"{KEYS}/bob", headers=ROOT, json={"enabled": False})

    assert make(client, bearer(parent)).json()["code"] == "disabled_api_key"


def test_at_most_twenty_are_good_at_a_time_however_deep(client: TestClient, installation: Installation) -> None:
    first = make(client, name="0").json()["key"]
    assert all(make(client, bearer(first), str(n)).status_code == 201 for n in range(1, 20))

    for headers in (ALICE, bearer(first)):
        refused = make(client, headers, "one more")
        assert (refused.status_code, refused.json()["code"]) == (409, "too_many_keys")
        assert "at most 20 temporary keys" in refused.json()["detail"]
    me = client.get("/api/v1/me", headers=ALICE).json()
    assert (me["may_make_keys"], "at most 20" in me["why_not"]) == (False, True)

    client.delete(f"{KEYS}/1", headers=bearer(first))
    assert make(client, name="in its place").status_code == 201
    installation.now_s += 3601  # their time is over, though nobody has removed them yet
    assert make(client, name="later").status_code == 201


def test_keys_stand_eight_deep_at_most(client: TestClient) -> None:
    key = make(client, name="1").json()["key"]
    for depth in range(2, 8):
        key = make(client, bearer(key), str(depth)).json()["key"]

    refused = make(client, bearer(key), "too deep")

    assert (refused.status_code, "may stand 8 deep" in refused.json()["detail"]) == (422, True)


def test_it_gets_no_limits_of_its_own_from_an_inferrer(client: TestClient) -> None:
    make(client)
    wanted = {"scope": "key:run", "metric": "requests", "window": "day", "amount": 10**9}

    assert client.post("/api/v1/limits", headers=ALICE, json=wanted).status_code == 403


def test_only_a_temporary_key_has_a_heartbeat(client: TestClient) -> None:
    made = client.post(KEYS, headers=ROOT, json={"name": "for long", "heartbeat": True})

    assert (made.status_code, made.json()["code"]) == (422, "invalid_field")


def test_who_made_it_says_that_it_is_wanted(client: TestClient) -> None:
    made = make(client, heartbeat=True).json()

    told = client.post(f"{KEYS}/{made['id']}/heartbeat", headers=ALICE)

    assert (made["heartbeat"], made["suspended"], told.status_code) == (True, False, 200)
    assert told.json() == {
        "id": made["id"],
        "name": "run",
        "expires_at": made["expires_at"],
        "revived": False,
        "again_in_s": 15.0,
        "suspended_after_s": 90.0,
    }


def test_nobody_else_speaks_for_it(client: TestClient) -> None:
    made = make(client, heartbeat=True).json()
    other = client.post(KEYS, headers=ROOT, json={"name": "bob"}).json()["key"]
    path = f"{KEYS}/{made['id']}/heartbeat"

    assert [client.post(path, headers=one).status_code for one in (bearer(other), MASTER, ROOT)] == [404, 404, 200]
    assert client.post(path, headers=bearer(made["key"])).status_code == 403


def test_a_suspended_key_is_refused_and_good_again_with_the_next_heartbeat(
    client: TestClient, installation: Installation
) -> None:
    made = make(client, heartbeat=True).json()
    suspend(installation, "run")

    refused = client.get(KEYS, headers=bearer(made["key"]))
    listed = client.get(f"{KEYS}?state=suspended", headers=ALICE).json()["data"]

    assert (refused.status_code, refused.json()["code"]) == (401, "disabled_api_key")
    assert "is suspended: the program that it was made for has not been heard of" in refused.json()["detail"]
    assert [(one["name"], one["suspended"]) for one in listed] == [("run", True)]
    assert "run" not in {one["name"] for one in client.get(f"{KEYS}?state=enabled", headers=ALICE).json()["data"]}

    assert client.post(f"{KEYS}/run/heartbeat", headers=ALICE).json()["revived"]
    assert client.get(KEYS, headers=bearer(made["key"])).status_code == 200


def test_nobody_speaks_for_a_key_that_is_over_gone_or_good_without(
    client: TestClient, installation: Installation
) -> None:
    make(client, heartbeat=True)
    make(client, name="plain")

    plain = client.post(f"{KEYS}/plain/heartbeat", headers=ALICE)
    installation.now_s += 3601
    over = client.post(f"{KEYS}/run/heartbeat", headers=ALICE)

    assert (plain.status_code, plain.json()["code"]) == (409, "no_heartbeat")
    assert (over.status_code, over.json()["code"]) == (404, "key_not_found")
    assert client.post(f"{KEYS}/nothing/heartbeat", headers=ALICE).status_code == 404


def test_nobody_lets_it_last_longer_than_a_day(client: TestClient, installation: Installation) -> None:
    assert make(client, MASTER).status_code == 201
    day_s = installation.now_s + 86_400

    def end_at(end: str | None) -> Response:
        return client.patch(f"{KEYS}/run", headers=ROOT, json={"expires_at": end})

    for end in (None, datetime.fromtimestamp(day_s + 1, UTC).isoformat()):
        refused = end_at(end)
        assert (refused.status_code, "within 24 hours" in refused.json()["detail"]) == (422, True), refused.text
    assert end_at(datetime.fromtimestamp(day_s, UTC).isoformat()).status_code == 200
    assert client.patch(f"{KEYS}/run", headers=ROOT, json={"comment": "still"}).status_code == 200

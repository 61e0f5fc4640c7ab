from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.installation import ADMIN_PASSWORD, ALICE, ALICE_KEY, MASTER, ROOT, Installation, bearer
from tests.store.entries import NOON_US, entry
from tokenrouter.store.ledger import Row, record

NOON = datetime.fromtimestamp(NOON_US / 1e6, UTC)
HOUR_US = 3_600_000_000
ZEROS = {"total_input_tokens": 0, "total_output_tokens": 0, "total_cached_tokens": 0, "total_requests": 0}


def gen_key(client: TestClient, username: str = "bob", headers: dict[str, str] = ROOT) -> Response:
    return client.post("/admin/gen_key", headers=headers, json={"username": username})


def list_costs(client: TestClient, **params: str | int) -> list[dict[str, object]]:
    answer = client.get("/admin/list_costs", headers=ROOT, params=params)
    assert answer.status_code == 200, answer.text
    costs: list[dict[str, object]] = answer.json()["costs"]
    return costs


@pytest.mark.parametrize("headers", [ROOT, {"X-Admin-Password": ADMIN_PASSWORD}], ids=["a key", "the password"])
def test_a_key_is_made_for_a_person_and_works(client: TestClient, headers: dict[str, str]) -> None:
    made = gen_key(client, headers=headers)

    assert (made.status_code, made.json()["username"]) == (200, "bob")
    key = made.json()["api_key"]
    assert key.startswith("llmp-")
    assert len(bytes.fromhex(key.removeprefix("llmp-"))) == 32
    assert client.get("/api/v1/version", headers=bearer(key)).status_code == 403  # known, and no administrator's


def test_a_person_gets_one_key(client: TestClient) -> None:
    gen_key(client)

    assert (gen_key(client).status_code, gen_key(client).json()) == (400, {"detail": "User 'bob' already exists"})
    assert gen_key(client, "root").status_code == 400


@pytest.mark.parametrize("headers", [{}, MASTER, ALICE, {"X-Admin-Password": "guess"}, bearer("llmp-nobody")])
def test_only_administrators_are_answered(client: TestClient, headers: dict[str, str]) -> None:
    answers = [
        gen_key(client, headers=headers),
        client.get("/admin/list_users", headers=headers),
        client.get("/admin/list_costs", headers=headers),
        client.post("/admin/forbid_key", headers=headers, json={"username": "alice"}),
        client.post("/admin/allow_key", headers=headers, json={"username": "alice"}),
    ]

    assert {answer.status_code for answer in answers} <= {401, 403}
    assert {tuple(answer.json()) for answer in answers} == {("detail",)}


def test_who_is_listed_is_the_newest_first_with_keys_masked(client: TestClient, installation: Installation) -> None:
    keys = [gen_key(client, "bob").json()["api_key"]]
    installation.now_s += 1
    keys.append(gen_key(client, "cleo").json()["api_key"])

    answer = client.get("/admin/list_users", headers=ROOT)

    users = answer.json()["users"]
    assert [user["username"] for user in users[:2]] == ["cleo", "bob"]
    assert set(users[0]) == {"id", "username", "api_key", "created_at", "is_active"}
    assert isinstance(users[0]["id"], int)
    assert users[1]["created_at"] == "2026-01-01T12:00:00"
    assert not [key for key in keys if key in answer.text]


def test_numbers_of_people_stay(client: TestClient) -> None:
    def numbers() -> dict[str, int]:
        return {user["username"]: user["id"] for user in client.get("/admin/list_users", headers=ROOT).json()["users"]}

    before = numbers()
    gen_key(client)

    assert {name: number for name, number in numbers().items() if name != "bob"} == before


@pytest.mark.parametrize("by", ["username", "api_key"])
def test_a_forbidden_key_stops_and_an_allowed_one_goes_on(client: TestClient, by: str) -> None:
    key = gen_key(client).json()["api_key"]
    named = {by: "bob" if by == "username" else key}

    forbidden = client.post("/admin/forbid_key", headers=ROOT, json=named)
    again = client.post("/admin/forbid_key", headers=ROOT, json=named)

    assert (forbidden.status_code, forbidden.json()["success"], again.json()["success"]) == (200, True, True)
    assert client.get("/api/v1/version", headers=bearer(key)).status_code in (401, 403)
    assert client.get("/api/v1/version", headers=bearer(key)).json()["code"] == "disabled_api_key"
    assert not client.get("/admin/list_users", headers=ROOT).json()["users"][0]["is_active"]
    assert client.post("/admin/allow_key", headers=ROOT, json=named).json()["success"]
    assert client.get("/api/v1/version", headers=bearer(key)).json()["code"] == "role_not_allowed"


@pytest.mark.parametrize(
    ("named", "status"),
    [({}, 400), ({"username": "nobody"}, 404), ({"username": "alice"}, 409), ({"username": 5}, 422)],
)
def test_who_cannot_be_forbidden_is_told_in_its_shape(
    client: TestClient, named: dict[str, object], status: int
) -> None:
    answer = client.post("/admin/forbid_key", headers=ROOT, json=named)

    assert answer.status_code == status
    assert set(answer.json()) == {"detail"}


def test_either_name_or_key_will_do(client: TestClient) -> None:
    key = gen_key(client).json()["api_key"]

    answer = client.post("/admin/forbid_key", headers=ROOT, json={"username": "nobody", "api_key": key})

    assert answer.json()["success"]


def test_what_everybody_used_is_told_by_name_with_those_who_used_nothing(
    client: TestClient, installation: Installation
) -> None:
    record(installation.store, [Row(entry("01")), Row(entry("02", key_id="gone", key_name="zoe"))], {})

    costs = list_costs(client)

    assert [one["username"] for one in costs] == ["alice", "master", "root", "zoe"]
    assert costs[0] == {
        "username": "alice",
        "total_input_tokens": 10,
        "total_output_tokens": 5,
        "total_cached_tokens": 4,
        "total_requests": 1,
        "model_costs": None,
    }
    assert costs[1] == {"username": "master", "model_costs": None, **ZEROS}
    assert installation.drains == 1


def test_it_is_split_by_model_where_that_is_asked_for(client: TestClient, installation: Installation) -> None:
    record(installation.store, [Row(entry("01")), Row(entry("02", model="large"))], {})

    alice, master = list_costs(client, by_model=True)[:2]

    models = alice["model_costs"]
    assert isinstance(models, list)
    assert [(one["model"], one["total_requests"]) for one in models] == [("large", 1), ("small", 1)]
    assert (alice["total_requests"], master["model_costs"]) == (2, [])


@pytest.mark.parametrize(
    ("params", "requests"),
    [
        ({"last_hours": 1}, 1),
        ({"last_hours": 3}, 2),
        ({"start_time": "2026-01-01T12:00:00"}, 1),
        ({"start_time": "2026-01-01T12:00:00+02:00"}, 2),
        ({"end_time": "2026-01-01T10:00:00Z"}, 1),
        ({"start_time": "2026-01-01T10:00:00Z", "end_time": "2026-01-01T12:00:00Z"}, 2),
    ],
)
def test_times_are_included_and_without_a_zone_they_are_utc(
    client: TestClient, installation: Installation, params: dict[str, str | int], requests: int
) -> None:
    record(installation.store, [Row(entry("01", started_us=NOON_US - 2 * HOUR_US)), Row(entry("02"))], {})

    assert list_costs(client, **params)[0]["total_requests"] == requests


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"last_hours": 1, "end_time": "2026-01-01T10:00:00Z"}, 400),
        ({"start_time": "2026-01-02", "end_time": "2026-01-01"}, 400),
        ({"last_hours": 0}, 422),
        ({"start_time": "yesterday"}, 422),
    ],
)
def test_times_that_cannot_be_are_refused_in_its_shape(
    client: TestClient, params: dict[str, str | int], status: int
) -> None:
    answer = client.get("/admin/list_costs", headers=ROOT, params=params)

    assert answer.status_code == status
    assert set(answer.json()) == {"detail"}


def test_who_guesses_the_password_has_to_wait(client: TestClient) -> None:
    statuses = [gen_key(client, headers={"X-Admin-Password": "guess"}).status_code for _ in range(7)]

    assert (statuses[0], statuses[-1]) == (401, 429)
    assert gen_key(client, headers={"X-Admin-Password": ADMIN_PASSWORD}).status_code == 429


def test_without_a_password_of_the_operator_s_none_is_right(client: TestClient, installation: Installation) -> None:
    installation.without_password()

    assert gen_key(client, headers={"X-Admin-Password": ""}).status_code == 401


def test_a_key_s_own_bearer_is_no_way_to_forbid_others(client: TestClient) -> None:
    refused = client.post("/admin/forbid_key", headers=bearer(ALICE_KEY), json={"username": "master"})

    assert refused.status_code == 403

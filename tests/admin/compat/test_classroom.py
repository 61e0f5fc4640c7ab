import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.installation import ADMIN_PASSWORD, ALICE, MASTER, ROOT, Installation, bearer
from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.jobs.limit_use import LimitFigures
from tokenrouter.store.keys import KeyRequest, create_key, list_keys
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.limits import list_limits
from tokenrouter.store.teams import create_team, list_teams

PASSWORD = {"X-Admin-Password": ADMIN_PASSWORD}
TEAMS = "/admin/teams"


def make(client: TestClient, name: object = "7b", **fields: object) -> Response:
    return client.post(TEAMS, headers=PASSWORD, json={"name": name, "quota_tokens": 1000, **fields})


def use(installation: Installation, used: int, team: str = "7b") -> None:
    """Let the books show that a team has used so much."""
    row = entry("01", key_id="k", team=team, usage=Usage(used - 1, 1))
    record(installation.store, [Row(row)], {})
    (limit,) = (one.limit for one in list_limits(installation.store) if one.limit.metric == "tokens")
    installation.limit_figures = LimitFigures(frozenset({limit.id}), {(limit.id, f"team:{team}"): used})


def test_a_team_is_made_with_a_token_that_is_shown_once(client: TestClient) -> None:
    made = make(client)

    assert made.status_code == 201
    team = made.json()
    token = team.pop("token")
    assert team == {
        "id": 1,
        "name": "7b",
        "email": None,
        "quota_tokens": 1000,
        "used_tokens": 0,
        "remaining_tokens": 1000,
        "usage_percentage": 0.0,
        "total_requests": 0,
        "max_requests_per_minute": 30,
        "is_active": True,
        "created_at": "2026-01-01T12:00:00",
    }
    assert len(token) == 43
    assert client.get("/v1/usage/7b", headers=bearer(token)).status_code == 200
    assert token not in client.get(TEAMS, headers=PASSWORD).text
    assert token not in client.get(f"{TEAMS}/1", headers=PASSWORD).text


def test_a_token_may_be_chosen(client: TestClient) -> None:
    assert make(client, token="a-token-that-was-chosen-here").json()["token"] == "a-token-that-was-chosen-here"


def test_a_team_is_a_team_a_key_and_limits(client: TestClient, installation: Installation) -> None:
    make(client, max_requests_per_minute=0, email="Anna@b.example")

    assert [team.name for team in list_teams(installation.store)] == ["7b"]
    (key,) = list_keys(installation.store)
    assert (key.name, key.team, key.user) == ("7b", "7b", "7b")
    (limit,) = list_limits(installation.store)
    assert (limit.limit.scope, limit.limit.metric, limit.limit.amount) == ("team:7b", "tokens", 1000)
    assert client.get(f"{TEAMS}/1", headers=PASSWORD).json()["email"] == "anna@b.example"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "7b"}, "Team name already exists"),
        ({"name": "8b", "token": "the-token-of-7b-0123456789"}, "Token already exists"),
        ({"name": "8b", "email": "a@b.example"}, "Email already exists"),
        ({"name": "physics"}, "Team name already exists: the file has a key of this name or team"),
    ],
)
def test_what_is_there_already_is_refused_and_leaves_nothing(
    client: TestClient, installation: Installation, fields: dict[str, object], words: str
) -> None:
    make(client, token="the-token-of-7b-0123456789", email="a@b.example")

    refused = make(client, **fields)

    assert (refused.status_code, refused.json()) == (400, {"detail": words})
    assert len(list_teams(installation.store)) == len(list_keys(installation.store)) == 1
    assert len(list_limits(installation.store)) == 2


@pytest.mark.parametrize("fields", [{"quota_tokens": 0}, {"quota_tokens": "many"}, {"name": "a:b"}, {"name": None}])
def test_what_cannot_be_is_refused_in_its_shape(client: TestClient, fields: dict[str, object]) -> None:
    refused = make(client, **fields)

    assert refused.status_code == 422
    assert isinstance(refused.json()["detail"], list)


@pytest.mark.parametrize("headers", [{}, MASTER, ALICE, {"X-Admin-Password": "admin123"}])
def test_only_administrators_are_answered(client: TestClient, headers: dict[str, str]) -> None:
    make(client)
    asked = [
        ("GET", TEAMS),
        ("POST", TEAMS),
        ("GET", f"{TEAMS}/1"),
        ("PUT", f"{TEAMS}/1"),
        ("DELETE", f"{TEAMS}/1"),
        ("POST", f"{TEAMS}/1/reset"),
        ("GET", f"{TEAMS}/1/logs"),
        ("GET", "/admin/stats"),
    ]

    answers = [client.request(method, path, headers=headers) for method, path in asked]

    assert {answer.status_code for answer in answers} <= {401, 403, 429}
    assert {tuple(answer.json()) for answer in answers} == {("detail",)}
    assert client.get(TEAMS, headers=ROOT).json()[0]["name"] == "7b"


def test_a_team_changes_and_its_name_stays(client: TestClient) -> None:
    make(client)

    changed = client.put(
        f"{TEAMS}/1",
        headers=PASSWORD,
        json={"name": "7b", "quota_tokens": 2000, "max_requests_per_minute": 5, "is_active": False},
    )
    refused = client.put(f"{TEAMS}/1", headers=PASSWORD, json={"name": "8b"})

    shown = changed.json()
    assert (shown["quota_tokens"], shown["max_requests_per_minute"], shown["is_active"]) == (2000, 5, False)
    assert (refused.status_code, list(refused.json())) == (400, ["detail"])
    rateless = client.put(f"{TEAMS}/1", headers=PASSWORD, json={"max_requests_per_minute": 0}).json()
    assert (rateless["max_requests_per_minute"], rateless["quota_tokens"]) == (0, 2000)


def test_a_team_that_is_not_active_is_refused(client: TestClient) -> None:
    token = make(client).json()["token"]

    client.put(f"{TEAMS}/1", headers=PASSWORD, json={"is_active": False})

    assert client.get("/v1/usage/7b", headers=bearer(token)).status_code in (401, 403)


def test_a_team_that_is_removed_takes_key_and_limits_along_and_not_the_books(
    client: TestClient, installation: Installation
) -> None:
    make(client)
    record(installation.store, [Row(entry("01", team="7b"))], {})
    create_key(installation.store, KeyRequest("other", team="other"), pepper=b"p", now_s=1.0)

    gone = client.delete(f"{TEAMS}/1", headers=PASSWORD)

    assert (gone.status_code, gone.content) == (204, b"")
    assert client.get(f"{TEAMS}/1", headers=PASSWORD).json() == {"detail": "Team not found"}
    assert [key.name for key in list_keys(installation.store)] == ["other"]
    assert not list_limits(installation.store)
    assert client.get("/api/v1/usage?by=team", headers=ROOT).json()["total"]["requests"] == 1


def test_what_a_team_used_is_shown_and_reset(client: TestClient, installation: Installation) -> None:
    make(client)
    use(installation, 250)

    shown = client.get(f"{TEAMS}/1", headers=PASSWORD).json()
    usage = client.get("/v1/usage/7b", headers=PASSWORD).json()
    stats = client.get("/admin/stats", headers=PASSWORD).json()

    assert (shown["used_tokens"], shown["remaining_tokens"], shown["usage_percentage"]) == (250, 750, 25.0)
    assert usage == {
        "team_name": "7b",
        "quota_tokens": 1000,
        "used_tokens": 250,
        "remaining_tokens": 750,
        "usage_percentage": 25.0,
        "total_requests": 1,
        "max_requests_per_minute": 30,
        "is_active": True,
    }
    assert stats == {
        "total_teams": 1,
        "active_teams": 1,
        "total_requests": 1,
        "total_tokens_used": 250,
        "total_quota_tokens": 1000,
    }
    installation.limit_figures = LimitFigures()
    reset = client.post(f"{TEAMS}/1/reset", headers=PASSWORD)
    assert (reset.status_code, reset.json()["used_tokens"]) == (200, 0)
    assert installation.drains == 1


def test_a_team_without_a_limit_of_its_own_has_that_of_every_team_or_none(
    client: TestClient, installation: Installation
) -> None:
    create_team(installation.store, "free", now_s=1.0)
    record(installation.store, [Row(entry("01", team="free"))], {})

    assert client.get("/v1/usage/free", headers=ROOT).json()["quota_tokens"] is None
    assert client.get("/v1/usage/free", headers=ROOT).json()["used_tokens"] == 15

    every = Limit("team:*|tokens|lifetime", "team:*", "tokens", Window("lifetime"), 60)
    installation.declare(limits=(every,))
    installation.limit_figures = LimitFigures(frozenset({every.id}), {(every.id, "team:free"): 15})
    usage = client.get("/v1/usage/free", headers=ROOT).json()
    assert (usage["quota_tokens"], usage["used_tokens"], usage["usage_percentage"]) == (60, 15, 25.0)


def test_a_team_s_usage_is_told_to_itself_and_to_nobody_else(client: TestClient) -> None:
    make(client)
    other = make(client, "8b").json()["token"]

    own, foreign, wild = (client.get(f"/v1/usage/{name}", headers=bearer(other)) for name in ("8b", "7b", "%25"))

    assert (own.status_code, own.json()["team_name"]) == (200, "8b")
    assert (foreign.status_code, wild.status_code) == (403, 403)
    assert client.get("/v1/usage/7b").status_code == 401
    assert client.get("/v1/usage/nobody", headers=bearer(other)).status_code == 403
    assert client.get("/v1/usage/nobody", headers=ROOT).json() == {}
    assert client.get("/v1/usage/7B", headers=ROOT).json() == {}


def test_what_a_team_asked_for_is_listed_newest_first_without_its_texts(
    client: TestClient, installation: Installation
) -> None:
    make(client)
    rows = [
        entry("01", team="7b"),
        entry("02", team="7b", started_us=NOON_US + 1, end_reason="provider_error", error_code="overloaded"),
        entry("03", team="8b"),
    ]
    record(installation.store, [Row(row) for row in rows], {})

    newest, first = client.get(f"{TEAMS}/1/logs", headers=PASSWORD).json()

    assert (newest["status"], newest["error_message"], newest["request_payload"]) == ("error", "overloaded", None)
    assert first == {
        "id": NOON_US,
        "team_id": 1,
        "timestamp": "2026-01-01T12:00:00",
        "model": "acme/small",
        "input_tokens": 10,
        "output_tokens": 5,
        "total_tokens": 15,
        "status": "success",
        "error_message": None,
        "request_payload": None,
        "response_payload": None,
    }
    assert client.get(f"{TEAMS}/1/logs?skip=1&limit=1", headers=PASSWORD).json() == [first]
    assert client.get(f"{TEAMS}/1/logs?limit=1001", headers=PASSWORD).status_code == 422


def test_teams_come_in_pages_by_number(client: TestClient) -> None:
    for name in ("c", "a", "b"):
        make(client, name)

    assert [team["name"] for team in client.get(TEAMS, headers=PASSWORD).json()] == ["c", "a", "b"]
    assert [team["id"] for team in client.get(f"{TEAMS}?skip=1&limit=1", headers=PASSWORD).json()] == [2]


@pytest.mark.parametrize("number", ["0", "99", "x", "9" * 30])
def test_a_number_that_is_nobody_s_is_told_so(client: TestClient, number: str) -> None:
    assert client.get(f"{TEAMS}/{number}", headers=PASSWORD).status_code in (404, 422)

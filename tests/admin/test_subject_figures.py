from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, Installation
from tests.admin.world import World, make_world
from tests.store.entries import NOON_US, entry
from tokenrouter.domain.people import Membership
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.teams import put_member


def listed(client: TestClient, what: str, headers: dict[str, str] = ROOT, **params: str) -> dict[str, Any]:
    client.cookies.clear()
    answer = client.get(f"/api/v1/{what}", headers=headers, params={"figures": "true", **params})
    assert answer.status_code == 200, answer.text
    return {one["name"]: one["figures"] for one in answer.json()["data"]}


@pytest.fixture
def world(installation: Installation) -> World:
    return make_world(installation)


def test_a_key_shows_who_stands_above_and_below_it_and_what_it_has_used(
    client: TestClient, installation: Installation
) -> None:
    record(installation.store, [Row(entry("1")), Row(entry("2", started_us=NOON_US + 60_000_000))], {})
    assert client.post("/api/v1/keys", headers=ROOT, json={"name": "below", "parent": "master"}).status_code == 201
    made = client.get("/api/v1/keys/below", headers=ROOT).json()
    client.post("/api/v1/limits", headers=ROOT, json={"scope": "key:below", "metric": "tokens", "amount": 500})

    found = listed(client, "keys")

    assert (found["below"]["parent"], found["below"]["limits"], found["below"]["last_used_at"]) == ("master", 1, None)
    tokens = {"metric": "tokens", "window": "lifetime", "amount": 500, "mode": "hard"}
    assert found["below"]["first_limits"] == [tokens]
    assert (found["master"]["children"], found["alice"]["limits"]) == (1, 1)
    assert found["alice"]["last_used_at"] == "2026-01-01T12:01:00Z"
    assert found["alice"]["month"] == {"requests": 2, "tokens": 30, "cost_usd": "0.00000005", "cost_nano_usd": 50}
    assert client.get("/api/v1/keys/below", headers=ROOT).json() == made


def test_lists_say_nothing_that_was_not_asked(client: TestClient, world: World) -> None:
    for what in ("keys", "teams", "users"):
        rows = client.get(f"/api/v1/{what}", headers=ROOT).json()["data"]
        assert rows
        assert {row["figures"] for row in rows} == {None}


def test_a_team_shows_its_people_and_keys(client: TestClient, world: World) -> None:
    red = listed(client, "teams")["red"]

    assert (red["members"], red["keys"], red["limits"], red["month"]["requests"]) == (2, 3, 0, 3)


def test_a_person_shows_their_teams_and_keys(client: TestClient, world: World) -> None:
    head = listed(client, "users")["blue-head"]

    assert head["teams"] == [{"team": "blue", "admin": True}]
    assert (head["keys"], head["limits"], head["month"]["requests"]) == (2, 0, 2)


def test_who_administers_a_team_sees_the_figures_of_that_team_only(client: TestClient, world: World) -> None:
    record(world.installation.store, [Row(entry("elsewhere", user="red-member", team="art"))], {})

    people = listed(client, "users", world.callers["team_admin"])

    assert people["red-member"]["month"]["requests"] == 1
    assert listed(client, "users")["red-member"]["month"]["requests"] == 2
    assert listed(client, "teams", world.callers["team_admin"])["red"]["members"] == 2
    assert listed(client, "teams", world.callers["member"]) == {"red": None}
    assert listed(client, "users", world.callers["member"])["red-member"]["keys"] == 1


def test_a_team_admin_is_told_of_people_what_they_may_read_elsewhere_too(client: TestClient, world: World) -> None:
    for body in (
        {"scope": "user:red-member", "metric": "tokens", "window": "day", "amount": 88_888},
        {"scope": "user:red-head", "metric": "tokens", "window": "day", "amount": 99},
    ):
        assert client.post("/api/v1/limits", headers=ROOT, json=body).status_code == 201
    put_member(world.installation.store, Membership("blue", "red-member"))

    head = listed(client, "users", world.callers["team_admin"])
    member = listed(client, "users", world.callers["member"])

    assert (head["red-member"]["limits"], head["red-member"]["first_limits"]) == (0, [])
    assert head["red-member"]["teams"] == [{"team": "red", "admin": False}]
    assert (head["red-head"]["limits"], member["red-member"]["limits"]) == (1, 1)
    assert [one["team"] for one in member["red-member"]["teams"]] == ["blue", "red"]
    told = client.get("/api/v1/users/red-member", headers=world.callers["team_admin"]).json()
    assert told["teams"] == [{"team": "red", "admin": False}]

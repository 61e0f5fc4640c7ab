from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, ROOT, Installation
from tests.admin.world import World, make_world
from tests.store.entries import NOON_US, entry
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.limits import create_limit

DAY_US = 86_400_000_000


@pytest.fixture
def world(installation: Installation) -> World:
    return make_world(installation)


def me(client: TestClient, headers: dict[str, str]) -> dict[str, Any]:
    client.cookies.clear()
    answer = client.get("/api/v1/me", headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_member_finds_what_is_theirs_in_one_answer(client: TestClient, world: World) -> None:
    limit = Limit("team:red|tokens", "team:red", "tokens", Window("day"), 100)
    create_limit(world.installation.store, limit, now_s=1.0)
    rows = [
        entry("1", user="red-member", team="elsewhere"),
        entry("2", user="red-head", team="red"),
    ]
    record(world.installation.store, [Row(row) for row in rows], {})

    found = me(client, world.callers["member"])

    assert (found["kind"], found["name"], found["role"]) == ("person", "red-member", "member")
    assert (found["teams"], found["administers"]) == (["red"], [])
    assert [key["name"] for key in found["keys"]["data"]] == ["red-laptop"]
    assert found["keys"]["data"][0]["figures"]["month"]["requests"] == 1
    assert [(one["scope"], one["left"]) for one in found["limits"] if one["metric"] == "tokens"] == [("team:red", 100)]
    assert (found["used"]["today"]["requests"], found["used"]["month"]["requests"]) == (2, 2)
    assert (found["may_make_keys"], found["why_not"]) == (True, "")


def test_a_key_finds_what_is_its_own(client: TestClient, installation: Installation) -> None:
    rows = [entry("1"), entry("2", started_us=NOON_US + DAY_US), entry("3", key_id="key_bob")]
    record(installation.store, [Row(row) for row in rows], {})
    installation.now_s += 86_400

    found = me(client, ALICE)

    assert (found["kind"], found["id"], found["keys"]["count"]) == ("key", "key_alice", 1)
    assert {one["scope"] for one in found["limits"]} == {"key:alice", "team:physics"}
    assert (found["used"]["today"]["requests"], found["used"]["month"]["requests"]) == (1, 2)


def test_who_may_make_no_keys_is_told_why(client: TestClient, world: World) -> None:
    create_limit(world.installation.store, Limit("k", "key:*", "tokens", Window("day"), 100), now_s=1.0)

    found = me(client, world.callers["member"])

    assert not found["may_make_keys"]
    assert "only an admin" in found["why_not"]
    assert me(client, world.callers["admin"])["may_make_keys"]


def test_clients_are_pointed_where_the_operator_says(client: TestClient, installation: Installation) -> None:
    own = me(client, ROOT)
    assert (own["base_url"], own["is_public"]) == ("http://127.0.0.1:8080/v1", False)

    installation.state.settings = replace(installation.settings, public_url="https://ai.example/v1")

    assert me(client, ROOT)["base_url"] == "https://ai.example/v1"

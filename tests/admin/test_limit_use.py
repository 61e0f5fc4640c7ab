from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, BUDGET, MASTER, ROOT, TOKENS, Installation
from tokenrouter.admin.callers import Caller
from tokenrouter.admin.limit_use import holding_limits
from tokenrouter.domain.actors import Actor
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.jobs.limit_use import LimitFigures
from tokenrouter.store.keys import find_key
from tokenrouter.store.limits import create_limit

LIMITS = "/api/v1/limits"
DAY = Window("day")


@pytest.fixture(autouse=True)
def used(installation: Installation) -> None:
    installation.limit_figures = LimitFigures(
        used={
            (TOKENS.id, "key:alice"): 850,
            (BUDGET.id, "team:physics"): 5_000_000_000,
            (BUDGET.id, "team:art"): 30_000_000_000,
        },
        held={(TOKENS.id, "key:alice"): 100},
    )


def listed(client: TestClient, headers: dict[str, str] = ROOT, **params: str | int) -> dict[str, Any]:
    answer = client.get(LIMITS, headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    return {one["scope"]: one["use"] for one in answer.json()["data"]}


def test_a_list_says_how_it_stands_with_each_limit_when_it_is_asked(client: TestClient) -> None:
    assert listed(client)["key:alice"] is None

    use = listed(client, use="true")["key:alice"]

    assert (use["used"], use["held"], use["left"], use["allowed"]) == (850, 100, 50, 1000)
    assert (use["share"], use["state"], use["resets_at"], use["counters"]) == (0.95, "soon", None, 1)


def test_of_a_template_the_counter_is_shown_that_is_nearest_to_its_end(client: TestClient) -> None:
    use = listed(client, use="true")["team:*"]

    assert (use["scope"], use["used"], use["left"], use["state"]) == ("team:art", "30.00", "0.00", "stopped")
    assert (use["counters"], use["not_ok"], use["resets_at"]) == (2, 1, "2026-02-01T00:00:00Z")


def test_those_that_come_to_their_end_are_found_on_whichever_page(
    client: TestClient, installation: Installation
) -> None:
    for number in range(30):
        limit = Limit(f"user:{number}|tokens", f"user:{number}", "tokens", DAY, 0 if number in (7, 29) else 10)
        create_limit(installation.store, limit, now_s=float(number))

    assert set(listed(client, state="stopped")) == {"team:*", "user:7", "user:29"}
    assert set(listed(client, state="near")) == {"key:alice", "team:*", "user:7", "user:29"}
    first = client.get(LIMITS, headers=ROOT, params={"state": "stopped", "limit": 2}).json()
    rest = client.get(LIMITS, headers=ROOT, params={"state": "stopped", "limit": 2, "after": first["next"]}).json()
    assert [one["scope"] for one in first["data"] + rest["data"]] == ["team:*", "user:7", "user:29"]


def test_limits_are_found_by_their_kind_and_their_team(client: TestClient, installation: Installation) -> None:
    client.post("/api/v1/keys", headers=ROOT, json={"name": "painter", "team": "art"})
    for scope in ("key:painter", "team:art", "user:zoe", "global"):
        create_limit(installation.store, Limit(scope, scope, "tokens", DAY, 5), now_s=1.0)

    assert set(listed(client, kind="key")) == {"key:alice", "key:painter"}
    assert set(listed(client, kind="global")) == {"global"}
    assert set(listed(client, team="art")) == {"key:painter", "team:art"}
    assert set(listed(client, team="physics")) == {"key:alice"}


def test_a_limit_that_counts_nothing_by_the_books_has_no_use(client: TestClient, installation: Installation) -> None:
    limit = Limit("c", "key:alice", "concurrency", Window("lifetime"), 3)
    create_limit(installation.store, limit, now_s=1.0)

    assert [one["use"] for one in client.get(f"{LIMITS}?use=1&metric=concurrency", headers=ROOT).json()["data"]] == [
        None
    ]


def test_a_keymaster_sees_nothing_of_others_limits(client: TestClient) -> None:
    assert listed(client, MASTER, use="true") == {}
    assert set(listed(client, ALICE, use="true")) == {"key:alice"}


def test_what_holds_a_member_is_told_and_what_others_use_is_not(client: TestClient, installation: Installation) -> None:
    client.post("/api/v1/keys", headers=ROOT, json={"name": "own", "team": "physics", "user": "ann"})
    whole = Limit("global|tokens", "global", "tokens", DAY, 100)
    everybody = Limit("key:*|requests", "key:*", "requests", DAY, 10)
    for limit in (whole, everybody, Limit("user:bob", "user:bob", "tokens", DAY, 1)):
        create_limit(installation.store, limit, now_s=1.0)
    used = {(whole.id, "global"): 90, (everybody.id, "key:own"): 3, (everybody.id, "key:alice"): 9}
    figures = installation.limit_figures
    installation.limit_figures = replace(figures, used={**figures.used, **used})
    ann = Caller("member", Actor("person", "usr_1", "ann"), None, "ann", member_of=frozenset({"physics"}))

    found = holding_limits(installation.state, ann, [find_key(installation.store, "own")])

    assert [(one.scope, one.state, one.used, one.left) for one in found] == [
        ("global", "soon", None, None),
        ("key:own", "ok", 3, 7),
        ("team:physics", "ok", "5.00", "20.00"),
    ]
    admin = replace(ann, role="admin")
    assert holding_limits(installation.state, admin, [])[0].used == 90

import pytest
from fastapi.testclient import TestClient

from tests.admin.compat.people import person
from tests.admin.installation import ALICE, MASTER, PEPPER, ROOT, Installation
from tests.store.entries import NOON_US
from tokenrouter.domain.limit_text import parse_window
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.domain.people import Membership
from tokenrouter.domain.windows import window_start
from tokenrouter.jobs.limit_use import LimitFigures
from tokenrouter.store.adjustments import adjustments_since
from tokenrouter.store.keys import KeyRequest, create_key
from tokenrouter.store.limit_use import LimitCharge, add_limit_use
from tokenrouter.store.limits import create_limit
from tokenrouter.store.teams import create_team, put_member

SCOPES = ("team:7b", "user:bob", "user:other")


@pytest.fixture(autouse=True)
def _used(installation: Installation) -> None:
    """Two members' and a team's limits, of which something is used; one more of somebody else."""
    store = installation.store
    create_team(store, "7b", now_s=1.0)
    for name, is_admin in (("fox", True), ("bob", False)):
        person(installation, name)
        put_member(store, Membership("7b", name, admin=is_admin))
    charges = []
    for scope in SCOPES:
        limit = Limit(f"{scope}|tokens|lifetime", scope, "tokens", Window("lifetime"), 1000)
        create_limit(store, limit, now_s=1.0)
        charges.append(LimitCharge(limit.id, scope, 0, 100))
    with store.write() as connection:
        add_limit_use(connection, charges)
    installation.limit_figures = LimitFigures()


def test_an_admin_gives_back_what_the_team_and_its_members_used(client: TestClient, installation: Installation) -> None:
    answer = client.post("/api/v1/teams/7b/reset", headers=ROOT, json={"reason": "a new term"})

    assert answer.status_code == 200, answer.text
    assert {(one["scope"], one["amount"]) for one in answer.json()["data"]} == {("team:7b", 100), ("user:bob", 100)}
    written = adjustments_since(installation.store, NOON_US - 1)
    assert {(one.kind, one.scope, one.amount, one.reason) for one in written} == {
        ("reset", "team:7b", -100, "a new term"),
        ("reset", "user:bob", -100, "a new term"),
    }
    assert installation.drains == 1
    assert client.post("/api/v1/teams/7b/reset", headers=ROOT).json()["data"] == []


def test_a_team_s_admin_gives_back_of_the_limits_that_they_made_and_of_none_that_holds_them(
    client: TestClient, installation: Installation
) -> None:
    began = client.post("/api/v1/session", json={"email": "fox@b.example", "password": "a long enough password"}).json()
    key = create_key(installation.store, KeyRequest("laptop", team="7b"), pepper=PEPPER, now_s=1.0).stored
    for made_by, window in ((began["id"], "day"), ("somebody else", "week")):
        limit = Limit(f"key:laptop|tokens|{window}", f"key:{key.name}", "tokens", parse_window(window), 1000)
        create_limit(installation.store, limit, made_by=made_by, now_s=1.0)
        start_us = int(window_start(limit.window, installation.now_s, 0.0) * 1e6)
        with installation.store.write() as connection:
            add_limit_use(connection, [LimitCharge(limit.id, limit.scope, start_us, 100)])

    answer = client.post("/api/v1/teams/7b/reset", headers={"x-csrf-token": began["csrf"]})

    assert [(one["scope"], one["window"]) for one in answer.json()["data"]] == [("key:laptop", "day")]


def test_others_reset_nothing(client: TestClient) -> None:
    began = client.post("/api/v1/session", json={"email": "bob@b.example", "password": "a long enough password"})
    token = {"x-csrf-token": began.json()["csrf"]}

    assert client.post("/api/v1/teams/7b/reset", headers=token).status_code == 403
    for headers in (ALICE, MASTER):
        assert client.post("/api/v1/teams/7b/reset", headers=headers).status_code in (403, 404)
    assert client.post("/api/v1/teams/nobody/reset", headers=ROOT).status_code == 404

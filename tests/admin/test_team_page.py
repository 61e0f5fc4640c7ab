import pytest
from fastapi.testclient import TestClient

from tests.admin.compat.people import person
from tests.admin.installation import ALICE, Installation
from tests.store.entries import entry
from tokenrouter.admin.team_page import PATH
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.domain.people import Membership
from tokenrouter.jobs.limit_use import LimitFigures
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.limits import create_limit
from tokenrouter.store.teams import create_team, put_member

QUOTA = Limit("user:bob|tokens|lifetime", "user:bob", "tokens", Window("lifetime"), 1000)


@pytest.fixture
def team(installation: Installation) -> None:
    create_team(installation.store, "7b", now_s=1.0)
    for name, is_admin in (("fox", True), ("bob", False), ("cleo", False)):
        person(installation, name)
        put_member(installation.store, Membership("7b", name, admin=is_admin))
    create_limit(installation.store, QUOTA, now_s=1.0)
    installation.limit_figures = LimitFigures(frozenset({QUOTA.id}), {(QUOTA.id, "user:bob"): 250})
    rows = [entry("01", user="bob", team="7b"), entry("02", user="cleo", team="7b"), entry("03", user="bob", team="x")]
    record(installation.store, [Row(row) for row in rows], {})


def page(client: TestClient, name: str) -> str:
    client.cookies.clear()
    began = client.post("/api/v1/session", json={"email": f"{name}@b.example", "password": "a long enough password"})
    assert began.status_code == 201
    return client.get(PATH).text


@pytest.mark.usefixtures("team")
def test_a_member_sees_their_own_use_and_limits_and_nobody_else_s(client: TestClient) -> None:
    shown = page(client, "bob")

    assert "250 of 1,000" in shown or "250 of 1000" in shown
    assert "<td>2</td>" in shown
    assert "cleo" not in shown


@pytest.mark.usefixtures("team")
def test_a_team_s_admin_sees_everybody_in_it(client: TestClient) -> None:
    shown = page(client, "fox")

    assert {name in shown for name in ("bob", "cleo", "Team 7b")} == {True}
    assert "750" in shown


def test_a_key_as_bearer_shows_its_own(client: TestClient, installation: Installation) -> None:
    record(installation.store, [Row(entry("01")), Row(entry("02", key_id="other"))], {})

    shown = client.get(PATH, headers=ALICE)

    assert shown.status_code == 200
    assert "key:alice" in shown.text
    assert "<td>1</td>" in shown.text


def test_who_is_not_signed_in_is_sent_to_the_way_in(client: TestClient) -> None:
    assert (client.get(PATH).status_code, client.get(PATH).headers["location"]) == (302, "/admin")


def test_names_are_text(client: TestClient, installation: Installation) -> None:
    person(installation, "fox")
    create_team(installation.store, "<b>7b</b>", now_s=1.0)
    put_member(installation.store, Membership("<b>7b</b>", "fox", admin=True))

    assert "<b>7b" not in page(client, "fox")

import re

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ROOT_KEY, Installation
from tests.admin.people import PASSWORD, enter, person

PATH = "/admin/account"


@pytest.fixture
def token(client: TestClient, installation: Installation) -> str:
    person(installation, "ann")
    csrf: str = enter(client, "ann")["csrf"]
    return csrf


def test_a_member_is_shown_their_account_and_nothing_of_the_rest(client: TestClient, token: str) -> None:
    assert client.get("/admin").headers["location"] == PATH
    text = client.get(PATH).text

    assert "signed in as <b>ann</b>" in text
    assert "this browser" in text
    assert client.get("/admin/quota").headers["location"] == "/admin"


def test_without_a_session_it_is_the_way_in(client: TestClient) -> None:
    assert client.get(PATH).headers["location"] == "/admin"
    assert client.post(f"{PATH}/sessions").status_code == 403


def test_sessions_are_ended_one_by_one_or_all(client: TestClient, token: str) -> None:
    session = re.search(r'name="session" value="(ses_[^"]+)"', client.get(PATH).text)
    assert session

    assert client.post(f"{PATH}/sessions", data={"csrf": "guessed", "session": session[1]}).status_code == 403
    assert client.post(f"{PATH}/sessions", data={"csrf": token, "session": "ses_other"}).status_code == 303
    assert client.get(PATH).status_code == 200
    assert client.post(f"{PATH}/sessions", data={"csrf": token}).status_code == 303
    assert client.get(PATH).status_code == 302


@pytest.mark.parametrize(
    ("old", "new", "status", "told"),
    [
        ("not the right one", "another long password", 403, "do not fit together"),
        (PASSWORD, "short", 422, "at least 10"),
        (PASSWORD, "another long password", 303, ""),
    ],
)
def test_the_password_is_changed_by_who_knows_the_old_one(
    client: TestClient, token: str, old: str, new: str, status: int, told: str
) -> None:
    answer = client.post(f"{PATH}/password", data={"csrf": token, "old": old, "new": new})

    assert (answer.status_code, told in answer.text) == (status, True)
    client.cookies.clear()
    enter(client, "ann", new if status == 303 else PASSWORD)


def test_a_key_has_sessions_and_no_password(client: TestClient) -> None:
    csrf = client.post("/api/v1/session", json={"secret": ROOT_KEY}).json()["csrf"]

    assert "Change the password" not in client.get(PATH).text
    assert client.post(f"{PATH}/password", data={"csrf": csrf}).status_code == 409

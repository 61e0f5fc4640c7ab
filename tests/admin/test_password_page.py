from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, Installation
from tests.admin.people import enter, person
from tokenrouter.store.password_links import LIFETIME_S
from tokenrouter.store.users import UserChanges, update_user

PATH = "/admin/password"
NEW = "another long password"


def token_for(client: TestClient, kind: str = "password-link") -> str:
    path: str = client.post(f"/api/v1/users/ann/{kind}", headers=ROOT).json()["path"]
    return path.partition("token=")[2]


def test_an_invited_person_sets_a_password_and_is_in(client: TestClient, installation: Installation) -> None:
    person(installation, "ann", password="")
    token = token_for(client, "invitation")

    for _ in range(2):
        assert "ann@example.org" in client.get(PATH, params={"token": token}).text
    answer = client.post(PATH, data={"token": token, "password": NEW})

    assert (answer.status_code, answer.headers["location"]) == (303, "/admin")
    assert client.get("/api/v1/session").json()["name"] == "ann"
    client.cookies.clear()
    enter(client, "ann", NEW)


def test_a_link_works_once(client: TestClient, installation: Installation) -> None:
    person(installation, "ann")
    token = token_for(client)
    client.post(PATH, data={"token": token, "password": NEW})

    assert client.post(PATH, data={"token": token, "password": "yet another one"}).status_code == 410
    assert client.get(PATH, params={"token": token}).status_code == 410


def test_a_password_that_cannot_be_one_uses_nothing_up(client: TestClient, installation: Installation) -> None:
    person(installation, "ann")
    token = token_for(client)

    refused = client.post(PATH, data={"token": token, "password": "short"})

    assert refused.status_code == 422
    assert "at least 10" in refused.text
    assert client.post(PATH, data={"token": token, "password": NEW}).status_code == 303


def test_an_old_a_guessed_and_a_disabled_person_s_link_do_nothing(
    client: TestClient, installation: Installation
) -> None:
    person(installation, "ann")
    token = token_for(client)
    update_user(installation.store, "ann", UserChanges(enabled=False))
    assert client.post(PATH, data={"token": token, "password": NEW}).status_code == 410
    update_user(installation.store, "ann", UserChanges(enabled=True))
    installation.now_s += LIFETIME_S["reset"]

    assert client.post(PATH, data={"token": token, "password": NEW}).status_code == 410
    assert client.post(PATH, data={"token": "guessed", "password": NEW}).status_code == 410
    assert client.get(PATH, params={"token": "<script>"}).status_code == 410


def test_a_lost_password_s_link_ends_every_session(client: TestClient, installation: Installation) -> None:
    person(installation, "ann")
    enter(client, "ann")
    cookie = dict(client.cookies)
    client.cookies.clear()

    client.post(PATH, data={"token": token_for(client), "password": NEW})
    client.cookies.clear()
    client.cookies.update(cookie)

    assert client.get("/api/v1/session").status_code == 401


def test_another_site_cannot_press_the_button(client: TestClient, installation: Installation) -> None:
    person(installation, "ann")
    form = {"token": token_for(client), "password": NEW}

    assert client.post(PATH, data=form, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.post(PATH, data=form).status_code == 303

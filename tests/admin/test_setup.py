import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from tests.admin.installation import PEPPER, Installation, bearer
from tokenrouter.store.keys import KeyRequest, create_key, list_keys
from tokenrouter.store.setup_links import LINK_LIFETIME_S, create_setup_link


def link(installation: Installation) -> str:
    return create_setup_link(installation.store, now_s=installation.now_s)


def token(path: str) -> str:
    return path.partition("token=")[2]


def test_opening_the_link_uses_nothing_up(client: TestClient, installation: Installation) -> None:
    path = link(installation)

    for _ in range(3):
        page = client.get(path)

    assert page.status_code == 200
    assert f'value="{token(path)}"' in page.text
    assert not list_keys(installation.store)


def test_the_button_makes_an_administrator_s_key(client: TestClient, installation: Installation) -> None:
    page = client.post("/admin/setup", data={"token": token(link(installation))})

    key = re.search(r"<pre>(tr_[^<]+)</pre>", page.text)
    assert key
    assert client.get("/api/v1/keys", headers=bearer(key[1])).status_code == 200
    assert page.headers["cache-control"] == "no-store"


def test_a_link_works_once(client: TestClient, installation: Installation) -> None:
    form = {"token": token(link(installation))}
    client.post("/admin/setup", data=form)

    assert client.post("/admin/setup", data=form).status_code == 410
    assert len(list_keys(installation.store)) == 1


def test_an_old_link_and_a_guessed_one_do_nothing(client: TestClient, installation: Installation) -> None:
    form = {"token": token(link(installation))}
    installation.now_s += LINK_LIFETIME_S

    assert client.post("/admin/setup", data=form).status_code == 410
    assert client.post("/admin/setup", data={"token": "guessed"}).status_code == 410
    assert client.post("/admin/setup").status_code == 410
    assert not list_keys(installation.store)


def test_a_name_that_is_taken_is_no_obstacle(client: TestClient, installation: Installation) -> None:
    create_key(installation.store, KeyRequest(name="admin"), pepper=PEPPER, now_s=installation.now_s)

    client.post("/admin/setup", data={"token": token(link(installation))})

    assert {key.name for key in list_keys(installation.store)} == {"admin", "admin-2"}


def test_another_site_cannot_press_the_button(client: TestClient, installation: Installation) -> None:
    form = {"token": token(link(installation))}

    answer = client.post("/admin/setup", data=form, headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403
    assert client.post("/admin/setup", data=form).status_code == 200


def test_a_link_that_is_not_good_says_so_when_it_is_opened(client: TestClient) -> None:
    page = client.get("/admin/setup", params={"token": '"><script>'})

    assert page.status_code == 410
    assert "torod admin setup-link" in page.text
    assert "<script" not in page.text


OWNER = {"name": "Ann", "email": "Ann@Example.org", "password": "a long enough password"}


def test_the_owner_s_account_is_made_and_signed_in(client: TestClient, installation: Installation) -> None:
    page = client.post("/admin/setup", data={"token": token(link(installation)), **OWNER})

    assert (page.status_code, page.headers["location"]) == (303, "/admin/welcome")
    told = client.get("/api/v1/session").json()
    assert (told["name"], told["email"], told["role"]) == ("Ann", "ann@example.org", "owner")
    assert not list_keys(installation.store)


def test_the_owner_may_have_a_key_too(client: TestClient, installation: Installation) -> None:
    page = client.post("/admin/setup", data={"token": token(link(installation)), **OWNER, "key": "yes"})

    assert re.search(r"<pre>tr_[^<]+</pre>", page.text)
    assert 'href="/admin/welcome"' in page.text
    assert client.get("/api/v1/session").json()["role"] == "owner"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"password": "short"}, "at least 10"),
        ({"email": "no address"}, "no e-mail address"),
        ({"email": ""}, "no e-mail address"),
        ({"name": "a:b"}, "character that names cannot have"),
    ],
)
def test_what_cannot_be_used_uses_nothing_up(
    client: TestClient, installation: Installation, change: dict[str, str], told: str
) -> None:
    form = {"token": token(link(installation)), **OWNER}

    refused = client.post("/admin/setup", data=form | change)

    assert (refused.status_code, told in refused.text.replace("&#x27;", "'")) == (422, True)
    assert client.post("/admin/setup", data=form).status_code == 303


def test_a_link_whose_key_cannot_be_made_is_good_still(client: TestClient, installation: Installation) -> None:
    form = {"token": token(link(installation))}
    with installation.store.write() as connection:
        connection.execute(text("CREATE TRIGGER no BEFORE INSERT ON tr_keys BEGIN SELECT RAISE(ABORT, 'full'); END"))
    assert client.post("/admin/setup", data=form).status_code >= 400
    with installation.store.write() as connection:
        connection.execute(text("DROP TRIGGER no"))

    assert "<pre>tr_" in client.post("/admin/setup", data=form).text

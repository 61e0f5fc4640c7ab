import re

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.installation import ADMIN_PASSWORD, ALICE_KEY, MASTER_KEY, PEPPER, ROOT_KEY, Installation
from tokenrouter import __version__
from tokenrouter.admin.sessions import COOKIE, FAILURE_WINDOW_S, MAX_FAILURES, SESSION_S
from tokenrouter.jobs.provider_status import CoolingTarget, ProviderStatus
from tokenrouter.store.keys import KeyRequest, create_key, revoke_key

SIGNED_IN = "Sign out"


def sign_in(client: TestClient, secret: str = ROOT_KEY, **headers: str) -> Response:
    return client.post("/admin/login", data={"secret": secret}, headers=headers)


def csrf(client: TestClient) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/admin").text)
    assert found
    return found[1]


def test_browsers_are_sent_to_the_pages_and_programs_get_a_card(client: TestClient) -> None:
    browser = client.get("/", headers={"accept": "text/html,*/*"})

    assert (browser.status_code, browser.headers["location"]) == (302, "/admin")
    assert client.get("/").json()["version"] == __version__
    assert client.get("/dashboard").headers["location"] == "/admin"


@pytest.mark.parametrize("secret", [ROOT_KEY, f" {ROOT_KEY}\n", ADMIN_PASSWORD])
def test_an_admin_key_and_the_admin_password_open_the_page(client: TestClient, secret: str) -> None:
    assert SIGNED_IN not in client.get("/admin").text

    answer = sign_in(client, secret)

    assert (answer.status_code, answer.headers["location"]) == (303, "/admin")
    assert SIGNED_IN in client.get("/admin").text


@pytest.mark.parametrize("secret", ["", "no-key-of-ours", ALICE_KEY, MASTER_KEY, "ü"])
def test_nothing_else_does(client: TestClient, secret: str) -> None:
    answer = sign_in(client, secret)

    assert answer.status_code == 403
    assert COOKIE not in client.cookies
    assert not secret or secret not in answer.text


def test_without_an_admin_password_an_empty_secret_opens_nothing(
    client: TestClient, installation: Installation
) -> None:
    installation.without_password()

    assert sign_in(client, "").status_code == 403
    assert sign_in(client, ADMIN_PASSWORD).status_code == 403


def test_the_cookie_is_for_this_site_s_pages_only_and_no_script_reads_it(client: TestClient) -> None:
    cookie = sign_in(client).headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/admin" in cookie
    assert f"max-age={int(SESSION_S)}" in cookie


def test_the_page_shows_providers_and_keys_and_no_secret(client: TestClient) -> None:
    sign_in(client)

    text = client.get("/admin").text

    assert "acme" in text
    assert "http://127.0.0.1:8080/v1" in text
    assert "torod.toml:5" in text
    assert ROOT_KEY not in text
    assert "sk-provider" not in text


def test_the_page_says_how_providers_are_and_since_when_that_is_known(
    client: TestClient, installation: Installation
) -> None:
    now_s = installation.now_s
    cooling = [CoolingTarget("m", "provider_timeout", now_s + 5)]
    online = ProviderStatus(
        "acme", "groq", "file", "online", response_ms=12.4, checked_at_s=now_s - 600, cooling=cooling
    )
    sign_in(client)
    for rows, told in (
        ((), "<td>unknown</td><td>never</td>"),
        ((online,), "<td>online; 1 of its models left alone</td><td>10 min ago (12 ms)</td>"),
    ):
        installation.provider_statuses = rows
        assert told in client.get("/admin").text


def test_what_people_have_written_is_escaped(client: TestClient, installation: Installation) -> None:
    request = KeyRequest(name="<script>alert(1)</script>")
    create_key(installation.store, request, pepper=PEPPER, now_s=installation.now_s)
    sign_in(client)

    text = client.get("/admin").text

    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_a_session_ends_after_twelve_hours(client: TestClient, installation: Installation) -> None:
    sign_in(client)
    cookie = client.cookies[COOKIE]

    installation.now_s += SESSION_S

    assert SIGNED_IN not in client.get("/admin", headers={"cookie": f"{COOKIE}={cookie}"}).text


def test_a_session_ends_with_the_key_that_opened_it(client: TestClient, installation: Installation) -> None:
    request = KeyRequest(name="second", role="admin")
    key = create_key(installation.store, request, pepper=PEPPER, now_s=installation.now_s).key
    sign_in(client, key)
    assert SIGNED_IN in client.get("/admin").text

    revoke_key(installation.store, "second")

    assert SIGNED_IN not in client.get("/admin").text


def test_signing_out_ends_the_session_and_not_only_the_cookie(client: TestClient) -> None:
    sign_in(client)
    cookie = client.cookies[COOKIE]

    client.post("/admin/logout", data={"csrf": csrf(client)})

    assert COOKIE not in client.cookies
    assert SIGNED_IN not in client.get("/admin", headers={"cookie": f"{COOKIE}={cookie}"}).text


def test_a_form_that_was_not_made_for_the_session_does_nothing(client: TestClient) -> None:
    sign_in(client)

    assert client.post("/admin/logout", data={"csrf": "guessed"}).status_code == 403
    assert SIGNED_IN in client.get("/admin").text


def test_a_form_of_another_site_is_refused(client: TestClient) -> None:
    assert sign_in(client, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert sign_in(client, **{"sec-fetch-site": "same-origin"}).status_code == 303


def test_who_guesses_has_to_wait_and_others_do_not(client: TestClient, installation: Installation) -> None:
    guesser, other = {"x-forwarded-for": "192.0.2.1"}, {"x-forwarded-for": "192.0.2.2"}
    for _ in range(MAX_FAILURES):
        assert sign_in(client, "wrong", **guesser).status_code == 403

    assert sign_in(client, ROOT_KEY, **guesser).status_code == 429
    assert sign_in(client, ROOT_KEY, **other).status_code == 303
    installation.now_s += FAILURE_WINDOW_S
    assert sign_in(client, ROOT_KEY, **guesser).status_code == 303


def test_the_style_sheet_is_there(client: TestClient) -> None:
    assert client.get("/admin/style.css").headers["content-type"].startswith("text/css")


def test_a_slash_at_the_end_leads_to_the_same_page(client: TestClient) -> None:
    assert client.get("/admin/").text == client.get("/admin").text

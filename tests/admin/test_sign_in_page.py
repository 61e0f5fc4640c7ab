import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.built_ui import UI
from tests.admin.installation import (
    ADMIN_PASSWORD,
    ALICE_KEY,
    LIGHT,
    MASTER_KEY,
    PEPPER,
    ROOT_KEY,
    Installation,
)
from tokenrouter.admin.sessions import COOKIE
from tokenrouter.store.keys import KeyRequest, create_key, revoke_key
from tokenrouter.store.sessions import IDLE_S, LONGEST_S
from tokenrouter.store.sign_in_waits import BY_ACCOUNT, BY_ADDRESS
from tokenrouter.store.users import NewUser, UserChanges, create_user, update_user

SIGNED_IN = UI
EMAIL, PASSWORD = "ann@example.org", "a long enough password"


def sign_in(client: TestClient, secret: str = ROOT_KEY, **headers: str) -> Response:
    return client.post("/admin/login", data={"secret": secret}, headers=headers)


def sign_in_as_ann(client: TestClient, password: str = PASSWORD, **headers: str) -> Response:
    return client.post("/admin/login", data={"email": EMAIL, "password": password}, headers=headers)


@pytest.fixture
def ann(installation: Installation) -> None:
    new = NewUser("ann", EMAIL, "owner", password_hash=LIGHT.hash(PASSWORD))
    create_user(installation.store, new, now_s=installation.now_s)


def csrf(client: TestClient) -> str:
    told: str = client.get("/api/v1/session").json()["csrf"]
    return told


@pytest.mark.parametrize("secret", [ROOT_KEY, f" {ROOT_KEY}\n", ADMIN_PASSWORD, ALICE_KEY, MASTER_KEY])
def test_every_key_and_the_admin_password_open_the_pages(client: TestClient, secret: str) -> None:
    assert SIGNED_IN not in client.get("/admin").text

    answer = sign_in(client, secret)

    assert (answer.status_code, answer.headers["location"]) == (303, "/admin")
    assert SIGNED_IN in client.get("/admin").text


@pytest.mark.parametrize("secret", ["", "no-key-of-ours", "ü"])
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
    assert "path=/;" in cookie
    assert f"max-age={int(LONGEST_S)}" in cookie


def test_a_session_ends_after_twelve_hours(client: TestClient, installation: Installation) -> None:
    sign_in(client)
    cookie = client.cookies[COOKIE]

    installation.now_s += IDLE_S

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
    for _ in range(BY_ACCOUNT.free):
        assert sign_in(client, "wrong", **guesser).status_code == 403

    answer = sign_in(client, ADMIN_PASSWORD, **guesser)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert sign_in(client, ROOT_KEY, **other).status_code == 303, "a key cannot be guessed, so it need not wait"
    installation.now_s += 2
    assert sign_in(client, ADMIN_PASSWORD, **guesser).status_code == 303


def test_an_address_is_what_the_data_process_says_and_not_what_the_client_adds(client: TestClient) -> None:
    for number in range(BY_ADDRESS.free + 1):
        headers = {"x-forwarded-for": "192.0.2.1", "x-real-ip": f"198.51.100.{number}", "forwarded": f"for={number}"}
        status = sign_in(client, f"wrong {number}", **headers).status_code

    assert status == 429


@pytest.mark.usefixtures("ann")
def test_a_person_signs_in_by_e_mail_and_password(client: TestClient) -> None:
    assert sign_in_as_ann(client).status_code == 303
    assert SIGNED_IN in client.get("/admin").text


@pytest.mark.usefixtures("ann")
def test_a_wrong_password_an_unknown_address_and_a_disabled_person_are_not_told_apart(
    client: TestClient, installation: Installation
) -> None:
    wrong = sign_in_as_ann(client, "another password")
    unknown = client.post("/admin/login", data={"email": "bob@example.org", "password": PASSWORD})
    create_user(installation.store, NewUser("eve", role="owner"), now_s=0.0)
    update_user(installation.store, "ann", UserChanges(enabled=False))
    disabled = sign_in_as_ann(client)

    assert {(one.status_code, one.text) for one in (wrong, unknown, disabled)} == {(403, wrong.text)}


@pytest.mark.usefixtures("ann")
def test_whoever_is_signed_in_goes_on_while_somebody_guesses(client: TestClient) -> None:
    sign_in_as_ann(client)
    cookie = client.cookies[COOKIE]
    client.cookies.clear()
    for number in range(BY_ACCOUNT.free):
        sign_in_as_ann(client, "another password", **{"x-forwarded-for": f"192.0.2.{number}"})

    assert sign_in_as_ann(client, **{"x-forwarded-for": "198.51.100.1"}).status_code == 429
    assert SIGNED_IN in client.get("/admin", headers={"cookie": f"{COOKIE}={cookie}"}).text


def test_a_cookie_that_was_planted_is_not_the_one_of_the_session(client: TestClient) -> None:
    sign_in(client, cookie=f"{COOKIE}=planted")

    assert client.cookies[COOKIE] != "planted"
    client.cookies.clear()
    assert SIGNED_IN not in client.get("/admin", headers={"cookie": f"{COOKIE}=planted"}).text


def test_a_sign_in_ends_the_session_that_the_browser_had(client: TestClient) -> None:
    sign_in(client)
    first = client.cookies[COOKIE]

    sign_in(client)

    assert SIGNED_IN not in client.get("/admin", headers={"cookie": f"{COOKIE}={first}"}).text


@pytest.mark.parametrize(("proto", "is_secure"), [("http", False), ("https", True)])
def test_over_https_the_cookie_is_for_https_only(client: TestClient, proto: str, is_secure: bool) -> None:
    cookie = sign_in(client, **{"x-forwarded-proto": proto}).headers["set-cookie"].lower()

    assert ("secure" in cookie) == is_secure


def test_a_new_admin_password_ends_the_sessions_of_the_old_one(client: TestClient, installation: Installation) -> None:
    sign_in(client, ADMIN_PASSWORD)
    assert SIGNED_IN in client.get("/admin").text

    installation.without_password()

    assert SIGNED_IN not in client.get("/admin").text


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("secret", [{"secret": ROOT_KEY}, {"email": EMAIL, "password": PASSWORD}])
def test_signing_in_leads_to_the_page_that_was_wanted(client: TestClient, secret: dict[str, str]) -> None:
    wanted = "/admin/usage?by=team&range=7d"

    assert client.post("/admin/login", data={**secret, "next": wanted}).headers["location"] == wanted
    assert client.get("/admin/login", params={"next": wanted}).headers["location"] == wanted


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example/admin", "/admin/logout", "/v1/models"])
def test_nobody_is_led_elsewhere(client: TestClient, wanted: str) -> None:
    asked = client.get("/admin/login", params={"next": wanted})
    answer = client.post("/admin/login", data={"secret": ROOT_KEY, "next": wanted})

    assert wanted not in asked.text
    assert answer.headers["location"] == "/admin"


def test_a_wrong_password_does_not_lose_the_page_that_was_wanted(client: TestClient) -> None:
    text = client.post("/admin/login", data={"secret": "wrong", "next": "/admin/usage?a=1&b=2"}).text

    assert text.count('name="next" value="/admin/usage?a=1&amp;b=2"') == 2

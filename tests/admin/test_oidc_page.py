"""Signing in at a real OpenID provider, as a browser does it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.installation import ROOT, Installation
from tests.admin.people import person
from tests.oidc_server.serving import CLIENT_ID, CLIENT_SECRET, NotSentBack, OidcServer, needs_node, oidc_server
from tokenrouter.admin.oidc_page import ERRAND_COOKIE
from tokenrouter.admin.sessions import COOKIE
from tokenrouter.config.settings import GroupRights, OidcSetting
from tokenrouter.signin.oidc.clients import OidcClients
from tokenrouter.signin.oidc.sealing import LIFETIME_S
from tokenrouter.upstream.client import UpstreamClient

pytestmark = needs_node

START = "/admin/oidc/school/start"
CALLBACK = "http://gateway.test/admin/oidc/school/callback"
ANN: dict[str, Any] = {"email": "ann@example.org", "email_verified": True, "groups": ["students"]}


@pytest.fixture(scope="module")
def server() -> Iterator[OidcServer]:
    with oidc_server(CALLBACK) as running:
        yield running


@pytest.fixture(autouse=True)
def setting(installation: Installation, server: OidcServer) -> OidcSetting:
    """The provider as it is configured: whoever comes gets an account, and groups decide."""
    made = OidcSetting(
        "school",
        server.issuer,
        CLIENT_ID,
        CLIENT_SECRET,
        title="School <1>",
        scopes=("openid", "email", "groups"),
        groups_claim="groups",
        group_teams={"students": GroupRights(team="physics"), "staff": GroupRights(role="admin")},
        auto_create=True,
    )
    configure(installation, made)
    server.know({"ann": ANN})
    return made


def configure(installation: Installation, setting: OidcSetting) -> None:
    installation.state.oidc = OidcClients(lambda: (setting,), UpstreamClient(), b"k" * 32)


def go(client: TestClient, server: OidcServer, name: str = "ann") -> str:
    """Return the address that the provider sends `name` back to."""
    return server.sign_in(client.get(START).headers["location"], name)


def enter(client: TestClient, server: OidcServer, name: str = "ann") -> Response:
    return client.get(go(client, server, name))


def test_the_way_in_offers_it(client: TestClient) -> None:
    text = client.get("/admin").text

    assert f'href="{START}">Sign in with School &lt;1&gt;</a>' in text


def test_somebody_comes_in_with_the_rights_of_their_groups(client: TestClient, server: OidcServer) -> None:
    answer = enter(client, server)

    assert (answer.status_code, answer.headers["refresh"]) == (200, "0; url=/admin")
    assert len(answer.headers.get_list("set-cookie")) == 1, "the data process passes one on"
    told = client.get("/api/v1/session").json()
    assert (told["name"], told["role"], told["teams"]) == ("ann@example.org", "member", ["physics"])
    assert told["way"] == "oidc:school"


def test_the_page_that_was_wanted_is_where_it_ends(client: TestClient, server: OidcServer) -> None:
    wanted = "/admin/usage?by=team&range=7d"
    offered = client.get(wanted, headers={"accept": "text/html"}).text
    assert f'href="{START}?next=%2Fadmin%2Fusage%3Fby%3Dteam%26range%3D7d"' in offered

    there = client.get(START, params={"next": wanted}).headers["location"]
    assert client.get(server.sign_in(there, "ann")).headers["refresh"] == f"0; url={wanted}"
    elsewhere = client.get(START, params={"next": "https://evil.example/"}).headers["location"]
    assert client.get(server.sign_in(elsewhere, "ann")).headers["refresh"] == "0; url=/admin"


def test_a_change_of_groups_counts_from_the_next_sign_in(client: TestClient, server: OidcServer) -> None:
    enter(client, server)
    server.know({"ann": {**ANN, "groups": ["staff"]}})

    enter(client, server)

    told = client.get("/api/v1/session").json()
    assert (told["role"], told["teams"]) == ("admin", [])


def test_whoever_is_removed_there_does_not_come_in_and_is_out_at_the_session_s_end(
    client: TestClient, server: OidcServer, installation: Installation, setting: OidcSetting
) -> None:
    enter(client, server)
    back = go(client, server)
    server.know({})

    assert client.get(back).status_code in (403, 502), "the code was given before, and is worth nothing now"
    with pytest.raises(NotSentBack):
        go(client, server)
    for _ in range(3):
        assert client.get("/api/v1/session").status_code == 200
        installation.now_s += setting.session_s / 3
    assert client.get("/api/v1/session").status_code == 401


def test_the_invited_come_in_where_nobody_else_does(
    client: TestClient, server: OidcServer, installation: Installation, setting: OidcSetting
) -> None:
    configure(installation, replace(setting, auto_create=False))
    ann = person(installation, "ann", password="")
    refused = enter(client, server)
    client.post("/api/v1/users/ann/invitation", headers=ROOT)

    assert (refused.status_code, COOKIE in client.cookies) == (403, False)
    assert enter(client, server).status_code == 200
    assert client.get("/api/v1/session").json()["id"] == ann.id


def test_the_way_there_is_by_pkce_with_values_that_nobody_can_guess(client: TestClient) -> None:
    first, second = (
        parse_qs(urlsplit(client.get(START).headers["location"]).query, strict_parsing=True) for _ in range(2)
    )

    assert first["code_challenge_method"] == ["S256"]
    assert first["redirect_uri"] == [CALLBACK]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 43
        assert first[name] != second[name]


def test_what_the_browser_carries_is_sealed_and_comes_back_from_another_site(client: TestClient) -> None:
    cookie = client.get(START, headers={"x-forwarded-proto": "https"}).headers["set-cookie"].lower()

    assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/admin/oidc", "secure", "max-age=600"))


def test_an_answer_is_good_once_and_in_the_browser_that_asked(client: TestClient, server: OidcServer) -> None:
    back = go(client, server)
    errand = client.cookies[ERRAND_COOKIE]

    client.cookies.clear()
    assert "not begun in this browser" in client.get(back).text
    headers = {"cookie": f"{ERRAND_COOKIE}={errand}"}
    assert client.get(back, headers=headers).status_code == 200
    client.cookies.clear()
    again = client.get(back, headers=headers)
    assert (again.status_code, "used already" in again.text, COOKIE in client.cookies) == (403, True, False)


def test_an_answer_to_another_sign_in_is_refused(client: TestClient, server: OidcServer) -> None:
    attackers = go(client, server)
    go(client, server)

    answer = client.get(attackers)

    assert (answer.status_code, "state" in answer.text, COOKIE in client.cookies) == (403, True, False)


def test_an_answer_that_takes_too_long_is_refused(
    client: TestClient, server: OidcServer, installation: Installation
) -> None:
    back = go(client, server)
    installation.now_s += LIFETIME_S

    assert client.get(back).status_code == 403


@pytest.mark.parametrize("query", ["", "?error=access_denied", "?code=x&state=y", "?error=%3Cscript%3E"])
def test_an_answer_that_is_made_up_is_refused_and_not_repeated(client: TestClient, query: str) -> None:
    client.get(START)

    answer = client.get(f"/admin/oidc/school/callback{query}")

    assert answer.status_code == 403
    assert "<script" not in answer.text
    assert re.search(r"session\.refuse", client.get("/api/v1/audit", headers=ROOT).text)


def test_a_provider_that_is_away_is_told(client: TestClient, installation: Installation, setting: OidcSetting) -> None:
    configure(installation, replace(setting, issuer="http://127.0.0.1:9"))

    assert client.get(START).status_code == 502


def test_an_unknown_provider_is_not_there(client: TestClient, installation: Installation) -> None:
    assert client.get("/admin/oidc/other/start").status_code == 404
    installation.state.oidc = None
    assert client.get(START).status_code == 404
    assert client.get("/admin/oidc/school/callback").status_code == 404

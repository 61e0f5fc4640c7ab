"""Signing in through the data process, which tells the control process of its clients."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.conftest import StartGateway
from tests.oidc_server.serving import CLIENT_ID, CLIENT_SECRET, OidcServer, needs_node, oidc_server
from tokenrouter.store.sign_in_waits import BY_ADDRESS
from tokenrouter.testing.processes import wait_until

pytestmark = pytest.mark.e2e

CALLBACK = "http://gateway.test/admin/oidc/school/callback"
ADMIN_PASSWORD = "correct horse battery staple"


@pytest.fixture
def browser(gateway: StartGateway, sandbox_config: str) -> Iterator[httpx2.Client]:
    running = gateway(sandbox_config, env={"ADMIN_PASSWORD": ADMIN_PASSWORD})
    with httpx2.Client(base_url=running.origin) as client:
        wait_for_pages(client)
        yield client


def wait_for_pages(client: httpx2.Client) -> None:
    """Wait for the control process, which a gateway that serves does not wait for."""
    wait_until("the pages to be there", lambda: client.get("/admin").status_code == 200)


def test_what_a_client_says_of_itself_is_not_believed(browser: httpx2.Client) -> None:
    claims = {"x-forwarded-proto": "https", "x-forwarded-host": "evil.example"}
    signed_in = browser.post("/api/v1/session", json={"secret": ADMIN_PASSWORD}, headers=claims)
    assert signed_in.status_code == 201, signed_in.text
    assert "secure" not in signed_in.headers["set-cookie"].lower()
    assert {one["address"] for one in browser.get("/api/v1/me/sessions").json()["data"]} == {"127.0.0.1"}
    browser.cookies.clear()

    statuses = [
        browser.post(
            "/api/v1/session",
            json={"email": f"{number}@example.org", "password": "x"},
            headers={"x-forwarded-for": f"192.0.2.{number}", "forwarded": f"for=192.0.2.{number}"},
        ).status_code
        for number in range(BY_ADDRESS.free + 1)
    ]

    assert statuses == [401] * BY_ADDRESS.free + [429]


@needs_node
def test_somebody_comes_in_from_an_identity_provider(gateway: StartGateway, sandbox_config: str) -> None:
    with (
        oidc_server(CALLBACK) as server,
        httpx2.Client(base_url=gateway(config(sandbox_config, server)).origin) as browser,
    ):
        wait_for_pages(browser)
        proxied = {"x-forwarded-for": "192.0.2.9", "x-forwarded-proto": "https"}
        begun = browser.get("/admin/oidc/school/start", headers=proxied)
        assert "secure" in begun.headers["set-cookie"].lower(), "what a trusted proxy says is believed"
        server.know({"ann": {"email": "ann@example.org", "email_verified": True, "groups": ["students"]}})
        back = server.sign_in(browser.get("/admin/oidc/school/start").headers["location"], "ann")
        parts = urlsplit(back)

        answer = browser.get(f"{parts.path}?{parts.query}")

        assert (answer.status_code, answer.headers["refresh"]) == (200, "0; url=/admin")
        told = browser.get("/api/v1/session").json()
        assert (told["name"], told["role"], told["teams"]) == ("ann@example.org", "member", ["physics"])
        assert browser.delete("/api/v1/session").json()["code"] == "csrf"
        assert browser.delete("/api/v1/session", headers={"x-csrf-token": told["csrf"]}).status_code == 204


def config(providers: str, server: OidcServer) -> str:
    return f"""trusted_proxies = ["127.0.0.1"]
{providers}
[[oidc]]
name = "school"
issuer = "{server.issuer}"
client_id = "{CLIENT_ID}"
client_secret = "{CLIENT_SECRET}"
scopes = ["openid", "email", "groups"]
groups_claim = "groups"
auto_create = true
redirect_uri = "{CALLBACK}"
[oidc.group_teams]
students = "physics"
"""

import re

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.built_ui import SCRIPT, TEXT, UI
from tests.admin.installation import ROOT, Installation
from tests.admin.people import enter, person
from tokenrouter.admin.sessions import COOKIE
from tokenrouter.admin.ui_files import UiFiles
from tokenrouter.jobs.listener_desk import OpenListener, PendingMove

NAVIGATION = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "sec-fetch-mode": "navigate"}
DEEP_LINK = "/admin/usage?by=team&range=7d"


def visit(client: TestClient, path: str, **headers: str) -> Response:
    return client.get(path, headers={**NAVIGATION, **headers})


@pytest.fixture
def member(client: TestClient, installation: Installation) -> TestClient:
    person(installation, "ann")
    enter(client, "ann")
    return client


@pytest.mark.parametrize("path", ["/admin", "/admin/", DEEP_LINK, "/admin/requests/req_1", "/admin/nothing-like-it"])
def test_whoever_is_signed_in_gets_the_ui_at_every_page(member: TestClient, path: str) -> None:
    assert UI in visit(member, path).text
    head = member.head(path, headers=NAVIGATION)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/admin", "me-1.js"),
        ("/admin/", "me-1.js"),
        (DEEP_LINK, "usage-1.js"),
        ("/admin/usage/", "usage-1.js"),
        ("/admin/us", "frame-1.js"),
    ],
)
def test_a_page_names_what_its_address_will_load(member: TestClient, path: str, named: str) -> None:
    files = re.findall(r'href="/admin/assets/([^"]+)"', visit(member, path).text)

    assert named in files
    assert "me-1.js" not in files or named == "me-1.js"


@pytest.mark.parametrize("path", ["/admin", DEEP_LINK])
def test_others_get_the_way_in_which_leads_back(client: TestClient, path: str) -> None:
    answer = visit(client, path)

    assert answer.status_code == 200
    assert UI not in answer.text
    assert 'action="/admin/login"' in answer.text
    assert ('name="next" value="/admin/usage?by=team&amp;range=7d"' in answer.text) == (path == DEEP_LINK)


def test_the_policy_names_the_nonce_of_the_page_and_allows_nothing_inline(member: TestClient) -> None:
    answer = visit(member, "/admin")

    policy = answer.headers["content-security-policy"]
    nonce = re.search(r'nonce="([^"]+)"', answer.text)
    assert nonce is not None
    assert f"style-src 'self' 'nonce-{nonce[1]}';" in policy
    assert "script-src 'self';" in policy
    assert "default-src 'none';" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("address", "allowed"), [("127.0.0.1:9", "'self' http://127.0.0.1:9"), ("[::1]:9", "'self'"), (None, "'self'")]
)
def test_a_page_may_look_at_an_address_to_which_a_listener_is_being_moved(
    member: TestClient, installation: Installation, address: str | None, allowed: str
) -> None:
    if address is not None:
        new = OpenListener(2, "http", "listen_addr", address)
        installation.state.listeners.pending = PendingMove("m", new, new, 0.0)

    policy = visit(member, "/admin").headers["content-security-policy"]

    assert f"connect-src {allowed}; font-src" in policy


def test_assets_are_for_everybody_and_for_ever(client: TestClient) -> None:
    plain = client.get(f"/admin/assets/{SCRIPT}", headers={"accept-encoding": "identity"})
    packed = client.get(f"/admin/assets/{SCRIPT}", headers={"accept-encoding": "gzip"})

    assert plain.content == packed.content == TEXT
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["vary"] == "accept-encoding"
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    assert client.head(f"/admin/assets/{SCRIPT}").content == b""


@pytest.mark.parametrize("name", ["old-12345678.js", "..%2fsecret.js", "%2e%2e/secret.js", "index.html"])
def test_a_file_that_is_not_there_is_told_as_a_problem(client: TestClient, name: str) -> None:
    answer = client.get(f"/admin/assets/{name}")

    assert (answer.status_code, answer.json()["code"]) == (404, "path_not_found")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/admin/usage", "/admin/api/nothing", "/admin/teams-of-mine"])
def test_programs_are_told_that_there_is_nothing(client: TestClient, path: str) -> None:
    assert client.get(path, headers={**ROOT, "accept": "*/*"}).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/admin/teams", 200),
        ("GET", "/admin/stats", 200),
        ("GET", "/admin/api/version", 200),
        ("GET", "/admin/api/nothing", 404),
        ("GET", "/admin/gen_key", 405),
        ("POST", "/admin/usage", 404),
        ("GET", "/api/nothing", 404),
    ],
)
def test_the_predecessors_apis_answer_as_they_did_even_a_browser(
    client: TestClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path, headers={**ROOT, **NAVIGATION})

    assert answer.status_code == status
    assert "text/html" not in answer.headers["content-type"]


def test_a_link_on_another_site_asks_once_more_so_that_the_cookie_comes_along(member: TestClient) -> None:
    cookie = member.cookies[COOKIE]
    member.cookies.clear()

    first = visit(member, DEEP_LINK, **{"sec-fetch-site": "cross-site"})
    assert first.headers["refresh"] == f"0; url={DEEP_LINK}"
    then = visit(member, DEEP_LINK, **{"sec-fetch-site": "same-origin", "cookie": f"{COOKIE}={cookie}"})
    assert UI in then.text
    stranger = visit(member, DEEP_LINK, **{"sec-fetch-site": "same-origin"})
    assert "refresh" not in stranger.headers
    assert 'action="/admin/login"' in stranger.text


def test_without_a_build_the_page_says_how_to_make_one(member: TestClient, installation: Installation) -> None:
    installation.state.ui = UiFiles(installation.folder / "nothing")

    answer = visit(member, DEEP_LINK)

    assert answer.status_code == 200
    assert "make ui" in answer.text

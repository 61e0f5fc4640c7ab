import re

from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.installation import PEPPER, ROOT_KEY, Installation
from tokenrouter import __version__
from tokenrouter.admin.paging import DEFAULT_ROWS
from tokenrouter.jobs.provider_status import CoolingTarget, ProviderStatus
from tokenrouter.store.keys import KeyRequest, create_key


def sign_in(client: TestClient, secret: str = ROOT_KEY, **headers: str) -> Response:
    return client.post("/admin/login", data={"secret": secret}, headers=headers)


def test_browsers_are_sent_to_the_pages_and_programs_get_a_card(client: TestClient) -> None:
    browser = client.get("/", headers={"accept": "text/html,*/*"})

    assert (browser.status_code, browser.headers["location"]) == (302, "/admin")
    assert client.get("/").json()["version"] == __version__
    assert client.get("/dashboard").headers["location"] == "/admin"


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


def test_of_many_keys_a_page_shows_some_and_leads_to_the_others(client: TestClient, installation: Installation) -> None:
    names = [f"pupil {number}" for number in range(DEFAULT_ROWS)]
    for number, name in enumerate(names):
        create_key(installation.store, KeyRequest(name), pepper=PEPPER, now_s=1000.0 + number)
    sign_in(client)

    first = client.get("/admin").text
    link = re.search(r'href="(/admin\?after=[^"]+)"', first)
    assert link is not None
    last = client.get(link[1]).text

    assert [name for name in names if f"<td>{name}</td>" in first] == names[:-3]  # three are of the file
    assert [name for name in names if f"<td>{name}</td>" in last] == names[-3:]
    assert "More keys" not in last


def test_what_people_have_written_is_escaped(client: TestClient, installation: Installation) -> None:
    request = KeyRequest(name="<script>alert(1)</script>")
    create_key(installation.store, request, pepper=PEPPER, now_s=installation.now_s)
    sign_in(client)

    text = client.get("/admin").text

    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_the_style_sheet_is_there(client: TestClient) -> None:
    assert client.get("/admin/style.css").headers["content-type"].startswith("text/css")


def test_a_slash_at_the_end_leads_to_the_same_page(client: TestClient) -> None:
    assert client.get("/admin/").text == client.get("/admin").text

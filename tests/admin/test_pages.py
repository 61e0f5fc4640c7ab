from fastapi.testclient import TestClient

from tokenrouter import __version__


def test_browsers_are_sent_to_the_pages_and_programs_get_a_card(client: TestClient) -> None:
    browser = client.get("/", headers={"accept": "text/html,*/*"})

    assert (browser.status_code, browser.headers["location"]) == (302, "/admin")
    assert client.get("/").json()["version"] == __version__
    assert client.get("/dashboard").headers["location"] == "/admin"


def test_the_style_sheet_is_there(client: TestClient) -> None:
    assert client.get("/admin/style.css").headers["content-type"].startswith("text/css")

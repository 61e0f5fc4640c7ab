"""How often a page asks the server: once for what it shows, once more when that changes, never for what nobody sees."""

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.ui.browser import settle
from tests.ui.conftest import Visit
from tests.ui.pages import PAGES
from tests.ui.serving import UiServer

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: requests per view")]

ELSEWHERE: Final = (
    "/api/v1/session",
    "/api/v1/attention",
    "/api/v1/events",
    "/api/v1/conversations/stream",
    "/api/v1/ledger/stream",
    "/api/v1/logs/stream",
)
"""What belongs to the frame, and streams, which are opened once."""
SEVERAL: Final = {
    "me": ("/api/v1/me", "/api/v1/models"),
    "playground": ("/api/v1/keys", "/v1/models"),
    "settings": ("/api/v1/settings", "/api/v1/settings/active_model_profile", "/api/v1/conversations/capture"),
}
"""Panels with a question of their own, whose answer is shown elsewhere too and remembered for both."""
LARGEST_PAGE: Final = 500
HIDE: Final = """() => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
}"""
SHOW: Final = """() => {
  delete document.hidden;
  delete document.visibilityState;
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
}"""


class Asked:
    """What a page has asked the server."""

    def __init__(self, page: Page) -> None:
        self._urls: list[str] = []
        page.on("request", self._note)

    def paths(self) -> list[str]:
        return [urlsplit(url).path for url in self._urls]

    def largest(self) -> int:
        limits = [int(parse_qs(urlsplit(url).query).get("limit", ["0"])[0]) for url in self._urls]
        return max(limits, default=0)

    def forget(self) -> None:
        self._urls.clear()

    def _note(self, request: Request) -> None:
        path = urlsplit(request.url).path
        if path.startswith(("/api/", "/v1/")) and not path.startswith(ELSEWHERE):
            self._urls.append(request.url)


def test_each_page_asks_once_for_what_it_shows_and_for_no_more_than_a_page(visit: Visit) -> None:
    shown = visit("/network", "owner")
    asked = Asked(shown)
    found = {}
    for page in PAGES:
        settle(shown)
        asked.forget()
        shown.goto(f"/admin{page.path}")
        settle(shown)
        found[page.name] = asked.paths()
        assert asked.largest() <= LARGEST_PAGE, page.name

    for name, paths in found.items():
        assert len(paths) == len(set(paths)), name
        assert set(paths) <= set(SEVERAL[name]) if name in SEVERAL else len(paths) <= 1, name


def test_a_change_asks_each_question_that_is_shown_once(visit: Visit, server: UiServer) -> None:
    shown = visit("/status", "owner")
    settle(shown)
    asked = Asked(shown)

    with shown.expect_response(_is("/api/v1/activity")):
        _chat(server)
    _go_to(shown, "Network")

    assert asked.paths() == ["/api/v1/activity", "/api/v1/network"]


def test_a_hidden_tab_asks_nothing_until_it_is_shown_again(visit: Visit, server: UiServer) -> None:
    hidden, looked_at = visit("/status", "owner"), visit("/status", "owner")
    settle(hidden)
    settle(looked_at)
    asked = Asked(hidden)
    hidden.evaluate(HIDE)

    with looked_at.expect_response(_is("/api/v1/activity")):
        _chat(server)
    with hidden.expect_response(_is("/api/v1/activity")):
        assert asked.paths() == []
        hidden.evaluate(SHOW)

    _go_to(hidden, "Network")
    assert asked.paths() == ["/api/v1/activity", "/api/v1/network"]


def test_what_was_just_shown_is_not_asked_again(visit: Visit) -> None:
    shown = visit("/access", "owner")
    settle(shown)
    asked = Asked(shown)

    shown.get_by_role("tab", name="People").click()
    expect(shown.get_by_role("table", name="People")).to_be_visible()
    settle(shown)
    shown.get_by_role("tab", name="Keys").click()
    expect(shown.get_by_role("table", name="Keys")).to_be_visible()
    settle(shown)

    assert asked.paths() == ["/api/v1/users"]


def _is(path: str) -> Callable[..., bool]:
    return lambda response: urlsplit(response.url).path == path


def _go_to(shown: Page, name: str) -> None:
    shown.get_by_role("link", name=name, exact=True).click()
    expect(shown.locator("h1")).to_have_text(name)
    settle(shown)


def _chat(server: UiServer) -> None:
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "hello"}]}
    assert server.gateway.call("POST", "/v1/chat/completions", json_body=body).status == 200

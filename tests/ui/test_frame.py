"""What surrounds every page: search, keyboard, live and paused, theme, and a session that ends elsewhere."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.ui.browser import Complaints, settle
from tests.ui.conftest import Visit
from tests.ui.hands import row
from tests.ui.serving import TEAM, UiServer
from tokenrouter.testing.processes import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: frame")]


def ask(server: UiServer, model: str = "sandbox/echo") -> str:
    """Ask a question, and return the request's id when it is in the books."""
    question = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
    request = server.gateway.call("POST", "/v1/chat/completions", json_body=question).headers["x-request-id"]
    wait_until("the books", lambda: server.gateway.call("GET", f"/api/v1/ledger/{request}").status == 200)
    return request


def search(page: Page, words: str) -> None:
    page.keyboard.press("/")
    page.get_by_role("textbox", name="Search").fill(words)


def test_search_finds_pages_subjects_and_requests_by_keyboard_alone(visit: Visit, server: UiServer) -> None:
    made = server.gateway.call("POST", "/api/v1/keys", json_body={"name": "astrolabe", "team": TEAM})
    assert made.status == 201, made.body
    request = ask(server)
    page = visit("/status")
    settle(page)

    search(page, "netw")
    expect(page.get_by_role("button", name="Network")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/admin/network$"))
    expect(page.get_by_role("dialog")).to_have_count(0)

    search(page, "astrolab")
    expect(page.get_by_role("button", name="astrolabe")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="astrolabe")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    search(page, request)
    expect(page.get_by_role("button", name="sandbox/echo")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="The story of this request")).to_be_visible()

    page.keyboard.press("Escape")
    search(page, "nobody is called so")
    expect(page.get_by_text("Nothing is called “nobody is called so”.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_slash_that_is_typed_into_a_field_stays_there(visit: Visit) -> None:
    page = visit("/requests")
    box = page.get_by_role("searchbox", name="Id, key, model")
    box.press_sequentially("sandbox/echo")

    expect(box).to_have_value("sandbox/echo")
    expect(page).to_have_url(re.compile(f"q={quote('sandbox/echo', safe='')}|q=sandbox/echo"))
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_is_paused_stays_as_it_is_until_it_goes_on(visit: Visit, server: UiServer) -> None:
    page, other = visit("/requests"), visit("/requests")
    settle(page)
    live = page.get_by_role("button", name="Live")
    ask(server, "sandbox/lorem-3")
    expect(row(page, "sandbox/lorem-3")).to_have_count(1)

    live.click()
    expect(live).to_have_attribute("aria-pressed", "false")
    ask(server, "sandbox/lorem-3")
    expect(row(other, "sandbox/lorem-3")).to_have_count(2)
    expect(row(page, "sandbox/lorem-3")).to_have_count(1)

    page.reload()
    expect(row(page, "sandbox/lorem-3")).to_have_count(2)
    expect(live).to_have_attribute("aria-pressed", "false")
    live.click()
    ask(server, "sandbox/lorem-3")
    expect(row(page, "sandbox/lorem-3")).to_have_count(3)


def test_the_theme_is_chosen_and_kept(visit: Visit) -> None:
    page = visit("/status", scheme="light")
    settle(page)
    scheme = page.locator("html")
    expect(scheme).to_have_attribute("data-mantine-color-scheme", "light")

    page.get_by_role("button", name="Your account").click()
    page.get_by_text("Dark", exact=True).click()
    expect(scheme).to_have_attribute("data-mantine-color-scheme", "dark")
    page.reload()
    settle(page)
    expect(scheme).to_have_attribute("data-mantine-color-scheme", "dark")


def test_a_session_that_ended_elsewhere_leads_to_signing_in_and_back_to_the_same_view(
    visit: Visit, server: UiServer, complaints: list[Complaints]
) -> None:
    page = visit("/requests?status=ok", "owner")
    complaints[-1].expect("^401: ")
    settle(page)
    elsewhere = visit("/account", "owner")
    settle(elsewhere)
    elsewhere.get_by_role("button", name="End all others").click()
    expect(elsewhere.get_by_role("button", name="End all others")).to_have_count(0)

    page.get_by_role("navigation").get_by_role("link", name="Quota").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("API key").fill(server.gateway.key)
    page.get_by_role("button", name="Sign in with a key").click()

    expect(page).to_have_url(re.compile("/admin/quota"))
    settle(page)


def test_signing_out_ends_the_session(visit: Visit) -> None:
    page = visit("/usage", "owner")
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Sign out").click()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/admin/usage")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_words_beside_what_is_pointed_at_come_and_go(visit: Visit) -> None:
    page = visit("/network")
    settle(page)
    words = page.locator(".mantine-Tooltip-tooltip")
    button = page.get_by_role("button", name="Refresh what you see")

    button.hover()
    expect(words).to_have_text("Refresh what you see")
    page.keyboard.press("Escape")
    expect(words).to_have_count(0)

    page.locator("h1").hover()
    button.hover()
    expect(words).to_be_visible()
    page.locator("h1").hover()
    expect(words).to_have_count(0)


def test_what_leads_nowhere_says_so_and_leads_back(visit: Visit) -> None:
    page = visit("/no-such-page")

    expect(page.get_by_role("heading", name="There is no such page.")).to_be_visible()
    page.get_by_role("link", name="Go to the start").click()
    expect(page).to_have_url(re.compile("/admin/status"))


def test_copying_works_where_the_browser_lends_no_clipboard(visit: Visit, server: UiServer) -> None:
    page = visit("/network")
    # As it is for whoever comes by plain HTTP from another machine.
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    settle(page)
    copy = page.get_by_role("button", name=f"Copy: {server.origin}")

    copy.click()

    expect(page.get_by_role("button", name=f"Copied: {server.origin}")).to_be_focused()
    search(page, "")
    page.keyboard.press("Control+V")
    expect(page.get_by_role("textbox", name="Search")).to_have_value(server.origin)

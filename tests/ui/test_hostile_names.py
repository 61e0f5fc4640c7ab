"""Names, prompts and answers that mean harm stay text on every page, and no page bursts for them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.ui.browser import settle
from tests.ui.conftest import Visit
from tests.ui.hostile import TEXTS, fill, hostile_provider
from tests.ui.pages import PAGES
from tests.ui.serving import UiServer

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: hostile names")]

FOREIGN = "script:not([src^='/admin/assets/']), img[src='x'], [onerror], a[href^='javascript:']"
"""Elements that no page of ours has."""


@pytest.fixture(scope="module")
def ui_config() -> Iterator[str]:
    with hostile_provider() as address:
        yield f"""
[[providers]]
name = "evil"
provider_type = "openai-compatible"
base_url = "{address}"
api_key = "k"
"""


@pytest.fixture(scope="module")
def views(server: UiServer) -> list[str]:
    return [page.path for page in PAGES] + fill(server)


def faults(page: Page) -> list[str]:
    """Return what is wrong with what is shown."""
    settle(page)
    foreign = page.locator(FOREIGN)
    found = [str(foreign.nth(number).evaluate("e => e.outerHTML"))[:200] for number in range(foreign.count())]
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, *([f"{wider} pixels wider than the window"] if wider > 0 else [])]


def test_they_stay_text_on_every_page_and_fit_on_a_phone(visit: Visit, views: list[str]) -> None:
    page = visit("/status", device="phone")
    dialogs: list[str] = []

    def heard(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", heard)
    settle(page)
    wrong = {}
    for view in views:
        page.goto(f"/admin{view}")
        if found := faults(page):
            wrong[view] = found

    assert not wrong
    assert not dialogs


def test_they_are_found_and_read_as_they_are(visit: Visit, views: list[str]) -> None:
    page = visit("/access?tab=people")
    assert views
    expect(page.get_by_role("cell", name=TEXTS[0]).first).to_be_visible()
    page.keyboard.press("/")
    page.get_by_role("textbox", name="Search").fill("<img src")
    expect(page.get_by_role("dialog").get_by_text(TEXTS[0]).first).to_be_visible()
    page.keyboard.press("Escape")

    page.goto(f"/admin{next(view for view in views if 'conversations?open' in view)}")
    talk = page.get_by_role("dialog")
    expect(talk.get_by_text(TEXTS[0]).first).to_be_visible()
    expect(talk.get_by_text("\\u202e").first).to_be_visible()

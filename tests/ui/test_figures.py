"""The pages of figures, "Status" and "Usage": they add up, and lead from the whole to its parts and back."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.store.entries import entry
from tests.ui.browser import settle
from tests.ui.conftest import Visit
from tests.ui.serving import TEAM, UiServer
from tokenrouter.domain.ledger import Usage
from tokenrouter.store.ledger import Row, record

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: figures")]

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True, scope="module")
def rows(server: UiServer) -> None:
    """Requests of three models by two people, and one of a program with a name that would like to be HTML."""
    mia: dict[str, Any] = {"user": "Mia Larsen", "team": TEAM, "key_id": "key_mia", "key_name": "mia-laptop"}
    ben: dict[str, Any] = {"user": "Ben Ode", "team": "Choir", "key_id": "key_ben", "key_name": "ben-phone"}
    began_us = int(time.time() - 600) * 1_000_000
    asked = [
        entry("one", **mia, provider="acme", model="large", usage=Usage(4000, 1000), cost_nano_usd=5_000_000_000),
        entry("two", **mia, provider="acme", model="small", usage=Usage(300, 200), cost_nano_usd=1_000_000_000),
        entry(
            "three", **ben, provider="zeta", model="org/tiny", usage=Usage(50, 50), cost_nano_usd=0, client_tool=HOSTILE
        ),
    ]
    for one in asked:
        one.started_us, one.chain = began_us, (one.key_id,)
    record(server.store, [Row(one) for one in asked], {})


def tile(page: Page, name: str) -> Any:
    """Return the figure of a tile."""
    return page.get_by_text(name, exact=True).locator("xpath=following-sibling::*[1]")


def test_a_name_shows_it_alone_and_its_chip_brings_the_others_back(visit: Visit) -> None:
    page = visit("/status")
    volume = page.get_by_role("figure", name="Volume")
    expect(tile(page, "Requests")).to_have_text("3")

    volume.get_by_role("button", name="zeta/org/tiny").click()

    expect(page).to_have_url(re.compile(r"provider=zeta.*model=org"))
    expect(tile(page, "Requests")).to_have_text("1")
    page.get_by_role("button", name=re.compile("Remove the filter Model")).click()
    page.get_by_role("button", name=re.compile("Remove the filter Provider")).click()
    expect(tile(page, "Requests")).to_have_text("3")


def test_arrow_keys_mark_a_time_and_enter_looks_closer(visit: Visit) -> None:
    page = visit("/status?range=1h")
    plot = page.get_by_role("slider", name="Volume")
    plot.focus()

    for key in ("Home", "Shift+ArrowRight", "Shift+ArrowRight", "Enter"):
        page.keyboard.press(key)

    expect(page).to_have_url(re.compile("from=.*to="))
    expect(page.get_by_text("Nothing happened in this time.").first).to_be_visible()
    page.get_by_role("button", name="Back to the whole range").click()
    expect(tile(page, "Requests")).to_have_text("3")


def test_a_chart_is_a_table_too(visit: Visit) -> None:
    page = visit("/status?measure=requests")

    page.get_by_role("button", name="Show as table: Volume").click()

    table = page.get_by_role("region", name="Volume").get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_text(["Time", "acme/large", "acme/small", "zeta/org/tiny"])


def test_names_stay_text(visit: Visit) -> None:
    page = visit("/status?group=tool")

    programs = page.get_by_role("table", name="Programs")

    expect(programs.get_by_role("button", name=HOSTILE)).to_be_visible()
    assert page.locator("img[src='x']").count() == 0


def test_usage_adds_up_and_a_row_leads_to_what_it_is_made_of(visit: Visit) -> None:
    page = visit("/usage")
    table = page.get_by_role("table", name="Usage by team")
    expect(table.get_by_role("row").filter(has_text="Total")).to_contain_text("$6.00")

    table.get_by_role("button", name=TEAM).click()
    page.get_by_role("table", name="Usage by person").get_by_role("button", name="Mia Larsen").click()
    page.get_by_role("table", name="Usage by key").get_by_role("button", name="mia-laptop").click()

    models = page.get_by_role("table", name="Usage by model").get_by_role("row")
    expect(models.filter(has_text="acme/large")).to_contain_text("$5.00")
    expect(models.filter(has_text="Total")).to_contain_text("$6.00")


def test_the_checker_says_whether_the_books_are_right(visit: Visit) -> None:
    page = visit("/usage")
    settle(page)

    page.get_by_role("button", name="Check the books").click()

    expect(page.get_by_role("status").filter(has_text="The books are right")).to_be_visible()


def test_members_see_what_is_theirs(visit: Visit) -> None:
    page = visit("/usage", "member")

    expect(tile(page, "Requests")).to_have_text("2")
    expect(page.get_by_role("table", name="Usage by model")).not_to_contain_text("tiny")
    expect(page.get_by_role("button", name="Check the books")).to_have_count(0)

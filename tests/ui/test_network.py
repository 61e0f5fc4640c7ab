"""The page "Network": a listener that moves, with a browser that looks whether the new address leads here."""

import pytest
from playwright.sync_api import expect

from tests.ui.browser import Complaints, settle
from tests.ui.conftest import Visit
from tests.ui.serving import UiServer
from tokenrouter.testing.processes import call, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: network")]


def test_a_listener_is_moved_to_where_the_browser_reaches_it_and_back(
    visit: Visit, server: UiServer, complaints: list[Complaints]
) -> None:
    page = visit("/network")
    complaints[-1].expect("ERR_|Failed to load|127.0.0.1")  # of the address that is given up
    new = free_port()

    page.get_by_label("New address").fill(f"127.0.0.1:{new}")
    page.get_by_role("button", name="Try the new address").click()

    there = page.get_by_role("link", name="Go there")
    expect(there).to_have_attribute("href", f"http://127.0.0.1:{new}/admin/network")
    assert call(f"http://127.0.0.1:{new}", "GET", "/readyz").status == 200
    there.click()
    settle(page)
    page.get_by_role("button", name="Move back").click()
    expect(there).to_have_attribute("href", f"{server.origin}/admin/network")
    assert call(server.origin, "GET", "/readyz").status == 200


def test_an_address_that_the_browser_does_not_reach_is_given_up(visit: Visit, complaints: list[Complaints]) -> None:
    page = visit("/network")
    complaints[-1].expect("network/probe|ERR_FAILED")
    new = free_port()
    page.route("**/api/v1/network/probe", lambda route: route.abort())

    page.get_by_label("New address").fill(f"127.0.0.1:{new}")
    page.get_by_role("button", name="Try the new address").click()

    expect(page.get_by_text("was not reached from here, so all is as before.")).to_be_visible(timeout=15_000)
    expect(page.get_by_label("New address")).to_be_visible()
    with pytest.raises(ConnectionRefusedError):
        call(f"http://127.0.0.1:{new}", "GET", "/readyz")

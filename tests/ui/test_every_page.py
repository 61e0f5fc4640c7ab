"""What is true of every page of the admin UI."""

import re

import pytest
from playwright.sync_api import expect

from tests.repo.files import ROOT
from tests.ui.browser import Device, Scheme, assert_accessible, settle
from tests.ui.conftest import Visit
from tests.ui.pages import PAGES, Role, UiPage
from tests.ui.serving import UiServer

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: every page")]

BY_NAME = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
SERVERS_OWN = {"api", "assets", "login", "logout", "oidc", "password", "setup", "style.css"}
PREDECESSORS = {"allow_key", "forbid_key", "gen_key", "list_costs", "list_users", "server-logs", "stats", "teams"}


def test_the_table_of_pages_is_the_ui_s() -> None:
    told = re.findall(r'name: "(.+)",\s+path: "(.+)"', (ROOT / "ui/src/pages.ts").read_text())

    assert [(page.name, page.path) for page in PAGES] == told


def test_no_page_is_where_the_server_has_something_of_its_own() -> None:
    assert not {page.path.split("/")[1] for page in PAGES} & (SERVERS_OWN | PREDECESSORS)


@BY_NAME
@pytest.mark.parametrize(("scheme", "device"), [("light", "desktop"), ("dark", "phone")])
def test_it_shows_its_name_is_accessible_and_complains_of_nothing(
    visit: Visit, page: UiPage, scheme: Scheme, device: Device
) -> None:
    shown = visit(page.path, "admin", device=device, scheme=scheme)

    settle(shown)

    expect(shown.locator("h1")).to_have_count(1)
    assert_accessible(shown)
    wider = shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"it is {wider} pixels wider than the window"


@pytest.mark.parametrize("role", ["team_admin", "member"])
def test_each_role_has_its_pages_and_no_other(visit: Visit, role: Role) -> None:
    shown = visit("/", role)
    settle(shown)
    unknown = shown.get_by_text("There is no such page")
    for page in PAGES:
        shown.goto(f"/admin{page.path}")
        shown.locator("h1").or_(unknown).first.wait_for()
        assert unknown.count() == (role not in page.roles), page.name


def test_whoever_is_not_signed_in_lands_on_the_page_that_was_wanted(visit: Visit, server: UiServer) -> None:
    shown = visit("/usage?range=7d", None)
    assert_accessible(shown)

    shown.get_by_label("API key").fill(server.gateway.key)
    shown.get_by_role("button", name="Sign in with a key").click()

    expect(shown).to_have_url(re.compile(r"/admin/usage\?range=7d"))
    settle(shown)

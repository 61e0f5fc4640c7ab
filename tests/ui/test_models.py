"""The page "Models": its main jobs, as whoever does them."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.ui.browser import assert_accessible, settle
from tests.ui.conftest import Visit
from tests.ui.serving import UiServer
from tokenrouter.testing.processes import SandboxProcess

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: models")]


@pytest.fixture(scope="module")
def ui_config(sandbox: SandboxProcess) -> str:
    return f"""
[[providers]]
name = "sandbox"
provider_type = "sandbox"
base_url = "{sandbox.base_url}"
api_key = "sandbox"

[[aliases]]
name = "house"
targets = ["sandbox/echo", {{ target = "sandbox/dense", profile = "home" }}]
fallback = "sandbox/thinker"
"""


def _pick(form: Locator, field: str, name: str) -> None:
    """Type a name, and take it from what is found."""
    form.get_by_role("combobox", name=field, exact=True).fill(name)
    form.page.get_by_role("option", name=name, exact=True).click()


def test_an_own_price_is_set_shown_and_taken_back(visit: Visit) -> None:
    page = visit("/models?open=sandbox/echo")
    panel = page.get_by_role("dialog", name="sandbox/echo", exact=True)

    panel.get_by_role("button", name="Set own price").click()
    form = page.get_by_role("dialog", name="Own price of sandbox/echo")
    form.get_by_label("Input", exact=False).first.fill("1.5")
    form.get_by_label("Output").fill("3")
    form.get_by_role("button", name="Set price").click()

    prices = panel.get_by_role("region", name="Price per million tokens")
    expect(prices).to_contain_text("$1.50")
    expect(prices).to_contain_text("$3.00")
    panel.get_by_role("button", name="Remove own price").click()
    expect(prices).to_contain_text("Nobody has said what it costs")
    page.get_by_role("button", name="Undo").click()
    expect(prices).to_contain_text("$1.50")


def test_an_admin_makes_changes_and_removes_an_alias(visit: Visit) -> None:
    page = visit("/models?tab=aliases")
    page.get_by_role("button", name="Create alias").click()
    form = page.get_by_role("dialog", name="Create an alias")
    form.get_by_label("Name").fill("quick")
    _pick(form, "Target 1", "sandbox/dense")
    form.get_by_role("button", name="Add a target").click()
    _pick(form, "Target 2", "sandbox/echo")
    form.get_by_role("button", name="Move target 2 up").click()
    form.get_by_role("switch", name="Send short requests to a light model").check()
    form.get_by_role("combobox", name="Light model").fill("thinker")
    form.get_by_label("Tokens, exactly").fill("64")
    assert_accessible(page)
    form.get_by_role("button", name="Create alias").click()

    panel = page.get_by_role("dialog", name="quick", exact=True)
    expect(panel.get_by_role("region", name="Where it leads")).to_have_text(
        re.compile("1.*sandbox/echo.*2.*sandbox/dense")
    )
    expect(panel).to_contain_text("thinker below 64 tokens")
    panel.get_by_role("button", name="Edit").click()
    edited = page.get_by_role("dialog", name="Edit quick")
    edited.get_by_role("button", name="Remove target 2").click()
    edited.get_by_role("button", name="Save alias").click()
    expect(panel.get_by_role("region", name="Where it leads")).not_to_contain_text("sandbox/dense")

    panel.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove alias").click()
    rows = page.get_by_role("table", name="Aliases")
    expect(rows).not_to_contain_text("quick")
    page.get_by_role("button", name="Undo").click()
    expect(rows).to_contain_text("quick")


def test_a_member_makes_aliases_of_their_own_and_changes_no_other(visit: Visit) -> None:
    page = visit("/models?tab=aliases", "member")
    page.get_by_role("button", name="Create alias").first.click()
    form = page.get_by_role("dialog", name="Create an alias")
    form.get_by_label("Name").fill("mine")
    _pick(form, "Target 1", "sandbox/echo")
    form.get_by_role("button", name="Create alias").click()
    expect(page.get_by_role("dialog", name="mine", exact=True)).to_contain_text("Mia Larsen")

    page.goto("/admin/models?tab=aliases&open=house")
    panel = page.get_by_role("dialog", name="house", exact=True)
    expect(panel).to_contain_text("change it there")
    expect(panel.get_by_role("button", name="Edit")).to_have_count(0)
    expect(page.get_by_role("tab", name="Benchmark")).to_have_count(0)


def test_switching_the_profile_switches_what_aliases_lead_to_and_can_be_undone(visit: Visit) -> None:
    page = visit("/models?tab=aliases")
    rows = page.get_by_role("table", name="Aliases")
    expect(rows).to_contain_text("sandbox/echo")

    page.get_by_role("combobox", name="Profile", exact=True).select_option("home")
    expect(rows).to_contain_text("sandbox/dense")
    expect(page.get_by_text("With “home”")).to_be_visible()

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("With “default”")).to_be_visible()


def test_a_route_is_explained_with_its_places_in_order(visit: Visit, server: UiServer) -> None:
    assert server.gateway.call("POST", "/api/v1/keys", json_body={"name": "lab"}).status == 201
    page = visit("/models?tab=explain&key=lab")
    page.get_by_role("combobox", name="Model or alias").fill("house")
    page.get_by_role("button", name="Explain", exact=True).click()

    expect(page).to_have_url(re.compile("model=house"))
    places = page.get_by_role("region", name="Places, in order")
    expect(places).to_have_text(re.compile("sandbox/echo.*if that fails.*sandbox/thinker"))
    settle(page)
    assert_accessible(page)


def test_models_that_are_selected_are_benchmarked(visit: Visit) -> None:
    page = visit("/models?q=sandbox/echo")
    page.get_by_label("Select sandbox/echo", exact=True).check()
    page.get_by_role("button", name="Benchmark these").click()
    expect(page.get_by_text("2 messages to 1 model")).to_be_visible()
    page.get_by_role("button", name="Start benchmark").click()

    expect(page.get_by_role("region", name="Completed")).to_contain_text("2 of 2 messages")
    expect(page.get_by_role("table", name="Benchmark")).to_contain_text("Done")
    assert_accessible(page)

"""Where a name leads: profiles are switched, a route is explained, models are measured."""

import pytest
from playwright.sync_api import expect

from tests.ui.browser import settle
from tests.ui.conftest import Visit
from tests.ui.hands import row
from tests.ui.serving import UiServer
from tokenrouter.testing.processes import SandboxProcess, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: routes")]


@pytest.fixture(scope="module")
def ui_config(sandbox: SandboxProcess) -> str:
    providers = "".join(
        f'[[providers]]\nname = "{name}"\nprovider_type = "sandbox"\nbase_url = "{sandbox.base_url}"\napi_key = "k"\n'
        for name in ("day", "night")
    )
    return f"""{providers}
[[aliases]]
name = "fast"
targets = [{{target = "day/echo"}}, {{target = "night/echo", profile = "evening"}}]
"""


def answered_by(server: UiServer) -> str:
    question = {"model": "fast", "messages": [{"role": "user", "content": "Hello"}]}
    answer = server.gateway.call("POST", "/v1/chat/completions", json_body=question)
    return answer.headers.get("x-tokenrouter-provider", "")


def test_a_profile_is_switched_and_undone_and_leads_elsewhere(visit: Visit, server: UiServer) -> None:
    page = visit("/models?tab=aliases")
    expect(row(page, "fast")).to_contain_text("day/echo")
    page.get_by_role("combobox", name="Profile").select_option("evening")

    expect(page.get_by_text("The profile evening counts now.")).to_be_visible()
    wait_until("the profile to count", lambda: answered_by(server) == "night")
    page.goto("/admin/models?tab=explain&model=fast&key=test-admin")
    settle(page)
    page.get_by_role("button", name="Explain", exact=True).click()
    expect(page.get_by_text("The profile “evening” counts.")).to_be_visible()
    expect(page.get_by_text("night/echo").first).to_be_visible()

    page.goto("/admin/settings")
    page.get_by_role("button", name="Back to default").click()
    wait_until("the usual one to count", lambda: answered_by(server) == "day")


def test_models_are_measured_within_bounds(visit: Visit) -> None:
    page = visit("/models?tab=benchmark")
    models = page.get_by_role("textbox", name="Models").or_(page.get_by_role("combobox", name="Models"))
    models.fill("day/echo")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Chats with each").fill("1")
    page.get_by_role("textbox", name="Messages of a chat").fill("2")
    expect(page.get_by_text("2 messages to 1 model")).to_be_visible()
    page.get_by_role("button", name="Start benchmark").click()

    measured = row(page, "day/echo")
    expect(measured).to_contain_text("Done")
    expect(measured).to_contain_text("2")

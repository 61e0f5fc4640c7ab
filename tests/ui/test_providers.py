"""What an administrator does with providers: adds one, tests it, switches it, changes it, removes it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.ui.conftest import Visit
from tests.ui.hands import confirm, row
from tests.ui.serving import UiServer
from tokenrouter.testing.processes import SandboxProcess, free_port, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: providers")]


@pytest.fixture(scope="module")
def ui_config(sandbox: SandboxProcess) -> str:
    return f"""
allow_private_providers = true

[[providers]]
name = "sandbox"
provider_type = "sandbox"
base_url = "{sandbox.base_url}"
api_key = "sandbox"
"""


@pytest.fixture
def acme(server: UiServer, sandbox: SandboxProcess) -> Iterator[str]:
    """The name of a provider that was made through the API."""
    wanted = {"name": "acme", "provider_type": "openai-compatible", "base_url": sandbox.base_url, "api_key": "secret-1"}
    assert server.gateway.call("POST", "/api/v1/providers", json_body=wanted).status == 201
    yield "acme"
    server.gateway.call("DELETE", "/api/v1/providers/acme")


def asked(server: UiServer, model: str) -> int:
    question = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
    return server.gateway.call("POST", "/v1/chat/completions", json_body=question).status


def open_row(page: Page, name: str) -> None:
    row(page, name).get_by_text(name, exact=True).first.click()


def test_one_that_does_not_answer_is_told_in_words_and_one_that_does_is_saved(
    visit: Visit, server: UiServer, sandbox: SandboxProcess
) -> None:
    page = visit("/providers")
    page.get_by_role("button", name="Add provider").click()
    page.get_by_role("searchbox", name="Find a vendor").fill("openai-comp")
    page.get_by_role("button", name="OpenAI-compatible").click()
    form = page.get_by_role("dialog")
    form.get_by_role("textbox", name="Name").fill("added")
    form.get_by_role("textbox", name="Base URL").fill(f"http://127.0.0.1:{free_port()}/v1")
    form.get_by_label("API key").fill("a secret of mine")

    form.get_by_role("button", name="Test", exact=True).click()
    expect(form.get_by_role("status")).to_contain_text("It does not work")
    expect(form.get_by_role("status")).to_contain_text("127.0.0.1")
    expect(form.get_by_role("button", name="Save without a good test")).to_be_enabled()

    form.get_by_role("textbox", name="Base URL").fill(sandbox.base_url)
    expect(form.get_by_role("status")).to_be_empty()
    page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("It works")
    form.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("added is added.")).to_be_visible()
    expect(row(page, "added")).to_contain_text("Made here")
    wait_until("it to answer", lambda: asked(server, "added/echo") == 200)
    assert "a secret of mine" not in page.content()


def test_switching_one_off_can_be_undone(visit: Visit, server: UiServer, acme: str) -> None:
    wait_until("it to answer", lambda: asked(server, "acme/echo") == 200)
    page = visit("/providers")
    switch = page.get_by_role("switch", name="acme is on")

    switch.click(force=True)
    expect(switch).not_to_be_checked()
    expect(page.get_by_text("acme is off: its models are not found any more.")).to_be_visible()
    wait_until("it to be gone", lambda: asked(server, "acme/echo") == 404)

    page.get_by_role("button", name="Undo").click()
    expect(switch).to_be_checked()
    wait_until("it to be back", lambda: asked(server, "acme/echo") == 200)


def test_what_the_file_declares_is_switched_and_put_back_but_not_changed(visit: Visit) -> None:
    page = visit("/providers?open=sandbox")
    panel = page.get_by_role("dialog", name="sandbox")

    expect(panel.get_by_text("Declared in")).to_be_visible()
    expect(panel.get_by_role("button", name="Edit")).to_have_count(0)
    panel.get_by_role("switch", name="sandbox is on").click(force=True)
    panel.get_by_role("button", name="As declared").click()
    expect(panel.get_by_role("switch", name="sandbox is on")).to_be_checked()
    expect(panel.get_by_role("button", name="As declared")).to_have_count(0)


def test_it_is_changed_and_removed_by_its_name(visit: Visit, server: UiServer, acme: str) -> None:
    page = visit("/providers")
    open_row(page, "acme")
    panel = page.get_by_role("dialog", name="acme")
    panel.get_by_role("button", name="Edit").click()
    form = page.get_by_role("dialog", name="Edit acme")
    form.get_by_role("textbox", name="Comment").fill("the account of the lab")
    form.get_by_role("button", name="Test", exact=True).click()
    expect(form.get_by_role("status")).to_contain_text("It works")
    form.get_by_role("button", name="Save", exact=True).click()
    expect(panel.get_by_text("the account of the lab")).to_be_visible()

    panel.get_by_role("button", name="Remove").click()
    confirm(page, "Remove acme?", "Remove provider", "acme")

    expect(page.get_by_text("acme is removed.")).to_be_visible()
    expect(row(page, "acme")).to_have_count(0)
    wait_until("it to be gone", lambda: asked(server, "acme/echo") == 404)

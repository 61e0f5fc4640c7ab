"""The first run, as somebody who has just installed it: from the set-up link to the first request, by what is shown."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import FirstStart
from tests.ui.browser import Complaints, assert_accessible, open_context, settle
from tests.ui.hands import copied
from tokenrouter.testing.processes import SandboxProcess, call, wait_until

pytestmark = pytest.mark.e2e


@pytest.fixture
def first_start(tmp_path: Path) -> Iterator[FirstStart]:
    """A server that was started for the first time, and may ask the provider that the test brings along."""
    starting = FirstStart(tmp_path)
    (tmp_path / "home" / "torod.toml").write_text("allow_private_providers = true\n")
    with starting:
        yield starting


def setup_link(started: FirstStart) -> str:
    (told,) = [line for line in started.log().splitlines() if "set-up link: " in line]
    lines = Path(told.partition("set-up link: ")[2].strip()).read_text().splitlines()
    return next(line.removeprefix("setup: ") for line in lines if line.startswith("setup: "))


def test_from_the_set_up_link_to_the_first_request(
    browser: Browser, first_start: FirstStart, sandbox: SandboxProcess
) -> None:
    link = setup_link(first_start)
    origin = link.partition("/admin")[0]
    wait_until("the pages to be there", lambda: call(origin, "GET", "/admin").status == 200)
    began = time.monotonic()
    with open_context(browser, origin) as window:
        complaints = Complaints(window)
        page = window.new_page()

        page.goto(link)
        assert_accessible(page)
        page.get_by_label("Name").fill("Olga Marin")
        page.get_by_label("E-mail address").fill("olga@school.example")
        page.get_by_label("Password").fill("a password that is long enough")
        page.get_by_role("button", name="Make my account").click()
        expect(page.get_by_role("heading", name="Welcome, Olga Marin")).to_be_visible()
        settle(page)
        assert_accessible(page)

        page.get_by_role("button", name="Add provider").click()
        page.get_by_role("searchbox", name="Find a vendor").fill("compatible")
        page.get_by_role("button", name="OpenAI-compatible").click()
        form = page.get_by_role("dialog")
        form.get_by_role("textbox", name="Name").fill("acme")
        form.get_by_role("textbox", name="Base URL").fill(sandbox.base_url)
        form.get_by_label("API key").fill("a key of acme's")
        form.get_by_role("button", name="Test", exact=True).click()
        expect(form.get_by_role("status")).to_contain_text("It works")
        form.get_by_role("button", name="Save", exact=True).click()
        expect(form).to_be_hidden()
        first = page.get_by_role("region", name="Add a provider")
        expect(first.get_by_text("acme", exact=True)).to_be_visible()

        second = page.get_by_role("region", name="Make a key")
        expect(second.get_by_label("What is it for?")).to_have_value("olga-marin-first")
        second.get_by_role("button", name="Create key").click()
        key = second.get_by_role("textbox", name="Key").input_value()
        assert key.startswith("tr_")

        third = page.get_by_role("region", name="Use it")
        third.get_by_role("combobox", name="Model").select_option("acme/echo")
        expect(third.get_by_text("Waiting for the first request")).to_be_visible()
        snippet = copied(page, third.get_by_role("button", name="Copy: the snippet"))
        done = subprocess.run(["sh", "-c", snippet], capture_output=True, text=True, timeout=60, check=False)
        assert "Say hello in one word." in done.stdout, snippet + done.stdout + done.stderr
        expect(third.get_by_text("The first request arrived.")).to_be_visible()
        sys.stdout.write(f"from the set-up link to the first request: {time.monotonic() - began:.1f} s\n")

        third.get_by_role("link", name="See the request").click()
        expect(page.get_by_role("region", name="The story of this request")).to_contain_text("acme/echo")
        page.goto(link)
        expect(page.get_by_role("heading", name="not good any more")).to_be_visible()
        complaints.expect("^410: GET .*/admin/setup")
        assert not complaints.unexpected

"""One browser for the tests of this folder in each process, one gateway for each module, one window for each visit."""

import os
from collections.abc import Iterator
from typing import Protocol

import pytest
from playwright.sync_api import Browser, Page

from build_ui import is_built
from tests.conftest import StartGateway
from tests.repo.files import ROOT
from tests.ui.browser import Complaints, Device, NoBrowser, Scheme, chromium, open_context
from tests.ui.pages import Role
from tests.ui.serving import UiServer, served
from tokenrouter.testing.processes import SandboxProcess


class Visit(Protocol):
    """Opens a page below `/admin`, signed in as somebody who plays a role, or as nobody."""

    def __call__(
        self, path: str = "/", role: Role | None = "admin", *, device: Device = "desktop", scheme: Scheme = "light"
    ) -> Page: ...


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser. Without one the tests are skipped, with a summary that says so; CI does not let that pass.

    It is closed with the last test of this folder: as long as playwright runs, its thread has an event loop that runs,
    and no coroutine of another folder's tests can be run in the same process.
    """
    try:
        with chromium() as running:
            assert is_built(ROOT), "the admin UI is not that of its sources: say `make ui`"
            yield running
    except NoBrowser as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason))
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def ui_config(sandbox: SandboxProcess) -> str:
    """The configuration of the module's gateway; a module may have another."""
    return f"""
[[providers]]
name = "sandbox"
provider_type = "sandbox"
base_url = "{sandbox.base_url}"
api_key = "sandbox"
"""


@pytest.fixture(scope="module")
def server(browser: Browser, shared_gateway: StartGateway, ui_config: str) -> Iterator[UiServer]:
    """A gateway with people in it, for all tests of a module."""
    with served(shared_gateway(ui_config)) as server:
        yield server


@pytest.fixture
def complaints() -> list[Complaints]:
    """What the windows of this test complain of; `complaints[-1].expect(…)` for what it is about."""
    return []


@pytest.fixture
def visit(browser: Browser, server: UiServer, complaints: list[Complaints]) -> Iterator[Visit]:
    """A function that opens pages, each visit in a window of its own. At the end none may have complained."""
    windows = []

    def open_page(
        path: str = "/", role: Role | None = "admin", *, device: Device = "desktop", scheme: Scheme = "light"
    ) -> Page:
        cookie = server.cookie(role) if role is not None else ""
        window = open_context(browser, server.origin, device=device, scheme=scheme, cookie=cookie)
        windows.append(window)
        complaints.append(Complaints(window))
        page = window.new_page()
        page.goto(f"/admin{path}")
        return page

    yield open_page
    for window in windows:
        window.close()
    assert not [one for heard in complaints for one in heard.unexpected]

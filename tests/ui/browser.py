"""A real browser for the tests: Debian's chromium, driven by playwright, with an ear for everything that goes wrong.

Whatever a page complains of (an error in the console, a script or style that the policy refuses, an answer that is an
error, a request that fails) is a failure of the test that opened the page, whether it looked for it or not.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from tests.repo.files import ROOT

NO_BROWSER: Final = "the admin UI is not tested: chromium is not installed (Debian, Ubuntu: apt install chromium)"
WAIT_MS: Final = 60_000
"""For a machine that runs everything else at the same time; a page takes a fraction of a second."""
AXE: Final = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
_TELL_REFUSALS: Final = """addEventListener("securitypolicyviolation", (event) => {
  console.error(`the policy refuses ${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile ?? ""}`);
});"""
_LEFT: Final = "net::ERR_ABORTED"
"""What becomes of the requests of a page that is left, streams of events among them."""

Device = Literal["desktop", "phone"]
Scheme = Literal["light", "dark"]
SIZES: Final[dict[Device, tuple[int, int]]] = {"desktop": (1440, 900), "phone": (390, 844)}


class NoBrowser(Exception):
    """There is no chromium here."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser.

    Raises:
        NoBrowser: it is not installed.
    """
    program = shutil.which("chromium")
    if program is None:
        raise NoBrowser(NO_BROWSER)
    # As root, chromium starts without its sandbox or not at all; in containers shared memory is small.
    options = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=options)
        try:
            yield browser
        finally:
            browser.close()


class Complaints:
    """What the pages of one context complain of, oldest first."""

    def __init__(self, context: BrowserContext) -> None:
        self._heard: list[str] = []
        self._expected: list[re.Pattern[str]] = []
        context.add_init_script(_TELL_REFUSALS)
        context.on("console", self._console)
        context.on("weberror", lambda error: self._heard.append(f"uncaught: {error.error}"))
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def expect(self, pattern: str) -> None:
        """Let those pass that match, since the test is about them: `expect("429 .*/v1/chat")`."""
        self._expected.append(re.compile(pattern))

    @property
    def unexpected(self) -> list[str]:
        return [one for one in self._heard if not any(known.search(one) for known in self._expected)]

    def _console(self, message: ConsoleMessage) -> None:
        # The browser's own line for an answer that is an error says less than `_answered` does.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self._heard.append(f"{message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure and request.failure != _LEFT:
            self._heard.append(f"{request.failure}: {request.method} {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._heard.append(f"{response.status}: {response.request.method} {response.url}")


def open_context(
    browser: Browser, origin: str, *, device: Device = "desktop", scheme: Scheme = "light", cookie: str = ""
) -> BrowserContext:
    """Return a window of its own, without animations, in which whoever `cookie` belongs to is signed in."""
    width, height = SIZES[device]
    context = browser.new_context(
        base_url=origin,
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Europe/Berlin",
        is_mobile=device == "phone",
        has_touch=device == "phone",
    )
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    if cookie:
        context.add_cookies([{"name": "tokenrouter_session", "value": cookie, "url": origin, "sameSite": "Strict"}])
    return context


def settle(page: Page) -> None:
    """Return when the page shows what it has to show: its heading, and nothing that only keeps a place."""
    page.locator("h1").first.wait_for()
    # No `wait_for_function`: it would need `unsafe-eval`.
    expect(page.locator(".mantine-Skeleton-root, [aria-busy=true]")).to_have_count(0, timeout=WAIT_MS)


def assert_accessible(page: Page) -> None:
    """Fail for every finding of axe that is serious or critical (WCAG 2.2 AA and axe's best practices)."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    serious = [
        f"{one['id']} ({one['impact']}): {one['help']}: " + "; ".join(str(node["html"])[:200] for node in one["nodes"])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert not serious, "\n".join(serious)

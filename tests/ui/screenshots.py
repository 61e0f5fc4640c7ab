"""`make screenshots`: every page of the admin UI, light and dark, on a desktop and on a phone, into docs/images.

    python -m tests.ui.screenshots [name ...]

Names are those of `tests/ui/pages.py`; without any, every page is taken. The pages show `tests/ui/demo.py`'s school.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Final, get_args

from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as BrowserError

from tests.repo.files import ROOT
from tests.ui.browser import Complaints, Device, Scheme, chromium, open_context, settle
from tests.ui.demo import demo_config, fill
from tests.ui.pages import PAGES, UiPage
from tests.ui.serving import UiServer, served
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, make_home, wait_until

IMAGES: Final = ROOT / "docs" / "images"
QUIET_MS: Final = 600
"""Charts are drawn after what they show has come."""


def file_of(page: UiPage, scheme: Scheme, device: Device) -> Path:
    """Return where a picture is kept."""
    return IMAGES / f"{page.name}-{scheme}-{device}.png"


def take(browser: Browser, server: UiServer, page: UiPage, scheme: Scheme, device: Device, file: Path) -> Sequence[str]:
    """Take one picture, of what is seen without scrolling; return what the page complains of."""
    cookie = server.cookie("owner")
    with open_context(browser, server.origin, device=device, scheme=scheme, cookie=cookie) as window:
        complaints = Complaints(window)
        shown = window.new_page()
        shown.goto(f"/admin{page.path}")
        unsettled = _unsettled(shown)
        shown.wait_for_timeout(QUIET_MS)
        shown.screenshot(path=file)
        return [*complaints.unexpected, *unsettled]


def _opened(server: UiServer) -> Iterator[UiPage]:
    """Yield pages with something open in them."""
    request = _first(server, "/api/v1/ledger?alias=fast&tool=claude-code&status=ok")
    yield UiPage("request", f"/requests?open={request}")
    conversation = _first(server, "/api/v1/conversations?model=sandbox/thinker-open")
    yield UiPage("conversation", f"/conversations?open={conversation}&thinking=yes")


def _first(server: UiServer, path: str) -> str:
    """Return the id of the first in a list; what was asked a moment ago may not be in it yet."""

    def rows() -> list[dict[str, str]]:
        return list(server.gateway.call("GET", f"{path}&limit=1").json()["data"])

    wait_until(path, lambda: bool(rows()))
    return rows()[0]["id"]


OPENED: Final = ("request", "conversation")


def _unsettled(shown: Page) -> list[str]:
    """Wait until the page shows what it has to show; return why it does not."""
    try:
        settle(shown)
    except (AssertionError, BrowserError) as error:
        return [f"it does not come to rest: {str(error).splitlines()[0]}"]
    return []


def main(arguments: Sequence[str] | None = None) -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.ui.screenshots", description=__doc__)
    parser.add_argument(
        "name", nargs="*", choices=[[], *(page.name for page in PAGES), *OPENED], help="only these pages"
    )
    wanted = parser.parse_args(arguments).name
    IMAGES.mkdir(exist_ok=True)
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        home = make_home(folder)
        sandbox = running.enter_context(SandboxProcess(folder, env=home.env))
        gateway = running.enter_context(GatewayProcess(home, demo_config(sandbox.base_url)))
        server = running.enter_context(served(gateway))
        fill(server)
        browser = running.enter_context(chromium())
        pages = [page for page in (*PAGES, *_opened(server)) if not wanted or page.name in wanted]
        for page, scheme, device in product(pages, get_args(Scheme), get_args(Device)):
            file = file_of(page, scheme, device)
            complaints = take(browser, server, page, scheme, device, file)
            print(f"{file.relative_to(ROOT)}  {file.stat().st_size // 1024} KiB", *complaints, sep="\n    ")


if __name__ == "__main__":
    main()

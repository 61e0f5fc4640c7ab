"""How much a browser loads before a page is there: each page's files, from nothing, compressed with gzip."""

import gzip
import re
from http.client import HTTPConnection
from typing import Final

import pytest
from playwright.sync_api import Page

from tests.ui.browser import settle
from tests.ui.conftest import Visit
from tests.ui.pages import PAGES, UiPage
from tests.ui.serving import UiServer

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: weight")]

MOST_BYTES: Final = 250_000
"""Of a page's first visit; what draws charts comes after the page, to those pages that have some."""
ICON: Final = re.compile(r'rel="icon" href="([^"]+)"')
LOADED: Final = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .map((entry) => [new URL(entry.name).pathname, entry.decodedBodySize])"""
WHEN_NEEDED: Final = {"charts": "u-legend", "markdown": "micromark", "the palette": "Spotlight"}
"""Words of what is loaded when somebody needs it, that are in no other file."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_whoever_begins_with_it_loads_no_more_than_they_may(visit: Visit, server: UiServer, page: UiPage) -> None:
    shown = visit(page.path, "owner")
    settle(shown)

    weights = {path: size for path, size in _weights(shown, server).items() if not _is_of(server, path, "charts")}

    heaviest = "\n".join(f"{weights[path]:>8,} {path}" for path in sorted(weights, key=weights.__getitem__)[-12:])
    total = sum(weights.values())
    assert total <= MOST_BYTES, f"{total:,} bytes in {len(weights)} files, among them\n{heaviest}"


@pytest.mark.parametrize("what", WHEN_NEEDED)
def test_what_not_every_page_needs_is_loaded_by_those_that_do(visit: Visit, server: UiServer, what: str) -> None:
    shown = visit("/network", "owner")
    settle(shown)

    assert not [path for path in _loaded(shown) if _is_of(server, path, what)]


def test_the_palette_comes_with_the_first_key(visit: Visit, server: UiServer) -> None:
    shown = visit("/network", "owner")
    settle(shown)

    shown.keyboard.press("/")
    shown.get_by_role("dialog").wait_for()

    assert [path for path in _loaded(shown) if _is_of(server, path, "the palette")]


def _weights(shown: Page, server: UiServer) -> dict[str, int]:
    """Return by path what the browser has loaded of the UI, and the icon, which it does not tell of."""
    loaded = _loaded(shown)
    (index,) = [path for path in loaded if not path.startswith("/admin/assets/")]
    (icon,) = ICON.findall(_told(server, index))
    weights = {}
    for path in [*loaded, icon]:
        body, encoding = _fetch(server, path)
        weights[path] = len(body)
        plain = gzip.decompress(body) if encoding == "gzip" else body
        assert path == icon or len(plain) == loaded[path], f"the browser has loaded something else as {path}"
    return weights


def _loaded(shown: Page) -> dict[str, int]:
    """Return by path what the browser has loaded of the UI, unpacked."""
    return {path: size for path, size in shown.evaluate(LOADED) if path.startswith("/admin")}


def _is_of(server: UiServer, path: str, what: str) -> bool:
    """Return whether a file holds something that is loaded when it is needed."""
    return path.endswith(".js") and WHEN_NEEDED[what] in _told(server, path)


def _told(server: UiServer, path: str) -> str:
    body, encoding = _fetch(server, path)
    return (gzip.decompress(body) if encoding == "gzip" else body).decode()


def _fetch(server: UiServer, path: str) -> tuple[bytes, str]:
    """Return a file as it is sent to a browser that knows gzip, and how it is packed."""
    connection = HTTPConnection(server.gateway.address, timeout=60)
    cookie = f"tokenrouter_session={server.cookie('owner')}"
    connection.request("GET", path, headers={"accept-encoding": "gzip", "accept": "text/html", "cookie": cookie})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, path
    return body, answer.getheader("content-encoding", "")

"""Nothing of a page waits for something else without need: its files are asked for at once, and its question early."""

from typing import Final

import pytest

from tests.ui.browser import settle
from tests.ui.conftest import Visit
from tests.ui.pages import PAGES, UiPage

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: at once")]

LOADED: Final = """() => performance.getEntriesByType("resource").map((entry) => new URL(entry.name).pathname)
  .filter((path) => /^\\/admin\\/assets\\/.*\\.(js|css)$/.test(path))"""
IN_THE_PAGE: Final = """async () => {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return [...page.querySelectorAll("script[src], link[href]")].map(
    (one) => new URL(one.getAttribute("src") ?? one.getAttribute("href"), location.href).pathname);
}"""
NOTE_QUESTIONS: Final = """(() => {
  window.asked = [];
  const fetched = window.fetch;
  window.fetch = (input, init) => {
    const { pathname } = new URL(input.url ?? input, location.href);
    window.asked.push([pathname, document.querySelector("h1") !== null]);
    return fetched(input, init);
  };
})()"""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_all_files_of_a_page_are_named_in_it(visit: Visit, page: UiPage) -> None:
    shown = visit(page.path, "owner")
    settle(shown)

    named = shown.evaluate(IN_THE_PAGE)
    found_late = [path for path in shown.evaluate(LOADED) if path not in named]

    assert not found_late


@pytest.mark.parametrize(
    ("path", "question"),
    [("/status", "/api/v1/activity"), ("/usage", "/api/v1/usage"), ("/network", "/api/v1/network")],
)
def test_the_question_of_a_page_is_asked_before_the_page_is_drawn(visit: Visit, path: str, question: str) -> None:
    shown = visit("/account", "owner")
    settle(shown)
    shown.context.add_init_script(NOTE_QUESTIONS)
    shown.goto(f"/admin{path}")
    settle(shown)

    asked = shown.evaluate("window.asked")

    assert [drawn for asked_path, drawn in asked if asked_path == question] == [False]

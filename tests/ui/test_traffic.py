"""What happens: requests as they end and the story of each, conversations as they grow, the log as it is written."""

import hashlib
import re
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.ui.browser import Complaints, assert_accessible, settle
from tests.ui.conftest import Visit
from tests.ui.serving import UiServer

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: traffic")]

HOSTILE: Final = "<img src=x onerror=alert(1)> \u202elrig \x1b[31mred\x1b[0m " + "W" * 200
WEATHER: Final = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


@pytest.fixture(scope="module")
def ui_config(ui_config: str) -> str:
    return f"""{ui_config}
[conversations]
capture = ["global"]

[[aliases]]
name = "fast"
targets = ["sandbox/fault/503", "sandbox/echo"]
"""


@pytest.fixture(scope="module", autouse=True)
def said(server: UiServer) -> None:
    """Somebody has asked for something before the pages are looked at."""
    ask(server, "fast", "Why is the sky blue?")
    ask(server, "sandbox/echo", 'use tool get_weather with {"city":"Berlin"}', tools=[WEATHER])
    ask(server, "sandbox/echo", HOSTILE)
    ask(
        server,
        "sandbox/echo",
        "# Title\n\n**bold** [out](https://a.example) [in](javascript:alert(1)) ![p](https://b.example/p.png)",
    )


def ask(server: UiServer, model: str, text: str, **more: Any) -> None:
    """Send a request; those that say the same belong to one conversation."""
    named = {"x-conversation-id": hashlib.sha256(text.encode()).hexdigest()}
    body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
    assert server.gateway.call("POST", "/v1/chat/completions", json_body=body, headers=named).status == 200


def row(page: Page, text: str) -> Locator:
    return page.get_by_role("row").filter(has_text=text)


def panel(page: Page) -> Locator:
    return page.get_by_role("dialog").first


def test_a_request_appears_while_one_looks(visit: Visit, server: UiServer) -> None:
    shown = visit("/requests?model=lorem")
    expect(shown.get_by_text("No request is like that.")).to_be_visible()

    ask(server, "sandbox/lorem", "now")

    expect(row(shown, "sandbox/lorem")).to_have_count(1)


def test_the_story_of_a_request_tells_each_place_that_was_asked_and_why(visit: Visit) -> None:
    shown = visit("/requests?alias=fast")
    row(shown, "fast").first.click()
    story = panel(shown).get_by_role("region", name="The story of this request")

    for step in ("Received", "Key and limits", "Route", "Attempt 1 of 2", "Attempt 2 of 2", "Done"):
        expect(story.get_by_text(step, exact=True)).to_be_visible()
    expect(story.get_by_text("The name is an alias.")).to_be_visible()
    expect(story.get_by_text("failed (503)")).to_be_visible()
    expect(shown).to_have_url(re.compile("open=req_"))
    assert_accessible(shown)


def test_a_request_is_explained_again_and_handed_to_the_playground(visit: Visit) -> None:
    shown = visit("/requests?alias=fast")
    row(shown, "fast").first.click()

    panel(shown).get_by_role("button", name="Explain again").click()
    expect(shown.get_by_role("region", name="If it were sent now").get_by_text("sandbox/echo")).to_be_visible()
    panel(shown).get_by_role("button", name="Send again in the playground").click()

    expect(shown).to_have_url(re.compile(r"/playground\?model=fast"))
    expect(shown.get_by_text("Why is the sky blue?")).to_be_visible()


def test_filters_stand_in_the_address_and_are_taken_away_again(visit: Visit) -> None:
    shown = visit("/requests?status=failed&alias=fast")
    settle(shown)
    failed = row(shown, "503").count()

    shown.get_by_role("button", name="Remove the filter Status: failed").click()

    expect(shown).not_to_have_url(re.compile("status="))
    expect(row(shown, "fast")).to_have_count(2 * failed)


def test_a_conversation_is_read_with_its_tools_and_as_it_was_sent(visit: Visit, server: UiServer) -> None:
    shown = visit("/conversations")
    row(shown, "get_weather").click()
    chat = panel(shown)

    chat.get_by_text("Tool call: get_weather").click()
    expect(chat.get_by_text('"city": "Berlin"')).to_be_visible()
    chat.get_by_role("button", name="Raw").first.click()
    expect(chat.get_by_text("[redacted]")).to_be_visible()
    assert_accessible(shown)

    before = chat.get_by_role("article").count()
    ask(server, "sandbox/echo", 'use tool get_weather with {"city":"Berlin"}', tools=[WEATHER])
    expect(chat.get_by_role("article")).to_have_count(before + 1)


def test_what_was_said_does_nothing(visit: Visit) -> None:
    shown = visit("/conversations", device="phone")
    asked: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))

    row(shown, "# Title").click()
    chat = panel(shown)
    expect(chat.get_by_role("link", name="out").first).to_have_attribute("rel", re.compile("noopener"))
    expect(chat.get_by_role("link", name="in", exact=True)).to_have_count(0)
    expect(chat.get_by_text("https://b.example/p.png").first).to_be_visible()
    shown.keyboard.press("Escape")
    row(shown, "<img").click()
    expect(panel(shown).get_by_text("\\x1b[31mred").first).to_be_visible()

    assert not [url for url in asked if "example" in url]
    assert shown.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_whose_are_kept_is_said_and_unsaid(visit: Visit) -> None:
    shown = visit("/conversations")
    shown.get_by_role("button", name="Who is kept").click()
    rules = panel(shown)
    expect(rules.get_by_role("switch", name="Keep the conversations of Everybody")).to_be_disabled()

    rules.get_by_role("textbox", name="Name").fill("Physics 7b")
    rules.get_by_role("button", name="Keep conversations").click()
    expect(rules.get_by_role("switch", name="Keep the conversations of Team: Physics 7b")).to_be_checked()
    rules.get_by_role("button", name="Remove the rule of Team: Physics 7b").click()

    expect(rules.get_by_text("Team: Physics 7b")).to_have_count(0)


def test_a_conversation_is_deleted_for_good(visit: Visit, server: UiServer) -> None:
    ask(server, "sandbox/echo", "to be forgotten")
    shown = visit("/conversations?q=forgotten")
    row(shown, "to be forgotten").click()

    panel(shown).get_by_role("button", name="Delete conversation").click()
    shown.get_by_role("dialog", name="Delete this conversation?").get_by_role(
        "button", name="Delete conversation"
    ).click()

    expect(shown.get_by_text("No conversation is like that.")).to_be_visible()


def test_the_log_is_followed_unfolded_and_cleared(visit: Visit) -> None:
    shown = visit("/log?level=debug")
    settle(shown)

    shown.get_by_role("button", name="Clear the log").click()
    dialog = shown.get_by_role("dialog", name="Clear the log of this node?")
    expect(dialog.get_by_role("button", name="Clear the log")).to_be_disabled()
    dialog.get_by_role("textbox").fill("log")
    dialog.get_by_role("button", name="Clear the log").click()

    line = shown.get_by_role("button", name="the kept log was deleted")
    line.click()
    expect(shown.get_by_role("definition").filter(has_text="Adam Weiss")).to_be_visible()
    assert_accessible(shown)


def test_a_member_sees_their_own_and_says_nothing_of_who_is_kept(visit: Visit, complaints: list[Complaints]) -> None:
    shown = visit("/requests", "member")

    expect(shown.get_by_text("No request yet.")).to_be_visible()
    shown.goto("/admin/conversations")
    shown.get_by_role("button", name="Who is kept").click()
    expect(panel(shown).get_by_text("Everybody", exact=True)).to_be_visible()
    expect(panel(shown).get_by_role("button", name="Keep conversations")).to_have_count(0)
    assert not complaints[-1].unexpected

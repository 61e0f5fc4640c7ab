"""Conversations: switched on, read with their Markdown and tools, followed to their requests, deleted."""

import json
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.ui.browser import Complaints, settle
from tests.ui.conftest import Visit
from tests.ui.hands import row
from tests.ui.serving import PEOPLE, TEAM, UiServer
from tokenrouter.testing.processes import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: conversations")]

RULE = f"/api/v1/conversations/capture/team:{quote(TEAM)}"
MARKDOWN = "Please **compare** these:\n\n- copper\n- iron\n\n`print(1)` and [a link](https://school.example/page)"
CALL = {"id": "call_1", "type": "function", "function": {"name": "boil", "arguments": '{"litres": 2}'}}
MESSAGES = [
    {"role": "system", "content": "You teach physics."},
    {"role": "user", "content": MARKDOWN},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "boiled"},
    {"role": "user", "content": "And what follows from that?"},
]


@pytest.fixture(scope="module")
def key(server: UiServer) -> str:
    wanted = {"name": "notebook", "user": PEOPLE["member"][0], "team": TEAM}
    made: str = server.gateway.call("POST", "/api/v1/keys", json_body=wanted).json()["key"]
    return made


def switch_on(page: Page, scope: str, name: str) -> None:
    page.get_by_role("button", name="Who is kept").click()
    rules = page.get_by_role("dialog", name="Whose conversations are kept")
    kind = rules.get_by_role("combobox", name="Whose")
    kind.click()
    page.get_by_role("option", name=scope).click()
    rules.get_by_role("textbox", name="Name").fill(name)
    rules.get_by_role("button", name="Keep conversations").click()
    expect(rules.get_by_role("switch", name=f"Keep the conversations of {scope}: {name}")).to_be_checked()
    page.keyboard.press("Escape")
    expect(rules).to_be_hidden()


def test_it_is_switched_on_read_and_deleted(visit: Visit, server: UiServer, key: str) -> None:
    page = visit("/conversations")
    expect(page.get_by_text("No conversations are kept.")).to_be_visible()
    switch_on(page, "Team", TEAM)

    def is_captured() -> bool:
        body = {"model": "sandbox/thinker-open", "messages": MESSAGES}
        answer = server.gateway.call("POST", "/v1/chat/completions", json_body=body, key=key)
        return "x-tokenrouter-captured" in answer.headers

    wait_until("the rule to count", is_captured)
    row(page, "notebook").first.click()
    talk = page.get_by_role("dialog")
    expect(talk.get_by_role("article").first).to_be_visible()
    first = talk.get_by_role("article").first

    expect(first.locator("strong", has_text="compare")).to_be_visible()
    expect(first.get_by_role("listitem").filter(has_text="copper")).to_be_visible()
    expect(first.locator("code", has_text="print(1)")).to_be_visible()
    expect(first.get_by_role("link", name="a link")).to_have_attribute("rel", "noopener noreferrer nofollow")
    first.get_by_text("Tool call: boil").click()
    expect(first.get_by_text('"litres": 2').last).to_be_visible()
    expect(first.get_by_text("Tool result").first).to_be_visible()
    expect(first.get_by_text("You teach physics.")).to_be_hidden()
    talk.get_by_role("button", name="System prompt").click()
    expect(first.get_by_text("You teach physics.")).to_be_visible()
    talk.get_by_role("button", name="Thinking").click()
    expect(first.get_by_text("And what follows from that?").last).to_be_visible()
    first.get_by_role("button", name="Raw").click()
    expect(first.get_by_text("POST /v1/chat/completions")).to_be_visible()
    assert key not in page.content()
    first.get_by_role("link", name="The request").click()
    expect(page.get_by_role("region", name="The story of this request")).to_contain_text("notebook")

    page.go_back()
    talk.get_by_role("button", name="Delete conversation").first.click()
    sure = page.get_by_role("dialog", name="Delete this conversation?")
    sure.get_by_role("button", name="Delete conversation").click()
    expect(page.get_by_text("No conversations are kept.")).to_be_visible()


def test_it_goes_on_in_the_playground(visit: Visit, server: UiServer, key: str) -> None:
    server.gateway.call("PUT", RULE, json_body={"enabled": True})

    def request() -> str:
        body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "A question to be asked twice"}]}
        answer = server.gateway.call("POST", "/v1/chat/completions", json_body=body, key=key)
        return answer.headers["x-request-id"] if "x-tokenrouter-captured" in answer.headers else ""

    wait_until("the rule to count", lambda: bool(request()))
    asked = request()
    listed = "/api/v1/conversations?q=twice"
    wait_until("it to be kept", lambda: bool(server.gateway.call("GET", listed).json()["data"]))
    story = f"/api/v1/ledger/{asked}"
    wait_until("the books", lambda: server.gateway.call("GET", story).status == 200)
    page = visit(f"/requests?open={asked}")
    page.get_by_role("button", name="Send again in the playground").click()

    expect(page.get_by_role("log", name="Conversation")).to_contain_text("A question to be asked twice")
    expect(page.get_by_role("combobox", name="Model: Conversation")).to_have_value("sandbox/echo")


def test_search_finds_what_was_said_and_others_see_none_of_it(
    visit: Visit, server: UiServer, key: str, complaints: list[Complaints]
) -> None:
    server.gateway.call("PUT", RULE, json_body={"enabled": True})

    def is_kept() -> bool:
        body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "The quick xylophone"}]}
        server.gateway.call("POST", "/v1/chat/completions", json_body=body, key=key)
        found = server.gateway.call("GET", "/api/v1/conversations?q=xylophone")
        return bool(json.loads(found.body)["data"])

    wait_until("it to be kept", is_kept)
    page = visit("/conversations")
    page.get_by_role("searchbox", name="Find in questions and answers").fill("xylophone")
    expect(row(page, "notebook").first).to_be_visible()
    page.get_by_role("searchbox", name="Find in questions and answers").fill("saxophone")
    expect(page.get_by_text("No conversation is like that.")).to_be_visible()

    mine = visit("/conversations", "member")
    expect(row(mine, "notebook").first).to_be_visible()
    expect(mine.get_by_role("button", name="Who is kept")).to_be_visible()
    mine.get_by_role("button", name="Who is kept").click()
    settle(mine)
    expect(mine.get_by_role("button", name="Keep conversations")).to_have_count(0)

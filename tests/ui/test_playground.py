"""The playground: models asked as a client asks them, streamed, compared, with tools, and what it cost."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.ui.browser import Complaints
from tests.ui.conftest import Visit
from tests.ui.hands import choose
from tests.ui.serving import PEOPLE, UiServer
from tokenrouter.testing.processes import SandboxProcess, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: playground")]

TOOLS = """[{"type": "function", "function": {"name": "weather", "description": "The weather of a place.",
"parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]"""


@pytest.fixture(scope="module")
def ui_config(sandbox: SandboxProcess) -> str:
    return f"""
[[providers]]
name = "sandbox"
provider_type = "sandbox"
base_url = "{sandbox.base_url}"
api_key = "sandbox"

[[prices]]
provider = "sandbox"
model = "echo"
input_per_1m = 1000.0
output_per_1m = 1000.0
"""


def ask(page: Page, words: str) -> None:
    page.get_by_role("textbox", name="Your message").fill(words)
    page.keyboard.press("Enter")


def playground_keys(server: UiServer) -> list[str]:
    keys = server.gateway.call("GET", "/api/v1/keys?q=playground").json()["data"]
    return [key["name"] for key in keys]


def test_a_stream_shows_as_it_comes_and_can_be_stopped(visit: Visit, complaints: list[Complaints]) -> None:
    page = visit("/playground?model=sandbox/lorem-5000@40")
    complaints[-1].expect("^404: GET .*/api/v1/ledger/")  # it is not in the books at once
    talk = page.get_by_role("log", name="Conversation")
    ask(page, "Talk to me")

    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    expect(talk).to_contain_text("lorem ipsum", ignore_case=True)
    expect(stop).to_be_visible()
    stop.click()
    expect(page.get_by_role("button", name="Send message")).to_be_visible()
    expect(talk).to_contain_text("lorem ipsum", ignore_case=True)
    expect(talk.get_by_text("cost –")).to_be_visible()


def test_the_answer_says_what_it_took_and_cost_and_leads_to_its_story(visit: Visit) -> None:
    page = visit("/playground")
    choose(page.get_by_role("combobox", name="Model: Conversation"), "sandbox/echo")
    talk = page.get_by_role("log", name="Conversation")
    ask(page, "How much is it?")

    expect(talk.get_by_text("How much is it?")).to_have_count(2)
    expect(talk.get_by_text("cost $0.0")).to_be_visible()
    talk.get_by_role("link", name="The whole story").click()
    expect(page.get_by_role("region", name="The story of this request")).to_contain_text("sandbox/echo")


def test_nobody_types_a_model_that_the_list_overwrites_when_it_comes(visit: Visit) -> None:
    page, held = visit("/account"), list[Route]()

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/v1/models", hold)
    with page.expect_request("**/v1/models"):
        page.goto("/admin/playground")
    field = page.get_by_role("combobox", name="Model: Conversation")

    expect(field).to_be_disabled()
    held[0].continue_()
    expect(field).to_be_enabled()
    field.fill("thinker-op")
    page.get_by_role("option", name="sandbox/thinker-open", exact=True).click()
    expect(field).to_have_value("sandbox/thinker-open")


def test_two_models_are_asked_side_by_side(visit: Visit) -> None:
    page = visit("/playground?model=sandbox/echo&with=sandbox/thinker-open")
    page.get_by_role("button", name="Compare two").click()
    first, second = page.get_by_role("log", name="First model"), page.get_by_role("log", name="Second model")
    ask(page, "Which of you is it?")

    for talk in (first, second):
        expect(talk.get_by_text("Which of you is it?")).to_have_count(2)
        expect(talk.get_by_text("total")).to_be_visible()
    second.get_by_role("button", name="Thinking").click()
    page.get_by_role("button", name="Close the second model").click()
    expect(second).to_have_count(0)
    expect(page.get_by_role("log", name="Conversation").get_by_text("Which of you is it?")).to_have_count(2)


def test_a_tool_is_called_and_whoever_asks_plays_it(visit: Visit) -> None:
    page = visit("/playground?model=sandbox/echo")
    page.get_by_role("button", name="Options").click()
    tools = page.get_by_role("textbox", name="Tools")
    tools.fill("no JSON")
    expect(page.get_by_text("This is no list in JSON.")).to_be_visible()
    tools.fill(TOOLS)
    expect(page.get_by_text("This is no list in JSON.")).to_have_count(0)
    talk = page.get_by_role("log", name="Conversation")
    ask(page, 'use tool weather with {"city": "Oslo"}')

    expect(talk.get_by_text("wants to call weather")).to_be_visible()
    expect(talk.get_by_text("Oslo").last).to_be_visible()
    talk.get_by_role("textbox", name="What weather answers").fill("4 degrees, rain")
    talk.get_by_role("button", name="Send result").click()
    expect(talk.get_by_text("4 degrees, rain").first).to_be_visible()
    expect(talk.get_by_text("The whole story")).to_have_count(2)


def test_what_the_gateway_refuses_is_told_in_words(visit: Visit, complaints: list[Complaints]) -> None:
    page = visit("/playground?model=sandbox/nobody-has-this")
    complaints[-1].expect("^404: POST .*/v1/chat/completions")
    ask(page, "Hello?")

    expect(page.get_by_role("alert")).to_contain_text("nobody-has-this")


def test_its_key_is_the_visitor_s_and_ends_with_the_visit(visit: Visit, server: UiServer) -> None:
    page = visit("/playground?model=sandbox/echo", "member")
    ask(page, "Whose am I?")
    expect(page.get_by_text("The whole story")).to_be_visible()
    (name,) = [one for one in playground_keys(server) if "Mia" in one]
    assert server.gateway.call("GET", f"/api/v1/keys/{name}").json()["user"] == PEOPLE["member"][0]

    page.goto("/admin/me")

    wait_until("the key to end", lambda: name not in playground_keys(server))

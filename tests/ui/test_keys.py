"""The life of a key: made, used, followed, limited, rotated, revoked."""

import re

import openai
import pytest
from playwright.sync_api import Page, expect

from tests.ui.browser import Complaints, settle
from tests.ui.conftest import Visit
from tests.ui.hands import confirm, row, take_key
from tests.ui.serving import UiServer
from tokenrouter.store.heartbeats import suspend_silent_keys
from tokenrouter.store.keys import find_key
from tokenrouter.testing.processes import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: keys")]


def make_key(page: Page, name: str) -> str:
    page.get_by_role("button", name="Create key").first.click()
    form = page.get_by_role("dialog", name="Create a key")
    form.get_by_role("textbox", name="Name").fill(name)
    form.get_by_role("button", name="Create key").click()
    shown = page.get_by_role("dialog", name=f"The key of {name}")
    expect(shown).to_be_visible()
    return take_key(page)


def status(server: UiServer, key: str, model: str = "sandbox/echo") -> int:
    question = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
    return server.gateway.call("POST", "/v1/chat/completions", json_body=question, key=key).status


def test_it_is_made_used_and_followed_to_the_story_of_its_request(visit: Visit, server: UiServer) -> None:
    page = visit("/access")
    key = make_key(page, "lab-bench")
    dialog = page.get_by_role("dialog", name="The key of lab-bench")
    watching = visit("/requests")
    settle(watching)

    client = openai.OpenAI(base_url=server.gateway.base_url, api_key=key)
    told = client.chat.completions.create(model="sandbox/echo", messages=[{"role": "user", "content": "Is it live?"}])

    assert told.choices[0].message.content == "Is it live?"
    expect(dialog.get_by_text("The first request arrived.")).to_be_visible()
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_be_hidden()
    assert key not in page.content(), "it is shown once"

    live = row(watching, "lab-bench")
    expect(live).to_have_count(1)
    live.get_by_text("sandbox/echo").first.click()
    story = watching.get_by_role("region", name="The story of this request")
    for step in ("Received", "Key and limits", "Route", "Asked", "Done"):
        expect(story.get_by_text(step, exact=True)).to_be_visible()
    expect(story).to_contain_text("The name says its provider.")
    expect(watching).to_have_url(re.compile(r"/admin/requests\?open="))
    story.get_by_role("link", name="lab-bench").click()
    expect(watching.get_by_role("dialog", name="lab-bench")).to_be_visible()


def test_a_limit_refuses_a_boost_and_a_reset_let_through_again(visit: Visit, server: UiServer) -> None:
    page = visit("/access")
    key = make_key(page, "limited")
    page.get_by_role("button", name="Done").click()
    row(page, "limited").get_by_text("limited", exact=True).click()
    panel = page.get_by_role("dialog", name="limited")
    panel.get_by_role("button", name="Add a limit").click()
    panel.get_by_role("combobox", name="What").select_option("Requests")
    panel.get_by_role("textbox", name="At most").fill("1")
    panel.get_by_role("combobox", name="In", exact=True).select_option("lifetime")
    panel.get_by_role("button", name="Set limit").click()
    expect(panel.get_by_text("1 requests in all")).to_be_visible()

    wait_until("the limit to count", lambda: status(server, key) != 503 and status(server, key) == 429)
    quota = visit("/quota?q=limited")
    row(quota, "limited").first.click()
    held = quota.get_by_role("dialog")
    expect(held.get_by_text("Used up").first).to_be_visible()

    held.get_by_role("button", name="Boost limit").click()
    boost = quota.get_by_role("dialog", name=re.compile("^Boost"))
    boost.get_by_role("textbox", name="Extra amount").fill("1")
    boost.get_by_role("button", name="Boost limit").click()
    expect(quota.get_by_text("The boost counts.")).to_be_visible()
    wait_until("the boost to count", lambda: status(server, key) == 200)
    assert status(server, key) == 429

    held.get_by_role("button", name="Reset use").click()
    quota.get_by_role("dialog", name=re.compile("^Give back")).get_by_role("button", name="Reset use").click()
    expect(quota.get_by_text("What was used is given back")).to_be_visible()
    wait_until("the reset to count", lambda: status(server, key) == 200)

    refused = visit("/requests?status=4xx&key=limited")
    expect(row(refused, "429").first).to_contain_text("limit")


def test_it_is_rotated_and_the_old_one_ends(visit: Visit, server: UiServer) -> None:
    page = visit("/access")
    old = make_key(page, "rotated")
    page.get_by_role("button", name="Done").click()
    row(page, "rotated").get_by_text("rotated", exact=True).click()
    page.get_by_role("dialog", name="rotated").get_by_role("button", name="Rotate").click()
    form = page.get_by_role("dialog", name="Rotate rotated?")
    form.get_by_role("combobox", name="The old key is good for").select_option("no moment longer")
    form.get_by_role("button", name="Make the new key").click()
    expect(page.get_by_role("dialog", name="The key of rotated")).to_be_visible()
    new = take_key(page)

    assert new != old
    wait_until("the old key to end", lambda: status(server, old) == 401)
    assert status(server, new) == 200


def test_it_is_disabled_enabled_and_revoked_by_its_name(visit: Visit, server: UiServer) -> None:
    page = visit("/access")
    key = make_key(page, "doomed")
    page.get_by_role("button", name="Done").click()
    row(page, "doomed").get_by_text("doomed", exact=True).click()
    panel = page.get_by_role("dialog", name="doomed")
    panel.get_by_role("button", name="Disable").click()
    expect(panel.get_by_text("Disabled", exact=True)).to_be_visible()
    wait_until("the key to stop", lambda: status(server, key) in (401, 403))
    panel.get_by_role("button", name="Enable").click()
    wait_until("the key to go on", lambda: status(server, key) == 200)

    panel.get_by_role("button", name="Revoke").click()
    confirm(page, "Revoke doomed?", "Revoke key", "doomed")

    expect(page.get_by_text("The key is revoked.")).to_be_visible()
    expect(row(page, "doomed")).to_have_count(0)
    wait_until("the key to end", lambda: status(server, key) == 401)
    expect(row(visit("/requests?status=ok"), "doomed").first).to_be_visible()


def test_one_of_a_program_that_fell_silent_is_shown_as_suspended_until_it_is_heard_of(
    visit: Visit, server: UiServer
) -> None:
    wanted = {"name": "silent", "temporary": True, "heartbeat": True, "ttl_s": 600, "user": "Mia Larsen"}
    made = server.gateway.call("POST", "/api/v1/keys", json_body=wanted).json()
    page = visit("/access?q=silent")
    expect(row(page, "silent")).to_contain_text("Active")

    suspend_silent_keys(server.store, {made["id"]: find_key(server.store, "silent").created_at_s})
    expect(row(page, "silent")).to_contain_text("Suspended")
    expect(row(visit("/access?q=silent&state=suspended"), "silent")).to_have_count(1)
    server.gateway.call("POST", f"/api/v1/keys/{made['id']}/heartbeat")
    expect(row(page, "silent")).to_contain_text("Active")


def test_many_are_revoked_at_once(visit: Visit, server: UiServer) -> None:
    for number in range(3):
        server.gateway.call("POST", "/api/v1/keys", json_body={"name": f"course-{number}"})
    page = visit("/access?q=course-")
    for number in range(3):
        page.get_by_role("checkbox", name=f"Select course-{number}").check()

    page.get_by_role("button", name="Revoke").click()
    confirm(page, "Revoke 3 keys?", "Revoke 3 keys", "3 keys")

    expect(page.get_by_text("3 keys are revoked.")).to_be_visible()
    expect(page.get_by_text("No key fits.")).to_be_visible()


def test_what_the_form_gets_wrong_is_told_beside_it(visit: Visit, complaints: list[Complaints]) -> None:
    page = visit("/access")
    complaints[-1].expect("^(409|422): POST .*/api/v1/keys")
    page.get_by_role("button", name="Create key").first.click()
    form = page.get_by_role("dialog", name="Create a key")
    form.get_by_role("textbox", name="Name").fill("test-admin")
    form.get_by_role("button", name="Create key").click()

    expect(form.get_by_role("alert")).to_contain_text("A key of this name is declared")
    expect(form.get_by_role("textbox", name="Name")).to_have_value("test-admin")
    page.keyboard.press("Escape")
    expect(form).to_be_hidden()

"""People: a class comes in from a list, everybody signs in with what they were given, and sees what is theirs."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.ui.browser import Complaints, settle
from tests.ui.conftest import Visit
from tests.ui.hands import confirm, row
from tests.ui.serving import PEOPLE, TEAM, UiServer
from tokenrouter.testing.processes import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("ui: people")]

ROSTER = """name,email,team,quota
Ada Lovelace,ada@school.example,7c,250k
Grace Hopper,grace@school.example,7c,100k
"""
PRINTED = "window.print = () => undefined;"
"""A browser without a printer: the sheet stays as it would be printed."""


def asked(server: UiServer, key: str, model: str = "sandbox/echo") -> int:
    question = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
    return server.gateway.call("POST", "/v1/chat/completions", json_body=question, key=key).status


def sign_in(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in with a key").click()
    settle(page)


def refused(page: Page, method: str, path: str, body: dict[str, Any] | None = None) -> int:
    """Ask the server as the page would, and return the status of its answer."""
    csrf = page.request.get("/api/v1/session").json()["csrf"]
    answer = page.request.fetch(path, method=method, data=body, headers={"x-csrf-token": csrf})
    return answer.status


def test_a_class_comes_in_from_a_list_and_signs_in_with_what_the_slips_say(visit: Visit, server: UiServer) -> None:
    page = visit("/access?tab=people")
    page.add_init_script(PRINTED)
    page.reload()
    page.get_by_role("button", name="Import a list").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="The list").fill(ROSTER)
    dialog.get_by_role("button", name="See what would happen").click()
    expect(dialog.get_by_text("Nothing has been changed yet.")).to_be_visible()
    expect(dialog.get_by_text("New teams: 7c")).to_be_visible()
    expect(row(page, "Ada Lovelace")).to_contain_text("250 k")
    assert server.gateway.call("GET", "/api/v1/users/Ada%20Lovelace").status == 404

    dialog.get_by_role("button", name="Import 2 people").click()
    expect(dialog.get_by_text("2 new keys, shown this once.")).to_be_visible()
    keys = dialog.get_by_role("table", name="Key")
    key = keys.get_by_role("row").filter(has_text="Ada Lovelace").get_by_role("cell").nth(1).inner_text()
    dialog.get_by_role("button", name="Print slips").click()
    page.emulate_media(media="print")
    slip = page.get_by_role("article").filter(has_text="Ada Lovelace")
    expect(slip).to_contain_text(key)
    expect(slip).to_contain_text(f"{server.origin}/v1")
    expect(keys).to_be_hidden()
    page.emulate_media(media="screen")
    expect(slip).to_be_hidden()
    dialog.get_by_role("button", name="Done").click()
    expect(row(page, "Ada Lovelace")).to_be_visible()

    wait_until("the key to work", lambda: asked(server, key) == 200)
    ada = visit("/me", None)
    sign_in(ada, key)
    expect(ada.get_by_role("heading", name="Hello")).to_be_visible()
    expect(ada.get_by_text("Lifetime").or_(ada.get_by_text("in all")).first).to_be_visible()
    assert "Grace" not in ada.content()
    for page_name in ("Providers", "Network", "Settings", "Log"):
        expect(ada.get_by_role("navigation").get_by_role("link", name=page_name)).to_have_count(0)


def test_whoever_is_invited_chooses_a_password_and_comes_in(visit: Visit) -> None:
    page = visit("/access?tab=people", "owner")
    page.get_by_role("button", name="Create person").click()
    form = page.get_by_role("dialog", name="Create a person")
    form.get_by_role("textbox", name="Name").fill("Nia Osei")
    form.get_by_role("textbox", name="E-mail").fill("nia@school.example")
    form.get_by_role("button", name="Create person").click()
    invitation = page.get_by_role("dialog", name="Invite Nia Osei")
    link = invitation.get_by_role("textbox", name="Link").input_value()

    nia = visit("/me", None)
    nia.goto(link)
    for field in nia.locator("input[type=password]").all():
        field.fill("a password that is long enough")
    nia.get_by_role("button").first.click()
    settle(nia)
    nia.goto("/admin/me")
    expect(nia.get_by_role("heading", name="Hello, Nia Osei")).to_be_visible()
    expect(nia.get_by_text("You have no key yet.")).to_be_visible()


def test_a_member_sees_their_own_use_limits_and_keys_only(
    visit: Visit, server: UiServer, complaints: list[Complaints]
) -> None:
    mia = PEOPLE["member"][0]
    own = server.gateway.call("POST", "/api/v1/keys", json_body={"name": "mias-own", "user": mia, "team": TEAM}).json()
    server.gateway.call("POST", "/api/v1/keys", json_body={"name": "tinas-own", "user": PEOPLE["team_admin"][0]})
    limit = {"scope": f"user:{mia}", "metric": "tokens", "window": "day", "amount": 5000}
    assert server.gateway.call("POST", "/api/v1/limits", json_body=limit).status == 201
    wait_until("the key to work", lambda: asked(server, own["key"]) == 200)

    page = visit("/me", "member")
    expect(page.get_by_role("link", name="mias-own")).to_be_visible()
    expect(page.get_by_role("region", name="Your limits")).to_contain_text("Tokens")
    page.goto("/admin/requests")
    expect(row(page, "mias-own")).to_have_count(1)
    page.goto("/admin/access")
    expect(row(page, "mias-own")).to_be_visible()
    expect(page.get_by_text("tinas-own")).to_have_count(0)
    expect(page.get_by_role("tab", name="People")).to_have_count(0)
    page.goto("/admin/quota")
    settle(page)
    expect(page.get_by_role("button", name="Create limit")).to_have_count(0)

    complaints[-1].expect("^40[34]: ")
    assert refused(page, "POST", "/api/v1/limits", limit) == 403
    assert refused(page, "GET", "/api/v1/providers") == 403
    assert refused(page, "GET", "/api/v1/keys/tinas-own") in (403, 404)


def test_a_team_s_admin_steers_their_team_and_nothing_beside(
    visit: Visit, server: UiServer, complaints: list[Complaints]
) -> None:
    server.gateway.call("POST", "/api/v1/teams", json_body={"name": "Chemistry 8a"})
    server.gateway.call("POST", "/api/v1/keys", json_body={"name": "chemists", "team": "Chemistry 8a"})
    server.gateway.call("POST", "/api/v1/keys", json_body={"name": "physicists", "team": TEAM})
    page = visit("/access", "team_admin")
    expect(row(page, "physicists")).to_be_visible()
    expect(page.get_by_text("chemists")).to_have_count(0)

    page.get_by_role("tab", name="Teams").click()
    expect(row(page, TEAM)).to_be_visible()
    expect(page.get_by_text("Chemistry 8a")).to_have_count(0)
    expect(page.get_by_role("button", name="Create team")).to_have_count(0)
    row(page, TEAM).get_by_text(TEAM).click()
    panel = page.get_by_role("dialog", name=TEAM)
    expect(panel.get_by_role("button", name="Give back use")).to_be_visible()
    expect(panel.get_by_role("button", name="Remove")).to_have_count(0)
    expect(panel.get_by_role("button", name="Add a limit")).to_have_count(0)
    page.keyboard.press("Escape")

    page.get_by_role("tab", name="Keys").click()
    row(page, "physicists").get_by_text("physicists").click()
    panel = page.get_by_role("dialog", name="physicists")
    panel.get_by_role("button", name="Add a limit").click()
    panel.get_by_role("textbox", name="At most").fill("100000")
    panel.get_by_role("button", name="Set limit").click()
    expect(panel.get_by_text("100 k tokens / month")).to_be_visible()

    complaints[-1].expect("^40[34]: ")
    assert refused(page, "POST", "/api/v1/teams", {"name": "Mine"}) == 403
    assert refused(page, "DELETE", "/api/v1/teams/Chemistry%208a") in (403, 404)
    limit = {"scope": "team:Chemistry 8a", "metric": "tokens", "window": "day", "amount": 1}
    assert refused(page, "POST", "/api/v1/limits", limit) in (403, 404)


def test_a_person_is_removed_by_name_and_their_keys_stay(visit: Visit, server: UiServer) -> None:
    server.gateway.call("POST", "/api/v1/users", json_body={"name": "Rui Costa"})
    key = server.gateway.call("POST", "/api/v1/keys", json_body={"name": "ruis", "user": "Rui Costa"}).json()["key"]
    wait_until("the key to work", lambda: asked(server, key) == 200)
    page = visit("/access?tab=people")
    row(page, "Rui Costa").get_by_text("Rui Costa").click()
    page.get_by_role("dialog", name="Rui Costa").get_by_role("button", name="Remove").click()
    confirm(page, "Remove Rui Costa?", "Remove person", "Rui Costa")

    expect(row(page, "Rui Costa")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("open="))
    assert asked(server, key) == 200

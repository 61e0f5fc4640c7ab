"""The page of quotas."""

import re

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ROOT_KEY, Installation
from tokenrouter.domain.quotas import TOTAL, QuotaSnapshot, measured


def snapshots(now_s: float) -> list[QuotaSnapshot]:
    def day(left: float) -> QuotaSnapshot:
        metric = measured(
            "requests_1d",
            "requests",
            "requests",
            now_s=now_s,
            window="1d",
            limit=1000,
            remaining=left * 10,
            reset_at_s=now_s + 7200,
        )
        return QuotaSnapshot(
            f"at-{left:g}", "groq", "Groq", "headers", "ok", checked_at_s=now_s - 60, metrics=(metric,)
        )

    credit = measured("balance_usd", "balance", "USD", now_s=now_s, window=TOTAL, remaining=12.5)
    balance = QuotaSnapshot("money", "deepseek", "DeepSeek", "deepseek_balance", "ok", "paid", metrics=(credit,))
    broken = QuotaSnapshot("broken", "openrouter", "OpenRouter", "openrouter_key", "error", error="refuses <the> key")
    silent = QuotaSnapshot("silent", "openai", "OpenAI", "headers", "loading")
    return [day(80), day(25), day(5), balance, silent, broken]


@pytest.fixture
def page(client: TestClient, installation: Installation) -> str:
    installation.state.quotas = lambda: snapshots(installation.now_s)
    client.post("/admin/login", data={"secret": ROOT_KEY})
    answered = client.get("/admin/quota")
    assert answered.headers["refresh"] == "30"
    return answered.text


def test_what_needs_somebody_comes_first(page: str) -> None:
    assert re.findall(r"<h3>(.*?)</h3>", page) == ["broken", "at-5", "at-25", "at-80", "money", "silent"]


def test_colours_turn_with_what_is_left(page: str) -> None:
    rings = re.findall(r'class="ring (\w+)".*?aria-label="(\d+) percent left"', page)

    assert rings == [("scarce", "5"), ("low", "25"), ("well", "80")]


def test_amounts_windows_and_ends_are_in_words(page: str) -> None:
    assert "50 of 1,000 left" in page
    assert "a day" in page
    assert "full again in 120 min" in page
    assert "12.50 USD left" in page
    assert "headers of answers, 60 s ago" in page
    assert "DeepSeek · plan paid" in page


def test_an_error_is_told_and_escaped(page: str) -> None:
    assert "Quota unavailable" in page
    assert "refuses &lt;the&gt; key" in page
    assert "Nothing told yet" in page


def test_the_page_needs_no_script_and_no_style_of_its_own(page: str) -> None:
    assert "<script" not in page
    assert "style=" not in page


def test_nobody_sees_it_without_a_session(client: TestClient) -> None:
    answered = client.get("/admin/quota")

    assert (answered.status_code, answered.headers["location"]) == (302, "/admin")


def test_asking_now_needs_a_form_of_this_session(client: TestClient, installation: Installation, page: str) -> None:
    asked = []

    async def ask() -> None:
        asked.append(True)

    installation.state.ask_quotas = ask
    csrf = re.search(r'action="/admin/quota/refresh".*?name="csrf" value="([^"]+)"', page)
    assert csrf is not None

    assert client.post("/admin/quota/refresh", data={"csrf": "wrong"}).status_code == 403
    assert client.post("/admin/quota/refresh", data={"csrf": csrf[1]}).headers["location"] == "/admin/quota"
    assert asked == [True]


def test_without_providers_it_says_so(client: TestClient) -> None:
    client.post("/admin/login", data={"secret": ROOT_KEY})

    assert "No provider yet" in client.get("/admin/quota").text

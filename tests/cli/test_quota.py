"""`torod quota` as a user types it."""

import json
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from tokenrouter.cli.torod import main
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.quotas import TOTAL, measured
from tokenrouter.jobs.quota_book import QuotaBook
from tokenrouter.providers.quota_questions import QuotaReading
from tokenrouter.testing.processes import Home, make_home

CONFIG = """
[[providers]]
name = "fast"
provider_type = "groq"
api_key = "k"

[[providers]]
name = "money"
provider_type = "deepseek"
api_key = "k"

[[providers]]
name = "broken"
provider_type = "openrouter"
api_key = "k"

[[providers]]
name = "silent"
provider_type = "openai"
api_key = "k"

[[providers]]
name = "off"
provider_type = "mistral"
api_key = "k"
enabled = false
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path)
    (made.path / "torod.toml").write_text(CONFIG)
    book, now_s = QuotaBook(made.path / "cache" / "quotas.json"), time.time()
    day = measured(
        "requests_1d",
        "requests",
        "requests",
        now_s=now_s,
        window="1d",
        limit=14_400,
        remaining=720,
        reset_at_s=now_s + 10_000,
    )
    tokens = measured("tokens", "tokens", "tokens", now_s=now_s, limit=2_000_000, remaining=1_999_500)
    credit = measured("balance_usd", "balance", "USD", now_s=now_s, window=TOTAL, remaining=12.5)
    book.see(Provider("fast", "groq", "https://api.groq.com/openai/v1"), [day, tokens], now_s - 10_000)
    book.answered(
        Provider("money", "deepseek", "https://api.deepseek.com"), QuotaReading((credit,), "paid"), now_s - 10_000
    )
    book.failed(Provider("broken", "openrouter", "https://openrouter.ai/api/v1"), "it refuses the key")
    book.save()
    return made


def run(home: Home, *args: str) -> str:
    done = CliRunner().invoke(main, ["quota", *args], env={**dict.fromkeys(os.environ), **home.env})
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_each_provider_is_shown_with_what_is_left(home: Home) -> None:
    assert run(home).splitlines() == [
        "fast (Groq): by headers, 3 h ago",
        "  requests_1d  5 % left  720 of 14,400 requests  full again in 3 h",
        "  tokens  99.98 % left  1,999,500 of 2,000,000 tokens",
        "money (DeepSeek, plan paid): by deepseek_balance, 3 h ago",
        "  balance_usd  12.50 USD",
        "broken (OpenRouter): unavailable: it refuses the key",
        "silent (OpenAI): nothing told yet",
        "off (Mistral AI): nobody looks",
    ]


def test_programs_get_all_of_it(home: Home) -> None:
    shown = {one["provider"]: one for one in json.loads(run(home, "--json"))}

    assert shown["fast"]["left_percent"] == 5
    assert shown["fast"]["metrics"][0]["remaining_value"] == 720
    assert shown["broken"]["error"] == "it refuses the key"
    assert shown["off"]["status"] == "disabled"


def test_the_check_of_a_configuration_says_how_many_are_told(tmp_path: Path) -> None:
    made = make_home(tmp_path)
    hook = '[[alerts.webhooks]]\nurl = "https://alerts.example/very-secret"\nsecret = "0123456789abcdef"\n'
    (made.path / "torod.toml").write_text(hook)

    done = CliRunner().invoke(main, ["config", "check"], env={**dict.fromkeys(os.environ), **made.env})

    assert "alerts go to 1 webhook\n" in done.stdout
    assert "very-secret" not in done.output

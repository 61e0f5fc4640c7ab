"""Golden prices: what vendors publish beside what the pinned data and our arithmetic make of it."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime

import msgspec
import pytest
from genai_prices import __version__, types
from genai_prices.data import providers

from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.price_table import PriceTable
from tokenrouter.domain.prices import cost
from tokenrouter.jobs.price_data import RELEASED, answer, price_of
from tokenrouter.jobs.price_question import Answer, Question, Wanted

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
VENDORS = ("openai", "anthropic", "google", "deepseek", "aws", "x-ai", "mistral", "groq")
CENT = 10**7
MTOK = 10**6


@pytest.fixture(scope="module")
def table() -> PriceTable:
    return PriceTable(answer(Question(NOW.timestamp(), [Wanted(name, name) for name in VENDORS])).prices)


def spent(table: PriceTable, model: str, usage: Usage) -> int:
    price = table.of(model)
    assert price is not None
    return cost(usage, price)


@pytest.mark.parametrize(
    ("model", "usage", "cents"),
    [
        # OpenAI (developers.openai.com/api/docs/pricing, read 2026-11): gpt-5.4 $2.50, cached $0.25, output $15; above
        # 272K tokens of input $5, $0.50 and $22.50 for the whole request; flex and batch half, priority double.
        ("openai/gpt-5.4", Usage(200_000, 100_000), 50 + 150),
        ("openai/gpt-5.4", Usage(200_000, 0, 100_000), 25 + 2.5),
        ("openai/gpt-5.4", Usage(272_000, 100_000), 68 + 150),
        ("openai/gpt-5.4", Usage(300_000, 100_000, 100_000), 100 + 5 + 225),
        ("openai/gpt-5.4", Usage(200_000, 100_000, tier="flex"), 25 + 75),
        ("openai/gpt-5.4", Usage(300_000, 100_000, tier="flex"), 75 + 112.5),
        ("openai/gpt-5.4", Usage(200_000, 100_000, tier="batch"), 25 + 75),
        ("openai/gpt-5.4", Usage(200_000, 100_000, tier="priority"), 100 + 300),
        ("openai/gpt-5.4-2026-03-05", Usage(200_000, 0), 50),
        # OpenAI: reasoning is billed as output; gpt-5.1 $1.25, cached $0.125, output $10.
        ("openai/gpt-5.1", Usage(100_000, 50_000, reasoning_tokens=40_000), 12.5 + 50),
        ("openai/gpt-5.1", Usage(100_000, 0, 100_000, tier="flex"), 0.625),
        # OpenAI: gpt-image-1 $5 for text, $10 for pictures, $40 for what is drawn (its model page).
        ("openai/gpt-image-1", Usage(1000, 1056, image_input_tokens=800), 0.1 + 0.8 + 4.224),
        # Anthropic (platform.claude.com/docs/en/about-claude/pricing, read 2026-11): Opus 4.6 $5, writes for 5 minutes
        # $6.25, for an hour $10, reads $0.50, output $25; batches half of all of it; its 1M window at the usual price.
        ("anthropic/claude-opus-4-6", Usage(100_000, 10_000), 50 + 25),
        ("anthropic/claude-opus-4-6", Usage(100_000, 0, 60_000, 20_000), 10 + 3 + 12.5),
        ("anthropic/claude-opus-4-6", Usage(100_000, 0, 0, 100_000, cache_write_1h_tokens=60_000), 25 + 60),
        ("anthropic/claude-opus-4-6-20260205", Usage(900_000, 1000), 450 + 2.5),
        (
            "anthropic/claude-opus-4-6",
            Usage(200_000, 20_000, 50_000, 100_000, cache_write_1h_tokens=100_000, tier="batch"),
            12.5 + 1.25 + 50 + 25,
        ),
        # Anthropic, "Long context pricing": Sonnet 4.5 above 200K tokens $6, output $22.50, reads and writes with it;
        # what was read from the cache counts for the threshold.
        ("anthropic/claude-sonnet-4-5", Usage(200_000, 10_000), 60 + 15),
        ("anthropic/claude-sonnet-4-5-20250929", Usage(200_001, 10_000), 120.0006 + 22.5),
        ("anthropic/claude-sonnet-4-5", Usage(300_000, 0, 200_000, 50_000), 30 + 12 + 37.5),
        # Google (ai.google.dev/gemini-api/docs/pricing, read 2026-11): Gemini 2.5 Pro $1.25, output with thoughts $10;
        # above 200k tokens $2.50 and $15, cached $0.125 and $0.25; batch half, but for what is cached.
        ("google/gemini-2.5-pro", Usage(200_000, 10_000, reasoning_tokens=8_000), 25 + 10),
        ("google/gemini-2.5-pro", Usage(200_001, 10_000), 50.00025 + 15),
        ("google/gemini-2.5-pro", Usage(100_000, 0, 80_000), 2.5 + 1),
        ("google/gemini-2.5-pro", Usage(300_000, 0, 100_000), 50 + 2.5),
        ("google/gemini-2.5-pro", Usage(100_000, 10_000, tier="batch"), 6.25 + 5),
        # Google: Gemini 2.5 Flash $0.30, sound $1.00, output $2.50.
        ("google/gemini-2.5-flash", Usage(100_000, 10_000, audio_tokens=40_000), 1.8 + 4 + 2.5),
    ],
)
def test_a_request_costs_what_its_vendors_page_says(table: PriceTable, model: str, usage: Usage, cents: float) -> None:
    assert spent(table, model, usage) == round(cents * CENT)


def test_deepseek_prices_hits_and_misses_of_its_cache_and_the_hour(table: PriceTable) -> None:
    """api-docs.deepseek.com/quick_start/pricing (read 2026-11): cheaper outside of Chinese office hours."""
    usage = Usage(100_000, 10_000, 90_000)
    vendor = next(each for each in providers if each.id == "deepseek")
    model = vendor.find_model("deepseek-v4-pro")
    assert model is not None
    off_peak, peak = (price_of(model, NOW.replace(hour=hour)) for hour in (12, 2))
    assert off_peak is not None
    assert peak is not None

    assert off_peak == table.of("deepseek/deepseek-v4-pro")
    assert cost(usage, peak) == 2 * cost(usage, off_peak)
    assert cost(usage, off_peak) == 10_000 * 660 + 90_000 * 22 + 10_000 * 1980
    assert (off_peak.label, peak.label) == (
        f"genai-prices {__version__} 2026-08-17",
        f"genai-prices {__version__} 2026-08-17 01:00Z",
    )


def test_what_deepseek_published_in_april_was_the_price_in_may() -> None:
    """api-docs.deepseek.com/quick_start/pricing, as of 2026-04-30: V4 Flash $0.0028 a hit, $0.14 a miss, $0.28 out."""
    vendor = next(each for each in providers if each.id == "deepseek")
    model = vendor.find_model("deepseek-v4-flash")
    assert model is not None
    price = price_of(model, datetime(2026, 5, 1, 12, 0, tzinfo=UTC))
    assert price is not None

    assert cost(Usage(MTOK, MTOK, 900_000), price) == round((0.014 + 0.00252 + 0.28) * 100 * CENT)
    assert cost(Usage(1, 0, 1), price) == 3


def test_the_hour_of_a_price_is_looked_up_on_the_half_hour() -> None:
    hours = [
        hour
        for vendor in providers
        for model in vendor.models
        for each in (model.prices if isinstance(model.prices, list) else ())
        if isinstance(each.constraint, types.TimeOfDateConstraint)
        for hour in (each.constraint.start_time, each.constraint.end_time)
    ]

    assert hours
    assert all(hour.minute % 30 == 0 and hour.second == 0 for hour in hours)


@pytest.mark.parametrize("vendor_id", VENDORS)
def test_what_the_data_know_is_found_under_the_names_they_know_it_by(table: PriceTable, vendor_id: str) -> None:
    vendor = next(each for each in providers if each.id == vendor_id)
    for model in vendor.models:
        if vendor.find_model(model.id) is model:
            assert table.of(f"{vendor_id}/{model.id}") == price_of(model, NOW), model.id


def test_models_of_a_list_are_matched_as_the_data_match_them() -> None:
    wanted = Wanted("router", "openrouter", ["openai/gpt-5.4", "nobody/knows"], with_known=False)

    found = answer(Question(NOW.timestamp(), [wanted, Wanted("x", "no such vendor")]))

    assert list(found.prices) == list(found.facts) == ["router/openai/gpt-5.4"]
    assert found.facts["router/openai/gpt-5.4"].context_tokens >= 400_000
    assert found.prices["router/openai/gpt-5.4"].rates.input == 2_500_000_000


def test_what_is_paid_by_the_hour_or_by_the_character_has_no_price(table: PriceTable) -> None:
    assert table.of("openai/whisper-1") is None
    assert table.of("openai/tts-1") is None


def test_no_price_is_older_than_the_day_that_is_said_of_the_data() -> None:
    starts = {
        str(each.constraint.start_date)
        for vendor in providers
        for model in vendor.models
        for each in (*(model.prices if isinstance(model.prices, list) else ()), *(model.price_variants or ()))
        if isinstance(each.constraint, types.StartDateConstraint)
    }

    assert max(start for start in starts if start <= str(date(2026, 11, 21))) == RELEASED


def test_the_program_answers_on_its_standard_output() -> None:
    question = Question(NOW.timestamp(), [Wanted("claude", "anthropic", ["claude-opus-4-6"])])
    done = subprocess.run(
        [sys.executable, "-m", "tokenrouter.jobs.price_data"],
        input=msgspec.json.encode(question),
        capture_output=True,
        check=True,
        timeout=60,
    )
    prices = msgspec.json.decode(done.stdout, type=Answer).prices

    assert prices["claude/claude-opus-4-6"].rates.input == 5_000_000_000
    assert json.loads(done.stdout)

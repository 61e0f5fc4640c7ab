"""What vendors answer who are asked what is left, as their pages show it (2026-11)."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.providers import preset
from tokenrouter.providers.quota_questions import QuotaReading, quota_question, quota_questions

NOW_S = 1_795_600_000.0
"""Wednesday, 2026-11-25 09:46:40 UTC."""


def read(kind: str, answer: object) -> QuotaReading:
    question = quota_question(kind)
    assert question is not None
    return question.answer("mine", msgspec.json.encode(answer), NOW_S)


@pytest.mark.parametrize(
    ("word", "window", "ends_at_s"),
    [
        ("hourly", "1h", 1_795_600_800),
        ("daily", "1d", 1_795_651_200),
        ("weekly", "7d", 1_795_996_800),
        ("monthly", "30d", 1_796_083_200),
        (None, "total", None),
    ],
)
def test_openrouter_tells_what_is_left_of_a_keys_credits(word: str | None, window: str, ends_at_s: int | None) -> None:
    answer = {"limit": 100, "limit_remaining": 74.5, "limit_reset": word, "usage": 825.5, "is_free_tier": False}

    reading = read("openrouter", {"data": answer})

    (metric,) = reading.metrics
    assert (metric.left_percent, metric.used_value, metric.window, metric.reset_at_s) == (74.5, 25.5, window, ends_at_s)
    assert reading.plan_type == "paid"


def test_openrouter_keys_without_a_limit_have_only_used_something() -> None:
    answer = {"limit": None, "limit_remaining": None, "limit_reset": None, "usage": 1.25, "is_free_tier": True}

    reading = read("openrouter", {"data": answer})

    assert (reading.metrics[0].left_percent, reading.metrics[0].used_value) == (None, 1.25)
    assert reading.plan_type == "free"


def test_deepseek_has_a_balance_in_each_currency() -> None:
    balance = {"currency": "CNY", "total_balance": "110.00", "granted_balance": "10.00", "topped_up_balance": "100.00"}

    well = read("deepseek", {"is_available": True, "balance_infos": [balance]}).metrics[0]
    spent = read("deepseek", {"is_available": False, "balance_infos": [balance]}).metrics[0]

    assert (well.key, well.unit, well.remaining_value, well.left_percent) == ("balance_cny", "CNY", 110.0, None)
    assert spent.left_percent == 0


def test_moonshot_has_cash_and_vouchers_together() -> None:
    data = {"available_balance": 49.58894, "voucher_balance": 46.58893, "cash_balance": 3.00001}

    assert read("moonshotai", {"code": 0, "data": data}).metrics[0].remaining_value == 49.58894


def test_poe_counts_points() -> None:
    assert read("poe", {"current_point_balance": 1500}).metrics[0].key == "balance_points"


def test_venice_has_dollars_and_what_is_given_each_day() -> None:
    data = {
        "accessPermitted": True,
        "apiTier": {"id": "paid", "isCharged": True},
        "balances": {"USD": 12.3456, "DIEM": 1.234},
        "nextEpochBegins": "2026-11-26T00:00:00.000Z",
        "rateLimits": [],
    }

    reading = read("venice", {"data": data})

    assert {metric.unit: metric.reset_at_s for metric in reading.metrics} == {"USD": None, "DIEM": 1_795_651_200}
    assert reading.plan_type == "paid"


def test_vercel_tells_what_is_left_and_what_was_used() -> None:
    (metric,) = read("vercel-ai-gateway", {"balance": "95.50", "total_used": "4.50"}).metrics

    assert (metric.left_percent, metric.limit_value) == (95.5, 100.0)


def test_every_question_belongs_to_a_vendor_and_names_its_page() -> None:
    for kind, question in quota_questions().items():
        assert preset(kind) is not None
        assert question.source.startswith("https://")
    assert quota_question("openai") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers(-(10**25), 10**25) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["data", "limit", "balances", "USD", "balance", "balance_infos", "is_available", "currency"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(sorted(quota_questions())), JSON.map(msgspec.json.encode) | st.binary(max_size=200))
def test_any_other_answer_is_refused_in_words(kind: str, body: bytes) -> None:
    question = quota_question(kind)
    assert question is not None
    with suppress(ProviderProtocolError):
        question.answer("mine", body, NOW_S)

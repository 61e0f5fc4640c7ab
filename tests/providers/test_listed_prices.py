import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.prices import Price, rates_of
from tokenrouter.providers.listed_prices import read_listed_prices
from tokenrouter.providers.presets import PricedIn

DOLLAR = 10**9


def read(*entries: Any, priced_in: PricedIn = "token", **more: str) -> dict[str, Price]:
    return read_listed_prices(json.dumps({"data": entries}).encode(), priced_in, dated="2026-11-21", **more)


def test_openrouters_prices_are_for_one_token_and_exact() -> None:
    pricing = {
        "prompt": "0.000003",
        "completion": "0.000015",
        "request": "0.005",
        "image": "0.0048",
        "input_cache_read": "0.0000003",
        "input_cache_write": "0.00000375",
        "input_cache_write_1h": "0.000006",
        "internal_reasoning": "0",
        "audio": "0.0000007",
    }
    found = read({"id": "anthropic/claude-sonnet", "pricing": pricing})["anthropic/claude-sonnet"]

    assert found.rates == rates_of(
        3 * DOLLAR,
        15 * DOLLAR,
        cached_input=3 * DOLLAR // 10,
        cache_write=375 * DOLLAR // 100,
        cache_write_1h=6 * DOLLAR,
        audio_input=7 * DOLLAR // 10,
    )
    assert found.request_nano == 5_000_000
    assert found.label == "provider 2026-11-21"


def test_of_several_vendors_behind_a_model_the_dearest_counts() -> None:
    behind = [
        {"provider": "a", "pricing": {"input": 0.1, "output": 0.5}},
        {"pricing": {"input": 0.2, "output": 0.3}},
        {},
    ]

    found = read({"id": "m", "providers": behind}, priced_in="million")

    assert found["m"].rates == rates_of(DOLLAR // 5, DOLLAR // 2)


def test_a_price_finer_than_can_be_counted_is_rounded_up() -> None:
    assert read({"id": "m", "pricing": {"prompt": "1e-20", "completion": "0"}})["m"].rates.input == 1


@pytest.mark.parametrize(
    "pricing",
    [
        {},
        None,
        7,
        [],
        {"prompt": "0.1"},
        {"prompt": "-1", "completion": "-1"},
        {"prompt": "NaN", "completion": "0"},
        {"prompt": "Infinity", "completion": "0"},
        {"prompt": "much", "completion": "0"},
        {"prompt": True, "completion": "0"},
        {"prompt": [], "completion": "0"},
        {"prompt": "2", "completion": "0"},
        {"prompt": "0", "completion": "0", "input_cache_read": "?"},
    ],
)
def test_what_is_no_price_is_left_out(pricing: Any) -> None:
    assert read({"id": "m", "pricing": pricing}, {"id": "n", "pricing": {"prompt": "0", "completion": 0}}).keys() == {
        "n"
    }


def test_names_are_those_of_the_model_list() -> None:
    entry = {"id": "models/gemini", "pricing": {"prompt": 0, "completion": 0}}

    assert read(entry, {"id": 7, **entry} | {"id": 7}, id_prefix="models/").keys() == {"gemini"}


@given(st.binary(max_size=200))
def test_whatever_comes_is_prices_or_nothing(body: bytes) -> None:
    assert read_listed_prices(body, "token", dated="") == {} or json.loads(body)

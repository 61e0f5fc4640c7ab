from decimal import Decimal
from typing import Any

import pytest

from tokenrouter.config.prices import read_price
from tokenrouter.config.problems import Problem
from tokenrouter.config.table import Table
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.prices import Price, cost

BASE: dict[str, Any] = {"provider": "acme", "model": "small", "input_per_1m": 2, "output_per_1m": Decimal("8.5")}


def read(**values: Any) -> tuple[tuple[str, Price] | None, list[str]]:
    problems: list[Problem] = []
    table = Table({**BASE, **values}, "prices[0]", "torod.toml", {"prices[0]": 12, "prices[0].model": 13}, problems)
    return read_price(table), [str(problem) for problem in problems]


def price(**values: Any) -> Price:
    found, problems = read(**values)
    assert found is not None, problems
    return found[1]


def test_every_rate_is_read_exactly_and_says_where_it_stands() -> None:
    kinds = ("cached_input", "cache_write", "cache_write_1h", "reasoning", "audio_input", "audio_output")
    rates = {f"{kind}_per_1m": Decimal(f"0.00{number}") for number, kind in enumerate(kinds, 1)}

    found = price(**rates, image_input_per_1m=7, image_output_per_1m=0, per_request=Decimal("0.005"))

    dollar = 10**9
    assert found.rates == (
        2 * dollar, 85 * dollar // 10, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000, 6_000_000, 7 * dollar, 0
    )  # fmt: skip
    assert found.request_nano == 5_000_000
    assert found.label == "operator torod.toml:12"


def test_what_has_no_rate_costs_what_its_side_does_and_a_long_cache_what_a_short_one() -> None:
    dollar = 10**9
    assert price(cache_write_per_1m=3).rates == (
        2 * dollar, 85 * dollar // 10, 2 * dollar, 3 * dollar, 3 * dollar, 85 * dollar // 10,
        2 * dollar, 85 * dollar // 10, 2 * dollar, 85 * dollar // 10,
    )  # fmt: skip


def test_tiers_by_length_are_for_the_whole_request_and_in_any_order() -> None:
    tiers = [
        {"above_tokens": 500_000, "input_per_1m": 8, "output_per_1m": 34},
        {"above_tokens": 200_000, "input_per_1m": 4, "output_per_1m": 17},
    ]
    found = price(tiers=tiers)

    assert [above for above, _ in found.above] == [200_000, 500_000]
    assert cost(Usage(200_000, 0), found) == 200_000 * 2000
    assert cost(Usage(200_001, 10), found) == 200_001 * 4000 + 10 * 17_000
    assert cost(Usage(500_001, 0), found) == 500_001 * 8000


def test_service_tiers_have_rates_of_their_own_or_a_share_of_the_usual() -> None:
    priority = {"input_per_1m": 4, "output_per_1m": 17}
    tiers = [{"above_tokens": 10, "input_per_1m": 20, "output_per_1m": 85}]
    found = price(tiers=tiers, service_tiers={"flex": {"percent": 50}, "priority": priority})

    assert cost(Usage(10, 10, tier="flex"), found) == (10 * 2000 + 10 * 8500) // 2
    assert cost(Usage(11, 0, tier="flex"), found) == 11 * 10_000
    assert cost(Usage(11, 10, tier="priority"), found) == 11 * 4000 + 10 * 17_000
    assert cost(Usage(10, 0, tier="scale"), found) == 10 * 2000


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"input_per_1m": -1}, "prices[0].input_per_1m: -1 is negative"),
        ({"output_per_1m": 10**7}, "prices[0].output_per_1m: 10000000 is more than a million dollars"),
        ({"input_per_1m": Decimal("NaN")}, "prices[0].input_per_1m: Decimal('NaN') is not a whole number of nano"),
        ({"input_per_1m": Decimal("1e-10")}, "prices[0].input_per_1m: Decimal('1E-10') is not a whole number of nano"),
        ({"input_per_1m": "much"}, "prices[0].input_per_1m: 'much' is not an amount of US dollars"),
        ({"input_per_1m": True}, "prices[0].input_per_1m: True is not"),
        ({"per_request": -1}, "prices[0].per_request: -1 is negative"),
        ({"output_per_1k": 1}, "prices[0].output_per_1k: unknown key; did you mean \"output_per_1m\"?"),
        ({"model": ""}, "torod.toml:13: prices[0].model: is missing"),
        (
            {"cached_input_per_1m": 1, "service_tiers": {"flex": {"input_per_1m": 1, "output_per_1m": 1}}},
            "prices[0].service_tiers.flex.cached_input_per_1m: is missing here",
        ),
        ({"tiers": [{"above_tokens": 9, "input_per_1m": 1}]}, "prices[0].tiers[0].output_per_1m: is missing"),
        ({"tiers": [{"input_per_1m": 1, "output_per_1m": 1}]}, "prices[0].tiers[0].above_tokens: is missing"),
        (
            {"tiers": [{"above_tokens": 9, "input_per_1m": 1, "output_per_1m": 1}] * 2},
            "prices[0].tiers[1].above_tokens: 9 stands twice in this price",
        ),
        (
            {"tiers": [{"above_tokens": 0, "input_per_1m": 1, "output_per_1m": 1}]},
            "prices[0].tiers[0].above_tokens: 0 is too small; use at least 1",
        ),
        (
            {"tiers": [{"above_tokens": 10**12, "input_per_1m": 1, "output_per_1m": 1}]},
            "prices[0].tiers[0].above_tokens: 1000000000000 is more than any request has",
        ),
        (
            {"cached_input_per_1m": 1, "tiers": [{"above_tokens": 9, "input_per_1m": 1, "output_per_1m": 1}]},
            "prices[0].tiers[0].cached_input_per_1m: is missing here, but the price has one outside of this tier",
        ),
        ({"service_tiers": {"default": {"percent": 50}}}, "prices[0].service_tiers.default: 'default' is no service"),
        ({"service_tiers": {"Flex": {"percent": 50}}}, "prices[0].service_tiers.Flex: 'Flex' is no service tier"),
        ({"service_tiers": {"flex": {"percent": -1}}}, "prices[0].service_tiers.flex.percent: -1 is too small"),
        ({"service_tiers": {"flex": {"percent": 10**6}}}, "prices[0].service_tiers.flex.percent: 1000000 is more than"),
        (
            {"service_tiers": {"flex": {"percent": 50, "input_per_1m": 1}}},
            "prices[0].service_tiers.flex.input_per_1m: cannot stand beside `percent`",
        ),
        ({"service_tiers": {"flex": {}}}, "prices[0].service_tiers.flex.input_per_1m: is missing"),
        ({"service_tiers": {"flex": {"percnt": 50}}}, "prices[0].service_tiers.flex.percnt: unknown key"),
        ({"service_tiers": {"flex": 50}}, "prices[0].service_tiers.flex: 50 must be a table"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_name_and_place(values: dict[str, Any], problem: str) -> None:
    found, problems = read(**values)

    assert found is None
    assert any(problem in told and told.startswith("torod.toml:1") for told in problems), problems

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.admin.amounts import NANO_PER_USD, amount_of, sums_of, time_text, usd
from tokenrouter.domain.ledger import Usage
from tokenrouter.store.usage import UsageSums


@pytest.mark.parametrize(
    ("nano", "text"),
    [(0, "0.00"), (25, "0.000000025"), (1_500_000_000, "1.50"), (-1, "-0.000000001"), (12_340_000_000, "12.34")],
)
def test_money_has_every_digit_that_counts_and_at_least_the_cents(nano: int, text: str) -> None:
    assert usd(nano) == text


@given(st.integers(-(10**24), 10**24))
def test_money_is_exact(nano: int) -> None:
    assert Decimal(usd(nano)).scaleb(9) == nano


def test_only_dollars_are_text() -> None:
    assert amount_of("cost_usd", NANO_PER_USD) == "1.00"
    assert amount_of("tokens", 5) == 5


def test_input_and_output_make_the_total() -> None:
    sums = sums_of(UsageSums(requests=2, cost_nano_usd=5, usage=Usage(10, 5, cached_input_tokens=4)))

    assert (sums.total_tokens, sums.cached_input_tokens, sums.cost_usd) == (15, 4, "0.000000005")


def test_times_are_utc_and_no_time_is_none() -> None:
    assert time_text(0.5) == "1970-01-01T00:00:00Z"
    assert time_text(None) is None

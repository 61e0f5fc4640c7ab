from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.ledger import Price, Usage, cost

COUNTS = st.integers(0, 10**9)


def test_each_kind_of_token_has_its_price() -> None:
    price = Price(input_nano=1000, output_nano=4000, cached_input_nano=100, cache_write_nano=1250)
    usage = Usage(input_tokens=100, output_tokens=10, cached_input_tokens=60, cache_write_tokens=20)

    assert cost(usage, price) == 20 * 1000 + 60 * 100 + 20 * 1250 + 10 * 4000


def test_without_a_price_of_its_own_a_cached_token_costs_what_any_other_does() -> None:
    assert cost(Usage(100, 0, cached_input_tokens=60), Price(1000, 4000)) == 100_000


@given(COUNTS, COUNTS, COUNTS)
def test_more_cached_than_read_never_makes_money(read: int, cached: int, written: int) -> None:
    assert cost(Usage(read, 0, cached_input_tokens=cached), Price(7, 0, cached_input_nano=1)) >= cached
    assert cost(Usage(read, written), Price(7, 9)) == read * 7 + written * 9

from tokenrouter.domain.price_table import PriceTable
from tokenrouter.domain.prices import flat_price


def test_a_name_costs_what_is_said_of_it_most_precisely() -> None:
    prices = {
        "acme/*": flat_price(1, 1),
        "acme/small-*": flat_price(2, 2),
        "acme/small-2": flat_price(3, 3),
        "acme/*-2": flat_price(4, 4),
    }
    table = PriceTable(prices)

    assert table.of("acme/large") == prices["acme/*"]
    assert table.of("acme/small-1") == prices["acme/small-*"]
    assert table.of("acme/small-2") == prices["acme/small-2"]
    assert table.of("acme/large-2") == prices["acme/*-2"]
    assert table.of("other/large") is None


def test_a_pattern_is_no_regular_expression_and_is_case_sensitive() -> None:
    table = PriceTable({"acme/v1.*": flat_price(1, 1)})

    assert table.of("acme/v1.5/x") is not None
    assert table.of("acme/v15") is None
    assert table.of("acme/V1.5") is None

from dataclasses import replace

import pytest

from tests.jobs.ledgers import PRICE, priced
from tests.store.entries import entry
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.domain.prices import Price
from tokenrouter.jobs.ledger_verify_costs import CostCheck
from tokenrouter.jobs.ledger_verify_days import Difference


def check(row: LedgerEntry, price: Price | None = PRICE) -> tuple[CostCheck, list[Difference]]:
    costs = CostCheck(lambda _provider, _model: price)
    return costs, list(costs.add(row))


def test_a_row_that_costs_what_its_price_says_is_right() -> None:
    costs, found = check(priced("a"))

    assert (found, costs.checked) == ([], 1)


@pytest.mark.parametrize("cost_nano", [None, 0, 449_999, 450_001])
def test_a_cost_that_is_wrong_is_found(cost_nano: int | None) -> None:
    _, found = check(priced("a", cost_nano_usd=cost_nano))

    assert found == [Difference("tr_ledger", "row a", "cost_nano_usd", cost_nano, 450_000, is_derived=False)]


@pytest.mark.parametrize(
    "row",
    [
        priced("a", price_source="genai-prices 2026-01-01", cost_nano_usd=7),
        priced("a", end_reason="interrupted", cost_nano_usd=7),
        priced("a", operation="batches", cost_nano_usd=7),
    ],
)
def test_a_row_that_was_priced_otherwise_is_counted_apart(row: LedgerEntry) -> None:
    costs, found = check(row)

    assert (found, costs.checked, costs.otherwise) == ([], 0, 1)


def test_a_row_whose_price_is_no_longer_known_is_counted_apart() -> None:
    costs, found = check(priced("a"), None)

    assert (found, costs.otherwise) == ([], 1)


def test_a_row_without_a_price_is_not_wrong() -> None:
    costs, found = check(entry("a", price_source="", cost_nano_usd=None))

    assert (found, costs.unpriced, costs.otherwise) == ([], 1, 0)


def test_a_refusal_costs_nothing_and_is_not_unpriced() -> None:
    refused = replace(entry("a"), usage=Usage(provider_requests=0), cost_nano_usd=None)

    costs, found = check(refused)

    assert (found, costs.unpriced) == ([], 0)
    assert check(replace(refused, price_source=PRICE.named))[1] == []


def test_a_price_that_was_changed_in_its_place_is_another_one() -> None:
    costs, found = check(priced("a"), PRICE._replace(request_nano=1))

    assert (found, costs.otherwise) == ([], 1)

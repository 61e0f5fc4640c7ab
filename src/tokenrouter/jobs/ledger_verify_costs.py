"""What rows cost, worked out again from what they used and the price that they name.

Prices change, and a row keeps the name of its own (`genai-prices 2026-11-21 #1f0c22d9`). Where the price of today has
another name, the row was priced otherwise, which is no mistake: it is counted apart. So is a row whose cost follows
from more than it keeps: a request whose process died was charged what it held, and a batch is the sum of many requests.
"""

from collections.abc import Callable, Iterator
from typing import Final

from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.domain.prices import Price, cost
from tokenrouter.jobs.ledger_verify_days import Difference

TABLE: Final = "tr_ledger"

PriceOf = Callable[[str, str], Price | None]
"""Provider and model → the price of today."""


class CostCheck:
    """Compares the cost of each row.

    Attributes:
        checked: rows whose cost was worked out again.
        otherwise: rows whose cost cannot be worked out any more.
        unpriced: rows that used tokens for which no price was known.
    """

    def __init__(self, price_of: PriceOf) -> None:
        self._price_of = price_of
        self.checked = self.otherwise = self.unpriced = 0

    def add(self, entry: LedgerEntry) -> Iterator[Difference]:
        """Yield what is wrong with a row's cost."""
        used = entry.usage.input_tokens + entry.usage.output_tokens > 0
        if not entry.price_source:
            self.unpriced += used
            return
        if entry.cost_nano_usd is None and not used:
            return  # refused, so no provider was asked
        price = self._price_of(entry.provider, entry.model)
        if price is None or price.named != entry.price_source or _follows_from_more(entry):
            self.otherwise += 1
            return
        self.checked += 1
        counted = cost(entry.usage, price)
        if counted != (entry.cost_nano_usd or 0):
            yield Difference(TABLE, f"row {entry.id}", "cost_nano_usd", entry.cost_nano_usd, counted, is_derived=False)


def _follows_from_more(entry: LedgerEntry) -> bool:
    return entry.end_reason == "interrupted" or entry.operation == "batches" or entry.count != 1

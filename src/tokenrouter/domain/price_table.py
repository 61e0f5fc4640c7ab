"""Prices by name, some of them for many models at once.

An operator may price a whole family (`acme/small-*`); of the patterns that match a name the one that says most about
it counts, and a price of the very name counts before all of them.
"""

import re
from collections.abc import Mapping
from typing import Final

from tokenrouter.domain.prices import OPERATOR, Price

ANY: Final = "*"


class PriceTable:
    """Looks up what `provider/model` costs. Which model is asked changes rarely, so nothing is remembered here."""

    __slots__ = ("_exact", "_patterns")

    def __init__(self, prices: Mapping[str, Price]) -> None:
        """`prices` are by `provider/model`, where `*` in the model stands for anything."""
        self._exact = {name: price for name, price in prices.items() if ANY not in name}
        patterns = sorted((name for name in prices if ANY in name), key=lambda name: _rank(name, prices), reverse=True)
        self._patterns = [(_compiled(name), prices[name]) for name in patterns]

    def of(self, name: str) -> Price | None:
        """Return what `name` costs, or None where nobody said."""
        price = self._exact.get(name)
        if price is not None:
            return price
        return next((each for pattern, each in self._patterns if pattern.fullmatch(name) is not None), None)


def _rank(pattern: str, prices: Mapping[str, Price]) -> tuple[bool, int]:
    """Return what patterns are compared by: an operator's go before all others, then the longest."""
    return prices[pattern].source == OPERATOR, len(pattern) - pattern.count(ANY)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split(ANY))), re.DOTALL)

"""How often a provider may be asked the same thing again: a share of what it is asked anyway.

Without a bound, a provider that is overloaded gets every request three times, and stays overloaded.
"""

from typing import Final

SHARE: Final = 0.1
"""One request in ten may be a repetition."""
MOST: Final = 10.0
"""So many may come at once, also where little is asked."""


class RepeatBudget:
    """What each provider has left. One per data process."""

    def __init__(self) -> None:
        self._left: dict[str, float] = {}

    def asked(self, provider: str) -> None:
        """Note that a request was sent for the first time."""
        left = self._left.get(provider)
        if left is not None:
            self._left[provider] = min(left + SHARE, MOST)

    def allows(self, provider: str) -> bool:
        """Return whether something may be asked again."""
        return self._left.get(provider, MOST) >= 1

    def repeated(self, provider: str) -> None:
        """Note that something is asked again."""
        self._left[provider] = self._left.get(provider, MOST) - 1

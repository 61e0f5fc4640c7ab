"""How every provider is, by all who look beside requests: checks say its status, quota readers what is left.

The data processes are told when something that matters has changed, not at each look. So this book knows what it told
last, and calls it news when a status is another one or a quota has moved by a whole percent.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from tokenrouter.domain.conditions import Condition, Status

_UNKNOWN: Final = Condition()


class ConditionBook:
    """The conditions of all providers. One per control process; used on its event loop alone."""

    def __init__(self) -> None:
        self._conditions: dict[str, Condition] = {}
        self._told: dict[str, tuple[Status, int | None]] = {}

    def of(self, provider: str) -> Condition:
        """Return what is known of one provider."""
        return self._conditions.get(provider, _UNKNOWN)

    def current(self) -> dict[str, Condition]:
        """Return what is known, by provider; nobody writes to it afterwards."""
        return dict(self._conditions)

    def keep(self, providers: Iterable[str]) -> None:
        """Forget all but `providers`, which are those of the Catalog: so the book is bounded."""
        names = set(providers)
        self._conditions = {name: one for name, one in self._conditions.items() if name in names}

    def note_status(self, provider: str, status: Status, checked_at_s: float) -> None:
        """Write down how `provider` was at a look."""
        self._conditions[provider] = replace(self.of(provider), status=status, checked_at_s=checked_at_s)

    def note_left(self, provider: str, left: float | None) -> None:
        """Write down the smallest share, from 0 to 1, that is left of any of its quotas; None when nobody knows."""
        self._conditions[provider] = replace(self.of(provider), left=left)

    def news(self) -> dict[str, Condition] | None:
        """Return all conditions if they are worth telling again; None when they are as they were told last."""
        worth = {name: _worth_telling(one) for name, one in self._conditions.items()}
        if worth == self._told:
            return None
        self._told = worth
        return self.current()


def _worth_telling(condition: Condition) -> tuple[Status, int | None]:
    return condition.status, None if condition.left is None else round(condition.left * 100)

"""Alerts, counted and handed to everybody who carries them on: webhooks and e-mail, each in its own way and time."""

from collections.abc import Sequence
from typing import Protocol

from tokenrouter.domain.alerts import Alert


class Carrier(Protocol):
    """Who tells alerts to somebody outside.

    Attributes:
        counts: deliveries that came to an end, by how: `delivered`, `failed`, `dropped`.
    """

    counts: dict[str, int]

    def send(self, alerts: Sequence[Alert]) -> None:
        """Begin to deliver `alerts`, and return at once."""

    async def close(self) -> None:
        """Give up what is under way."""


class Alerting:
    """Every alert comes by here.

    Attributes:
        counts: alerts since the start, by kind.
    """

    def __init__(self, carriers: Sequence[Carrier]) -> None:
        self._carriers = carriers
        self.counts: dict[str, int] = {}

    def send(self, alerts: Sequence[Alert]) -> None:
        """Count `alerts` and give them to all carriers; returns at once."""
        for alert in alerts:
            self.counts[alert.kind] = self.counts.get(alert.kind, 0) + 1
        if alerts:
            for carrier in self._carriers:
                carrier.send(alerts)

    async def close(self) -> None:
        """Have all carriers give up what is under way."""
        for carrier in self._carriers:
            await carrier.close()

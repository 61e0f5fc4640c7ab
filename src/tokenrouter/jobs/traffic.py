"""What requests have shown of providers lately, read from the figures that data processes send anyway.

Figures only grow while their process lives, so what is new is the difference to the last look; a process that is seen
for the first time is new altogether.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tokenrouter.domain.errors import (
    ModelNotFound,
    ProviderCredentialsRejected,
    ProviderCut,
    ProviderProtocolError,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnreachable,
)
from tokenrouter.gateway.lanes import UNCHARGED

_FAILURES: Final = frozenset(
    error.code for error in (ProviderUnreachable, ProviderTimeout, ProviderCut, ProviderProtocolError)
)
"""How requests end that a provider did not answer as it should."""

Snapshots = Mapping[str, Mapping[str, Any]]
"""By worker, what `observe.figures.Figures.snapshot` of it said last."""


@dataclass(slots=True)
class Shown:
    """Requests at one provider since the last look: answered, failed, refused for our key, and for no such model."""

    answered: int = 0
    failed: int = 0
    denied: int = 0
    missing: int = 0


class Traffic:
    """The figures of all data processes, looked at again and again."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, tuple[str, ...]], int] = {}

    def news(self, snapshots: Snapshots) -> dict[str, Shown]:
        """Return, by provider, what is new since the last call; providers with nothing new are left out."""
        seen: dict[tuple[str, tuple[str, ...]], int] = {}
        news: dict[str, Shown] = {}
        for worker, snapshot in snapshots.items():
            for series in snapshot.get("series", ()):
                place = worker, tuple(series["labels"])
                count = seen[place] = series["requests"]
                more = count - self._seen.get(place, 0)
                if more > 0:
                    _add(news, series["labels"], more)
        self._seen = seen
        return news


def _add(news: dict[str, Shown], labels: list[str], count: int) -> None:
    operation, provider, status, end_reason, error_code = labels
    if not provider or operation in UNCHARGED:  # tokens may be counted here, and the provider never asked
        return
    shown = news.setdefault(provider, Shown())
    if status == "2xx" and end_reason == "completed":
        shown.answered += count
    elif error_code in _FAILURES or (status == "5xx" and error_code == ProviderRefused.code):
        shown.failed += count
    elif error_code == ProviderCredentialsRejected.code:
        shown.denied += count
    elif error_code == ModelNotFound.code:
        shown.missing += count

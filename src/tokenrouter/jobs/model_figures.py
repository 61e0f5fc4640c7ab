"""What each model was asked for and used, counted when rows are written: no request waits for it.

Clients may ask some providers for any name, so models are bounded, and the rest is counted together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tokenrouter.domain.ledger import LedgerEntry, NanoUsd, has_failed

MAX_MODELS: Final = 1000
REST: Final = ("other", "other")


@dataclass(slots=True)
class ModelUse:
    """Of one model since the start of the control process."""

    requests: int = 0
    failed: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0
    cost_nano_usd: NanoUsd = 0

    def add(self, entry: LedgerEntry) -> None:
        """Count one row."""
        usage = entry.usage
        self.requests += entry.count
        self.failed += entry.count if has_failed(entry) else 0
        self.input += usage.input_tokens
        self.output += usage.output_tokens
        self.cached += usage.cached_input_tokens
        self.reasoning += usage.reasoning_tokens
        self.cost_nano_usd += entry.cost_nano_usd or 0


class ModelFigures:
    """The models of all providers."""

    def __init__(self) -> None:
        self._use: dict[tuple[str, str], ModelUse] = {}

    def take(self, entries: Sequence[LedgerEntry]) -> None:
        """Count rows that were written; those for which no provider was asked are nobody's."""
        for entry in entries:
            if entry.provider and entry.model:
                self._of(entry.provider, entry.model).add(entry)

    def snapshot(self) -> list[tuple[tuple[str, str], ModelUse]]:
        """Return (provider, model) and its use."""
        return list(self._use.items())

    def _of(self, provider: str, model: str) -> ModelUse:
        known = self._use.get((provider, model))
        if known is not None:
            return known
        named = (provider, model) if len(self._use) < MAX_MODELS else REST
        return self._use.setdefault(named, ModelUse())

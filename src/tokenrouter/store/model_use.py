"""What each model was asked for lately, and how fast it answered: of the newest rows of the ledger.

A list of models wants figures of all of them at once, by hours, for whoever looks. So that this costs the same however
many requests there were, at most `MAX_ROWS` rows are read, the newest of the time; where that is not all of it, the
answer says since when it counts. Figures of speed need no more, and counts of longer times stand in the sums by day.

The rows are added up here and not by the database: it would have to go through them twice, for sums and for medians,
which takes longer than reading them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median_low
from typing import Any, Final

from sqlalchemy import select

from tokenrouter.domain.ledger import DELIVERED, NanoUsd
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter, row_conditions
from tokenrouter.store.ledger_search import each_reach
from tokenrouter.store.schema import tr_ledger

MAX_ROWS: Final = 5_000
MIN_PHASE_US: Final = 250_000
"""What took less says nothing of a speed, so it counts as this long (TokenRouter-Go has the same bound)."""

ModelKey = tuple[str, str]
"""Provider, and the model as it is called there."""
_READ: Final = (
    *("provider", "model", "count", "status", "end_reason", "answered_by", "latency_us", "first_token_us"),
    *("input_tokens", "cached_input_tokens", "output_tokens", "cost_nano_usd", "started_us"),
)


@dataclass(slots=True)
class ModelUse:
    """What one model was asked for.

    Attributes:
        prompt_us: how long requests took until the first token, whose input was `prompt_tokens`.
        generation_us: how long they took from then on, in which they gave `generated_tokens`.
        first_tokens_us: how long each took until the first token.
    """

    requests: int = 0
    failed: int = 0
    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    cost_nano_usd: NanoUsd = 0
    prompt_tokens: int = 0
    prompt_us: int = 0
    generated_tokens: int = 0
    generation_us: int = 0
    first_tokens_us: list[int] = field(default_factory=list)

    @property
    def prompt_tokens_per_s(self) -> float | None:
        """How fast input was read; None where nobody knows."""
        return _per_s(self.prompt_tokens, self.prompt_us)

    @property
    def generated_tokens_per_s(self) -> float | None:
        """How fast answers came once they had begun; None where nobody knows."""
        return _per_s(self.generated_tokens, self.generation_us)

    @property
    def first_token_us(self) -> int | None:
        """How long it took to begin, in the middle of all that tell."""
        return median_low(self.first_tokens_us) if self.first_tokens_us else None

    def add_speed(self, latency_us: int, first_token_us: int, input_tokens: int, output_tokens: int) -> None:
        """Count how long one request took."""
        if first_token_us > 0:
            self.first_tokens_us.append(first_token_us)
            self.prompt_tokens += input_tokens
            self.prompt_us += max(first_token_us, MIN_PHASE_US)
        if output_tokens > 0:
            self.generated_tokens += output_tokens
            self.generation_us += max(latency_us - first_token_us, MIN_PHASE_US)


@dataclass(frozen=True, slots=True)
class ModelUses:
    """The use of models since `since_us`, which is later than was wanted where not `is_whole`."""

    by_model: Mapping[ModelKey, ModelUse]
    since_us: int
    is_whole: bool


def model_uses(store: Store, wanted: LedgerFilter, *, max_rows: int = MAX_ROWS) -> ModelUses:
    """Return what the newest `max_rows` rows that are `wanted` say of each model."""
    rows = _newest(store, wanted, max_rows)
    uses: dict[ModelKey, ModelUse] = {}
    for _, provider, model, *rest in rows:
        use = uses.get((provider, model))
        if use is None:
            use = uses[provider, model] = ModelUse()
        _count(use, *rest)
    is_whole = len(rows) < max_rows
    return ModelUses(uses, wanted.since_us if is_whole else rows[-1][-1], is_whole)


def _newest(store: Store, wanted: LedgerFilter, most: int) -> list[tuple[Any, ...]]:
    """Return id and fields of the newest rows, each way in which the caller may see them through its own index."""
    columns = [tr_ledger.c[name] for name in _READ]
    asked = (tr_ledger.c.provider != "", tr_ledger.c.model != "")
    query = select(tr_ledger.c.id, *columns).where(*asked).order_by(tr_ledger.c.started_us.desc()).limit(most)
    parts = each_reach(wanted)
    with store.read() as connection:
        found = [tuple(row) for part in parts for row in connection.execute(query.where(*row_conditions(part)))]
    if len(parts) == 1:
        return found
    single = {row[0]: row for row in found}
    return sorted(single.values(), key=lambda row: row[-1], reverse=True)[:most]


def _count(
    use: ModelUse,
    count: int,
    status: int,
    end_reason: str,
    answered_by: str,
    latency_us: int,
    first_token_us: int,
    input_tokens: int,
    cached_input_tokens: int,
    output_tokens: int,
    cost_nano_usd: NanoUsd | None,
    _started_us: int,
) -> None:
    """Count one row. Its speed counts where a provider answered a single request itself, and well."""
    is_good = status < 400 and end_reason in DELIVERED
    use.requests += count
    use.failed += 0 if is_good else count
    use.input_tokens += input_tokens
    use.cached_input_tokens += cached_input_tokens
    use.output_tokens += output_tokens
    use.cost_nano_usd += cost_nano_usd or 0
    if is_good and count == 1 and not answered_by and latency_us > 0:
        use.add_speed(latency_us, first_token_us, input_tokens, output_tokens)


def _per_s(tokens: int, duration_us: int) -> float | None:
    return tokens * 1e6 / duration_us if duration_us else None

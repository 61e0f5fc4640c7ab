"""How sums, money and times are written in JSON.

Money is text with every digit (`"0.000025"`), because a JSON number becomes a binary fraction in most
readers; the same in nano-dollars stands beside it for those who add up.
"""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from tokenrouter.domain.ledger import NanoUsd
from tokenrouter.domain.limits import Metric
from tokenrouter.store.usage import UsageSums

NANO_PER_USD = 1_000_000_000

Day = Annotated[date, Field(ge=date(1970, 1, 1), le=date(9998, 12, 31))]
"""A UTC day; the bounds keep every sum with it inside the calendar."""


class Sums(BaseModel):
    """What a number of requests used together; `unpriced_requests` are not in the cost."""

    requests: int
    failed: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    reasoning_tokens: int
    total_tokens: int
    cost_usd: str
    cost_nano_usd: int
    unpriced_requests: int


def sums_of(sums: UsageSums) -> Sums:
    """Return `sums` as the API shows them."""
    usage = sums.usage
    return Sums(
        requests=sums.requests,
        failed=sums.failed,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_input_tokens=usage.cached_input_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        total_tokens=usage.input_tokens + usage.output_tokens,
        cost_usd=usd(sums.cost_nano_usd),
        cost_nano_usd=sums.cost_nano_usd,
        unpriced_requests=sums.unpriced_requests,
    )


def usd(nano: NanoUsd) -> str:
    """Return nano-dollars as US dollars: every digit that counts, and at least the cents."""
    whole, rest = divmod(abs(nano), NANO_PER_USD)
    digits = f"{rest:09d}".rstrip("0").ljust(2, "0")
    return f"{'-' if nano < 0 else ''}{whole}.{digits}"


def amount_of(metric: Metric, amount: int) -> int | str:
    """Return a limit's amount as it is declared: dollars as text, counts as numbers."""
    return usd(amount) if metric == "cost_usd" else amount


def time_text(seconds: float | None) -> str | None:
    """Return a time as ISO 8601 in UTC, None for none."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")

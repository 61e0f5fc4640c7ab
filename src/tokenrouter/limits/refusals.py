"""Which error a limit in the way is: the same for every keeper of counters."""

from typing import Final

from tokenrouter.domain.errors import LimitReached, QuotaExceeded, QuotaReserved, RateLimited
from tokenrouter.domain.limits import Limit
from tokenrouter.limits.words import describe

RESERVED_RETRY_S: Final = 2.0
"""When to come back for what running requests hold: most answers take seconds."""


def refusal_of(
    limit: Limit, scope: str, *, used: int, held: int, asked: int, allowed: int, back_in_s: float | None
) -> LimitReached:
    """Return what to tell of a limit that has no room for `asked` before `back_in_s`, or never (None)."""
    error: type[LimitReached] = QuotaExceeded
    if limit.metric == "concurrency" or limit.window.kind == "sliding":
        error = RateLimited
    elif 0 < allowed >= used + asked:
        error, back_in_s = QuotaReserved, RESERVED_RETRY_S
    message = describe(limit, scope, used=used, held=held, asked=asked, back_in_s=back_in_s, allowed=allowed)
    return error(message, retry_after_s=back_in_s)


def slowest(refusals: list[LimitReached]) -> LimitReached:
    """Return the refusal for which waiting takes longest: of several limits in the way it is the one that matters."""
    return max(refusals, key=lambda refusal: float("inf") if refusal.retry_after_s is None else refusal.retry_after_s)

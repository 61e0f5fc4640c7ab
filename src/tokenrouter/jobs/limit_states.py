"""Where the counters of one limit stand, by the books: for people, not for requests."""

from tokenrouter.domain.limits import CounterPast, Limit, LimitState
from tokenrouter.domain.windows import window_end, window_start
from tokenrouter.jobs.limit_use import LimitFigures


def limit_states(limit: Limit, figures: LimitFigures, now_s: float) -> list[LimitState]:
    """Return the state of every counter of `limit` that was used, by scope; a limit of one scope has one always."""
    counters = {scope for limit_id, scope in (*figures.used, *figures.held, *figures.past) if limit_id == limit.id}
    if limit.counted_for("") == limit.scope:
        counters.add(limit.scope)
    return [_state(limit, scope, figures, now_s) for scope in sorted(counters)]


def _state(limit: Limit, scope: str, figures: LimitFigures, now_s: float) -> LimitState:
    counter = (limit.id, scope)
    past = figures.past.get(counter, CounterPast())
    return LimitState(
        limit,
        scope,
        figures.used.get(counter, 0),
        figures.held.get(counter, 0),
        _resets_in_s(limit, past, now_s),
        limit.amount_at(now_s) - limit.amount + limit.carried(past.used_before),
    )


def _resets_in_s(limit: Limit, past: CounterPast, now_s: float) -> float | None:
    """Return the time until the window ends; None where it does not, or ends for each part of it apart."""
    window = limit.window
    if (
        limit.metric == "concurrency"
        or window.kind == "sliding"
        or (window.kind == "interval" and not past.first_use_s)
    ):
        return None
    ends_s = window_end(window, window_start(window, now_s, past.first_use_s))
    return None if ends_s is None else ends_s - now_s

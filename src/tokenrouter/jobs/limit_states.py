"""Where the counters of limits stand, by the books: for people, not for requests."""

from collections.abc import Iterable, Sequence
from typing import Literal

from tokenrouter.domain.limits import CounterPast, Limit, LimitState
from tokenrouter.domain.windows import window_end, window_start
from tokenrouter.jobs.limit_use import LimitFigures

Standing = Literal["ok", "soon", "stopped", "over"]
"""`stopped`: a hard limit lets nothing more through; `over`: a soft one is passed, which stops nobody."""


def limit_states(limit: Limit, figures: LimitFigures, now_s: float) -> list[LimitState]:
    """Return the state of every counter of `limit` that was used, by scope; a limit of one scope has one always."""
    counters = {scope for limit_id, scope in (*figures.used, *figures.held, *figures.past) if limit_id == limit.id}
    if limit.counted_for("") == limit.scope:
        counters.add(limit.scope)
    return [_state(limit, scope, figures, now_s) for scope in sorted(counters)]


def states_by_limit(limits: Iterable[Limit], figures: LimitFigures, now_s: float) -> dict[str, list[LimitState]]:
    """Return what `limit_states` does for each of `limits`, by its id, with one look at all figures."""
    scopes: dict[str, set[str]] = {}
    for limit_id, scope in {*figures.used, *figures.held, *figures.past}:
        scopes.setdefault(limit_id, set()).add(scope)
    found = {}
    for limit in limits:
        counters = scopes.get(limit.id, set()) | ({limit.scope} if limit.counted_for("") == limit.scope else set())
        found[limit.id] = [_state(limit, scope, figures, now_s) for scope in sorted(counters)]
    return found


def state_of(limit: Limit, scope: str, figures: LimitFigures, now_s: float) -> LimitState:
    """Return where one counter of `limit` stands, whether it was used or not."""
    return _state(limit, scope, figures, now_s)


def share_of(state: LimitState) -> float:
    """Return what part of a counter is used or held, 1 for all of it; it may be more."""
    return (state.used + state.held) / state.amount if state.amount else 1.0


def standing_of(state: LimitState, soon_percent: int) -> Standing:
    """Return how it stands with a counter, which comes to its end `soon` from so many percent on."""
    share = share_of(state)
    if share >= 1:
        return "stopped" if state.limit.mode == "hard" else "over"
    return "soon" if share * 100 >= soon_percent else "ok"


def nearest(states: Sequence[LimitState]) -> LimitState | None:
    """Return the counter that is nearest to its end; None where there is none."""
    return max(states, key=share_of, default=None)


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

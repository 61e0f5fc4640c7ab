"""How it stands with limits: with those of a list, and with those that hold somebody.

What is used is read for the limits of a page, not for all, except where a list is asked for those that come to their
end: then one page of limits after the other is looked at. Who is held by a limit sees what is left of their own, and
of their teams', which a refusal tells them too; of a limit of the whole installation only whether it stops them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from tokenrouter.admin.amounts import amount_of, time_text
from tokenrouter.admin.callers import Caller
from tokenrouter.admin.limit_bodies import HoldingLimit, UseNow
from tokenrouter.admin.paging import MAX_ROWS, Place, Reader
from tokenrouter.admin.state import ControlState
from tokenrouter.domain.catalog import Key
from tokenrouter.domain.limit_text import window_text
from tokenrouter.domain.limits import Limit, LimitState
from tokenrouter.jobs.limit_states import Standing, nearest, share_of, standing_of, state_of, states_by_limit
from tokenrouter.jobs.limit_use import LimitFigures
from tokenrouter.store.limits import StoredLimit

Listed = tuple[StoredLimit, UseNow | None]
SOON_PERCENT: Final = 80
"""From where on little is left, when no threshold of alerts says otherwise."""
_SHARE_DIGITS: Final = 4
_STANDINGS: Final[dict[Literal["near", "stopped"], tuple[Standing, ...]]] = {
    "near": ("soon", "stopped", "over"),
    "stopped": ("stopped", "over"),
}


def with_use(
    state: ControlState,
    limits: Reader[StoredLimit],
    *,
    is_asked: bool,
    is_now: Literal["near", "stopped"] | None = None,
) -> Reader[Listed]:
    """Return the list of `limits`, each with how it stands where that is asked, and only those that are so now."""

    def read(after: Place, rows: int) -> Sequence[tuple[Place, Listed]]:
        if not is_asked:
            return [(place, (one, None)) for place, one in limits(after, rows)]
        found: list[tuple[Place, Listed]] = []
        while len(found) < rows:
            at_once = rows if is_now is None else MAX_ROWS
            page = limits(after, at_once)
            uses = uses_now(state, [one.limit for _, one in page])
            listed = ((place, (one, uses.get(one.limit.id))) for place, one in page)
            found += [row for row in listed if is_now is None or _is_now(row[1][1], is_now)]
            if len(page) < at_once or is_now is None:
                break
            after = page[-1][0]
        return found[:rows]

    return read


def uses_now(state: ControlState, limits: Iterable[Limit]) -> dict[str, UseNow]:
    """Return how it stands with each of `limits`, by its id; those that count nothing by the books are left out."""
    counted = {one.id: one for one in state.directory().limits if one.metric != "concurrency"}
    wanted = [counted[one.id] for one in limits if one.id in counted]
    if not wanted:
        return {}
    now_s = state.clock()
    states = states_by_limit(wanted, state.limit_figures({one.id for one in wanted}), now_s)
    return {one.id: _use_now(state, one, states[one.id], now_s) for one in wanted}


def holding_limits(state: ControlState, caller: Caller, keys: Sequence[Key]) -> list[HoldingLimit]:
    """Return the limits that hold `caller`, of whom these are the keys: the nearest to its end first.

    Limits on providers, models, aliases and addresses are left out: they hold some requests, not somebody.
    """
    table, now_s = state.directory().limits, state.clock()
    scopes = dict.fromkeys(_scopes(caller, keys))
    held = [(limit, scope) for scope in scopes for limit in table.of(scope) if limit.metric != "concurrency"]
    if not held:
        return []
    figures: LimitFigures = state.limit_figures({limit.id for limit, _ in held})
    states = [state_of(limit, limit.counted_for(scope), figures, now_s) for limit, scope in held]
    states.sort(key=share_of, reverse=True)
    return [_holding(state, one, now_s, sees_all=caller.role in ("owner", "admin")) for one in states]


def _scopes(caller: Caller, keys: Sequence[Key]) -> Iterator[str]:
    yield from (f"key:{key.name}" for key in keys)
    yield from (f"user:{name}" for name in dict.fromkeys([caller.user, *(key.user for key in keys)]) if name)
    teams = sorted({*caller.member_of, *(key.team for key in keys)} - {""})
    yield from (f"team:{team}" for team in teams)
    yield "global"


def _use_now(state: ControlState, limit: Limit, states: Sequence[LimitState], now_s: float) -> UseNow:
    worst = nearest(states) or LimitState(limit, limit.scope, 0, 0, None, limit.amount_at(now_s) - limit.amount)
    metric, soon = limit.metric, _soon_percent(state)
    return UseNow(
        scope=worst.scope,
        allowed=amount_of(metric, worst.amount),
        used=amount_of(metric, worst.used),
        held=amount_of(metric, worst.held),
        left=amount_of(metric, worst.left),
        share=round(share_of(worst), _SHARE_DIGITS),
        state=standing_of(worst, soon),
        resets_at=_resets_at(worst, now_s),
        counters=len(states),
        not_ok=sum(standing_of(one, soon) != "ok" for one in states),
    )


def _holding(state: ControlState, one: LimitState, now_s: float, *, sees_all: bool) -> HoldingLimit:
    limit, metric = one.limit, one.limit.metric
    is_told = sees_all or one.scope != "global"
    return HoldingLimit(
        scope=one.scope,
        metric=metric,
        window=window_text(limit.window),
        tz=limit.window.tz,
        mode=limit.mode,
        allowed=amount_of(metric, one.amount) if is_told else None,
        used=amount_of(metric, one.used) if is_told else None,
        held=amount_of(metric, one.held) if is_told else None,
        left=amount_of(metric, one.left) if is_told else None,
        share=round(share_of(one), _SHARE_DIGITS) if is_told else None,
        state=standing_of(one, _soon_percent(state)),
        resets_at=_resets_at(one, now_s),
        boost_until=time_text(limit.boost_until_s) if limit.boost_until_s > now_s else None,
    )


def _is_now(use: UseNow | None, wanted: Literal["near", "stopped"]) -> bool:
    return use is not None and use.state in (
        ("stopped", "over") if wanted == "stopped" else ("soon", "stopped", "over")
    )


def _soon_percent(state: ControlState) -> int:
    return min((one for one in state.settings.soft_limit_alerts if one < 100), default=SOON_PERCENT)


def _resets_at(one: LimitState, now_s: float) -> str | None:
    return None if one.resets_in_s is None else time_text(now_s + one.resets_in_s)

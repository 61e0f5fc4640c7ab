"""What every keeper of limits must do, whoever it is.

A keeper's test file makes a subclass of `LimiterSuite` that knows how to make one, and runs
`Interleavings` for the promise that no order of events breaks a hard limit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tokenrouter.domain.errors import CountersNotReady, LimitReached, QuotaExceeded, QuotaReserved, RateLimited
from tokenrouter.domain.limit_text import limit_id, parse_window
from tokenrouter.domain.limits import (
    Amounts,
    CounterPast,
    Limit,
    LimitState,
    Metric,
    Mode,
    PastByCounter,
    UsedByCounter,
)
from tokenrouter.domain.windows import window_start

ALICE = ("key:alice", "user:ann", "team:physics", "global")
BOB = ("key:bob", "team:physics", "global")
SCOPES = (*ALICE, "key:bob")
ONE = Amounts(requests=1, input_tokens=10, output_tokens=20, cost_nano_usd=300)
NOW_S = 1_795_000_000.0
"""2026-11-18 at 11:06:40 UTC, a Wednesday."""


class Held(Protocol):
    """A reservation, as far as every keeper's is alike."""

    @property
    def held(self) -> Amounts: ...

    def extend(self, amounts: Amounts) -> bool: ...

    def settle(self, used: Amounts) -> None: ...


class Keeper(Protocol):
    """A limiter with what its process does to it; one that is asked over a connection waits for each answer."""

    @property
    def looks_at_addresses(self) -> bool: ...

    def reserve(self, scopes: Sequence[str], amounts: Amounts) -> Held: ...

    def states(self, scopes: Sequence[str]) -> list[LimitState]: ...

    def reload(self, limits: Sequence[Limit]) -> None: ...

    @property
    def unrestored(self) -> frozenset[str]: ...

    def restore(
        self, used: UsedByCounter, limit_ids: Iterable[str], past: PastByCounter = MappingProxyType({})
    ) -> None: ...


class Clock:
    """Seconds since the epoch, as the test says."""

    def __init__(self) -> None:
        self.now_s = NOW_S

    def __call__(self) -> float:
        return self.now_s


def a_limit(scope: str, metric: Metric, window: str, amount: int, mode: Mode = "hard") -> Limit:
    parsed = parse_window(window)
    return Limit(limit_id(scope, metric, parsed), scope, metric, parsed, amount, mode)


class LimiterSuite:
    """Subclasses say how to make a keeper."""

    def make(self, limits: Sequence[Limit], clock: Clock, *, restored: bool) -> Keeper:
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    def keeper(self, clock: Clock, *limits: Limit, restored: bool = True) -> Keeper:
        return self.make(limits, clock, restored=restored)

    def test_without_limits_everything_goes(self, clock: Clock) -> None:
        keeper = self.keeper(clock)

        reservation = keeper.reserve(ALICE, ONE)

        assert reservation.extend(Amounts(1, 10**12))
        reservation.settle(ONE)
        assert not keeper.states(ALICE)

    @pytest.mark.parametrize(
        ("metric", "amount"),
        [("requests", 1), ("tokens", 30), ("input_tokens", 10), ("output_tokens", 20), ("cost_usd", 300)],
    )
    def test_each_metric_is_held_then_used(self, clock: Clock, metric: Metric, amount: int) -> None:
        keeper = self.keeper(clock, a_limit("key:alice", metric, "lifetime", 10**6))
        reservation = keeper.reserve(ALICE, ONE)
        assert counted(keeper, ALICE) == [(0, amount)]

        reservation.settle(ONE)

        assert counted(keeper, ALICE) == [(amount, 0)]

    def test_a_request_that_asked_nobody_is_given_back(self, clock: Clock) -> None:
        keeper = self.keeper(clock, a_limit("key:alice", "requests", "day", 1))
        keeper.reserve(ALICE, ONE).settle(Amounts())

        keeper.reserve(ALICE, ONE)

    def test_settling_counts_once(self, clock: Clock) -> None:
        keeper = self.keeper(clock, a_limit("key:alice", "tokens", "lifetime", 100))
        reservation = keeper.reserve(ALICE, ONE)

        reservation.settle(ONE)
        reservation.settle(ONE)

        assert counted(keeper, ALICE) == [(30, 0)]

    @pytest.mark.parametrize("window", ["lifetime", "day", "interval:1h"])
    def test_what_is_held_by_others_is_told_apart_from_what_is_used_up(self, clock: Clock, window: str) -> None:
        keeper = self.keeper(clock, a_limit("key:alice", "tokens", window, 50))
        running = keeper.reserve(ALICE, ONE)

        with pytest.raises(QuotaReserved) as reserved:
            keeper.reserve(ALICE, ONE)
        running.settle(ONE)
        with pytest.raises(QuotaExceeded):
            keeper.reserve(ALICE, ONE)

        assert reserved.value.retry_after_s is not None

    @pytest.mark.parametrize("window", ["60s", "1h"])
    def test_a_rate_is_never_called_a_quota(self, clock: Clock, window: str) -> None:
        keeper = self.keeper(clock, a_limit("key:alice", "requests", window, 1))
        running = keeper.reserve(ALICE, ONE)

        with pytest.raises(RateLimited):
            keeper.reserve(ALICE, ONE)
        running.settle(ONE)
        with pytest.raises(RateLimited):
            keeper.reserve(ALICE, ONE)

    def test_a_refusal_names_limit_window_figures_and_time(self, clock: Clock) -> None:
        keeper = self.keeper(clock, a_limit("team:*", "cost_usd", "day", 1_500_000_000))
        keeper.reserve(ALICE, Amounts(cost_nano_usd=1_000_000_000)).settle(Amounts(cost_nano_usd=1_000_000_000))
        keeper.reserve(BOB, Amounts(cost_nano_usd=250_000_000))

        with pytest.raises(QuotaExceeded) as refusal:
            keeper.reserve(ALICE, Amounts(cost_nano_usd=500_000_001))

        assert refusal.value.message == (
            "The cost limit of team:physics ($1.5 per day) is in the way: $1 used, $0.25 held by running requests, "
            "$0.500000001 needed by this one. Come back in 13 h."
        )
        assert refusal.value.retry_after_s == 86400 - NOW_S % 86400

    def test_of_several_limits_in_the_way_the_slowest_is_named(self, clock: Clock) -> None:
        keeper = self.keeper(
            clock, a_limit("key:alice", "requests", "60s", 1), a_limit("team:physics", "requests", "month", 1)
        )
        keeper.reserve(ALICE, ONE).settle(ONE)

        with pytest.raises(QuotaExceeded, match="team:physics"):
            keeper.reserve(ALICE, ONE)

    def test_a_refused_request_holds_nothing_anywhere(self, clock: Clock) -> None:
        keeper = self.keeper(
            clock, a_limit("key:alice", "tokens", "day", 100), a_limit("global", "requests", "lifetime", 0)
        )

        with pytest.raises(QuotaExceeded):
            keeper.reserve(ALICE, ONE)

        assert counted(keeper, ALICE) == [(0, 0), (0, 0)]

    def test_a_refusal_says_how_all_limits_stand(self, clock: Clock) -> None:
        keeper = self.keeper(
            clock, a_limit("key:alice", "tokens", "day", 40), a_limit("global", "requests", "hour", 1000)
        )
        keeper.reserve(ALICE, ONE)

        with pytest.raises(QuotaReserved) as refusal:
            keeper.reserve(ALICE, ONE)

        assert list(refusal.value.states) == keeper.states(ALICE)

    @pytest.mark.parametrize("metric", ["requests", "tokens", "cost_usd", "concurrency"])
    def test_an_amount_of_zero_blocks_even_what_is_free(self, clock: Clock, metric: Metric) -> None:
        keeper = self.keeper(clock, a_limit("key:alice", metric, "lifetime", 0))

        with pytest.raises(LimitReached) as refusal:
            keeper.reserve(ALICE, Amounts())

        assert refusal.value.retry_after_s is None

    def test_what_is_larger_than_the_whole_limit_is_told_so(self, clock: Clock) -> None:
        keeper = self.keeper(clock, a_limit("key:alice", "tokens", "60s", 29))

        with pytest.raises(RateLimited, match="more than the whole limit") as refusal:
            keeper.reserve(ALICE, ONE)

        assert refusal.value.retry_after_s is None

    def test_a_soft_limit_counts_and_blocks_nobody(self, clock: Clock) -> None:
        keeper = self.keeper(clock, a_limit("key:alice", "tokens", "day", 1, "soft"))
        reservation = keeper.reserve(ALICE, ONE)
        assert reservation.extend(Amounts(1, 10, 500))

        reservation.settle(ONE)

        assert counted(keeper, ALICE) == [(30, 0)]

    def test_an_overrun_is_shown_as_it_is(self, clock: Clock) -> None:
        keeper = self.keeper(clock, a_limit("key:alice", "tokens", "day", 50))
        keeper.reserve(ALICE, ONE).settle(Amounts(1, 10, 500))

        (state,) = keeper.states(ALICE)

        assert (state.used, state.left) == (510, 0)

    def test_a_request_is_charged_to_its_whole_chain(self, clock: Clock) -> None:
        keeper = self.keeper(clock, a_limit("team:physics", "tokens", "day", 70), a_limit("key:*", "tokens", "day", 40))
        keeper.reserve(ALICE, ONE).settle(ONE)
        keeper.reserve(BOB, ONE).settle(ONE)

        with pytest.raises(QuotaExceeded, match="team:physics"):
            keeper.reserve(("key:eve", "team:physics", "global"), ONE)

        assert {state.scope: state.used for state in keeper.states((*ALICE, *BOB))} == {
            "key:alice": 30,
            "key:bob": 30,
            "team:physics": 60,
        }

    def test_addresses_of_a_network_share_one_counter(self, clock: Clock) -> None:
        keeper = self.keeper(clock, a_limit("ip:192.0.2.0/24", "requests", "day", 2))
        for address in ("ip:192.0.2.1", "ip:192.0.2.2"):
            keeper.reserve((address,), ONE).settle(ONE)

        assert keeper.looks_at_addresses
        with pytest.raises(QuotaExceeded):
            keeper.reserve(("ip:192.0.2.3",), ONE)
        keeper.reserve(("ip:198.51.100.1",), ONE)

    def test_places_come_back_when_requests_end(self, clock: Clock) -> None:
        keeper = self.keeper(clock, a_limit("key:alice", "concurrency", "lifetime", 2))
        running = keeper.reserve(ALICE, ONE)
        keeper.reserve(ALICE, ONE)
        clock.now_s += 10**6
        with pytest.raises(RateLimited) as refusal:
            keeper.reserve(ALICE, ONE)

        running.settle(ONE)
        keeper.reserve(ALICE, ONE)

        assert refusal.value.retry_after_s == 1.0
        assert counted(keeper, ALICE) == [(0, 2)]

    def test_a_growing_request_holds_more_until_a_limit_forbids_it(self, clock: Clock) -> None:
        keeper = self.keeper(
            clock, a_limit("global", "output_tokens", "day", 1000), a_limit("key:alice", "tokens", "day", 100)
        )
        reservation = keeper.reserve(ALICE, ONE)

        assert reservation.extend(Amounts(1, 10, 90))
        assert not reservation.extend(Amounts(1, 10, 91))

        assert reservation.held == Amounts(1, 10, 90)
        assert sorted(counted(keeper, ALICE)) == [(0, 90), (0, 100)]

    @pytest.mark.parametrize(("window", "length_s"), [("hour", 3600), ("day", 86400), ("interval:10s", 10)])
    def test_a_new_window_starts_clean(self, clock: Clock, window: str, length_s: int) -> None:
        keeper = self.keeper(clock, a_limit("key:alice", "tokens", window, 30))
        keeper.reserve(ALICE, ONE).settle(ONE)
        with pytest.raises(QuotaExceeded):
            keeper.reserve(ALICE, ONE)

        clock.now_s += length_s

        keeper.reserve(ALICE, ONE)

    @pytest.mark.parametrize("window", ["hour", "interval:3600s", "3600s"])
    def test_a_request_belongs_to_the_window_in_which_it_was_reserved(self, clock: Clock, window: str) -> None:
        keeper = self.keeper(clock, a_limit("key:alice", "tokens", window, 100))
        old = keeper.reserve(ALICE, ONE)
        clock.now_s += 3700
        new = keeper.reserve(ALICE, Amounts(1, 100))

        assert old.extend(Amounts(1, 10, 90))
        assert not old.extend(Amounts(1, 10, 91))
        old.settle(Amounts(1, 10, 90))
        assert counted(keeper, ALICE) == [(0, 100)]

        new.settle(Amounts(1, 60))
        assert counted(keeper, ALICE) == [(60, 0)]

    def test_a_sliding_window_is_never_too_generous(self, clock: Clock) -> None:
        keeper = self.keeper(clock, a_limit("key:alice", "requests", "60s", 1))
        clock.now_s += 0.9
        keeper.reserve(ALICE, ONE).settle(ONE)

        clock.now_s += 60
        with pytest.raises(RateLimited) as refusal:
            keeper.reserve(ALICE, ONE)
        assert refusal.value.retry_after_s is not None
        clock.now_s += refusal.value.retry_after_s

        keeper.reserve(ALICE, ONE)
        assert refusal.value.retry_after_s <= 1

    def test_the_time_to_come_back_is_when_enough_has_slid_out(self, clock: Clock) -> None:
        keeper = self.keeper(clock, a_limit("key:alice", "requests", "60s", 3))
        for _ in range(3):
            keeper.reserve(ALICE, ONE).settle(ONE)
            clock.now_s += 10

        with pytest.raises(RateLimited) as refusal:
            keeper.reserve(ALICE, Amounts(requests=2))

        assert refusal.value.retry_after_s == 10 + 61 - 30

    @pytest.mark.parametrize(
        ("window", "resets_in_s"),
        [("lifetime", None), ("hour", 3600 - NOW_S % 3600), ("interval:90s", 90), ("60s", 61 - NOW_S % 1)],
    )
    def test_a_state_says_when_it_resets(self, clock: Clock, window: str, resets_in_s: float | None) -> None:
        keeper = self.keeper(clock, a_limit("key:*", "tokens", window, 100))
        keeper.reserve(ALICE, ONE)

        (state,) = keeper.states(ALICE)

        assert (state.scope, state.resets_in_s) == ("key:alice", resets_in_s)

    def test_before_counters_are_restored_hard_limits_wait(self, clock: Clock) -> None:
        limits = a_limit("key:alice", "tokens", "60s", 100), a_limit("user:ann", "tokens", "day", 100, "soft")
        keeper = self.keeper(clock, *limits, a_limit("global", "concurrency", "lifetime", 9), restored=False)

        with pytest.raises(CountersNotReady):
            keeper.reserve(ALICE, ONE)
        keeper.reserve(("user:ann", "global"), ONE)
        keeper.reserve(BOB, ONE)

        assert counted(keeper, ("global",)) == [(0, 2)]

    def test_restored_counters_count(self, clock: Clock) -> None:
        limits = a_limit("key:*", "tokens", "day", 100), a_limit("global", "tokens", "60s", 1000)
        keeper = self.keeper(clock, *limits, restored=False)

        used = {(limits[0].id, "key:alice"): 71, (limits[1].id, "global"): 500, ("gone", "global"): 5}
        keeper.restore(used, keeper.unrestored)

        with pytest.raises(QuotaExceeded):
            keeper.reserve(ALICE, ONE)
        keeper.reserve(BOB, ONE)
        assert counted(keeper, ALICE) == [(71, 0), (500, 30)]

    def test_counters_are_restored_once(self, clock: Clock) -> None:
        limit = a_limit("global", "tokens", "day", 100)
        keeper = self.keeper(clock, limit, restored=False)
        for _ in range(2):
            keeper.restore({(limit.id, "global"): 40}, [limit.id])

        assert counted(keeper, ALICE) == [(40, 0)]

    def test_a_limit_that_is_new_waits_for_what_was_used_before_and_the_others_go_on(self, clock: Clock) -> None:
        old, new = a_limit("global", "tokens", "day", 1000), a_limit("key:alice", "tokens", "day", 100)
        keeper = self.keeper(clock, old, restored=False)
        keeper.restore({(old.id, "global"): 40}, [old.id])
        keeper.reserve(ALICE, ONE).settle(ONE)

        keeper.reload([old, new])

        assert keeper.unrestored == {new.id}
        with pytest.raises(CountersNotReady):
            keeper.reserve(ALICE, ONE)
        keeper.reserve(BOB, ONE)
        keeper.restore({(old.id, "global"): 500, (new.id, "key:alice"): 75}, [old.id, new.id])
        assert not keeper.unrestored
        with pytest.raises(QuotaExceeded):
            keeper.reserve(ALICE, ONE)
        assert counted(keeper, ALICE) == [(75, 0), (70, 30)]

    def test_a_limit_that_comes_back_waits_again(self, clock: Clock) -> None:
        limit = a_limit("global", "tokens", "day", 100)
        keeper = self.keeper(clock, limit, restored=False)
        keeper.restore({}, [limit.id])

        keeper.reload([])
        keeper.reload([limit])

        assert keeper.unrestored == {limit.id}
        with pytest.raises(CountersNotReady):
            keeper.reserve(ALICE, ONE)

    def test_a_changed_catalogue_keeps_the_counters_of_limits_that_stay(self, clock: Clock) -> None:
        kept, gone = a_limit("key:*", "tokens", "day", 100), a_limit("global", "tokens", "day", 100)
        keeper = self.keeper(clock, kept, gone)
        running = keeper.reserve(ALICE, ONE)
        keeper.reserve(ALICE, ONE).settle(ONE)

        keeper.reload([a_limit("key:*", "tokens", "day", 65), a_limit("user:ann", "tokens", "day", 100)])

        assert counted(keeper, ALICE)[0] == (30, 30)
        with pytest.raises(QuotaReserved):
            keeper.reserve(ALICE, ONE)
        running.settle(ONE)
        assert counted(keeper, ALICE)[0] == (60, 0)

    def test_a_boost_that_a_reload_brings_counts_at_once_and_is_shown(self, clock: Clock) -> None:
        limit = a_limit("key:*", "tokens", "day", 30)
        keeper = self.keeper(clock, limit)
        keeper.reserve(ALICE, ONE)

        keeper.reload([replace(limit, boost=30, boost_until_s=NOW_S + 5)])
        keeper.reserve(ALICE, ONE)

        (state,) = keeper.states(ALICE)
        assert (state.amount, state.left) == (60, 0)
        clock.now_s += 5
        assert keeper.states(ALICE)[0].amount == 30

    def test_the_past_of_a_counter_is_restored_with_it(self, clock: Clock) -> None:
        interval = a_limit("key:*", "tokens", "interval:60s", 100)
        hour = replace(a_limit("key:*", "tokens", "hour", 100), carry_over=50)
        keeper = self.keeper(clock, interval, hour, restored=False)

        past = {(interval.id, "key:alice"): CounterPast(NOW_S - 100), (hour.id, "key:alice"): CounterPast(0, 90)}
        keeper.restore({(interval.id, "key:alice"): 30}, [interval.id, hour.id], past)

        first, second = keeper.states(ALICE)
        assert (first.used, first.resets_in_s) == (30, 20)
        assert (second.used, second.amount) == (0, 110)


def counted(keeper: Keeper, scopes: Sequence[str]) -> list[tuple[int, int]]:
    """Return used and held of every counter."""
    return [(state.used, state.held) for state in keeper.states(scopes)]


def part_of(held: Amounts, share: int) -> Amounts:
    """Return so many hundredths of what was held."""
    return Amounts(
        1, held.input_tokens * share // 100, held.output_tokens * share // 100, held.cost_nano_usd * share // 100
    )


LIMITS = (
    a_limit("key:*", "tokens", "60s", 300),
    a_limit("key:*", "requests", "interval:100s", 6),
    a_limit("key:alice", "output_tokens", "hour", 500),
    a_limit("team:physics", "cost_usd", "lifetime", 20_000),
    a_limit("team:physics", "concurrency", "lifetime", 4),
    a_limit("global", "input_tokens", "day", 900),
)

CHANGING = (
    replace(a_limit("user:ann", "tokens", "interval:100s", 200), carry_over=80),
    replace(a_limit("global", "output_tokens", "hour", 250), carry_over=1000),
    replace(a_limit("global", "requests", "60s", 4), boost=4, boost_until_s=NOW_S + 100),
)
"""Limits whose ceilings move."""


@dataclass(slots=True)
class _Running:
    scopes: Sequence[str]
    reserved_at_s: float
    reservation: Held
    used: Amounts | None = field(default=None)


class Interleavings(RuleBasedStateMachine):
    """Requests begin, grow and end in any order while time goes on. Subclasses say how to make a keeper."""

    def make(self, limits: Sequence[Limit], clock: Clock) -> Keeper:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.keeper = self.make(LIMITS, self.clock)
        self.requests: list[_Running] = []
        self.restarted_s = float("-inf")

    @rule(scopes=st.sampled_from([ALICE, BOB]), tokens=st.integers(0, 120), cost=st.integers(0, 4000))
    def begin(self, scopes: Sequence[str], tokens: int, cost: int) -> None:
        before = self.states()
        try:
            reservation = self.keeper.reserve(scopes, Amounts(1, tokens, tokens // 2, cost))
        except LimitReached:
            assert self.states() == before
        else:
            self.requests.append(_Running(scopes, self.clock.now_s, reservation))

    @property
    def running(self) -> list[_Running]:
        return [request for request in self.requests if request.used is None]

    @precondition(lambda self: self.running)
    @rule(data=st.data(), more=st.integers(0, 200))
    def grow(self, data: st.DataObject, more: int) -> None:
        reservation = data.draw(st.sampled_from(self.running)).reservation
        held = reservation.held
        wanted = Amounts(1, held.input_tokens, held.output_tokens + more, held.cost_nano_usd + 3 * more)
        has_grown = reservation.extend(wanted)
        assert reservation.held == (wanted if has_grown else held)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), share=st.integers(0, 100))
    def end(self, data: st.DataObject, share: int) -> None:
        request = data.draw(st.sampled_from(self.running))
        held = request.reservation.held
        request.used = part_of(held, share)
        request.reservation.settle(request.used)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(self.running))
        request.used = Amounts()
        request.reservation.settle(request.used)

    @rule(seconds=st.sampled_from([0.3, 1, 7, 59, 61, 100, 3600, 90_000]))
    def wait(self, seconds: float) -> None:
        self.clock.now_s += seconds

    def states(self) -> list[LimitState]:
        return self.keeper.states(SCOPES)

    @invariant()
    def no_hard_limit_is_passed(self) -> None:
        for state in self.states():
            # What a boost allowed is used still when the boost is over.
            assert 0 <= state.used + state.held <= max(state.amount, state.limit.amount + state.limit.boost), state
            assert state.held >= 0

    @invariant()
    def what_is_used_is_what_was_settled_in_the_window(self) -> None:
        for state in self.states():
            least, most = self.settled(state)
            assert least <= state.used <= most, state

    def first_use_s(self, scope: str) -> float:
        """Return when the `interval` windows of `scope` began."""
        return next((one.reserved_at_s for one in self.requests if scope in one.scopes), self.clock.now_s)

    def settled(self, state: LimitState) -> tuple[int, int]:
        """Return the bounds of what the counter must show: a sliding window counts its oldest part whole."""
        window, metric = state.limit.window, state.limit.metric
        if metric == "concurrency":
            return 0, 0
        start_s = window_start(window, self.clock.now_s, self.first_use_s(state.scope))
        early_s = start_s
        if window.kind == "sliding":
            early_s -= window.length_s / 60
            # What was restored counts from then on, in one part.
            if self.restarted_s > early_s:
                early_s = min(early_s, self.restarted_s - window.length_s * 61 / 60)
        return self.used_since(start_s, state.scope, metric), self.used_since(early_s, state.scope, metric)

    def used_since(self, start_s: float, scope: str, metric: Metric, end_s: float = float("inf")) -> int:
        """Return what requests of `scope` used that were reserved from then on."""
        return sum(
            request.used.of(metric)
            for request in self.requests
            if request.used is not None and scope in request.scopes and start_s <= request.reserved_at_s < end_s
        )

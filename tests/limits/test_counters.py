from dataclasses import replace

import pytest

from tests.limits.suite import NOW_S, a_limit
from tokenrouter.domain.limits import METRICS, Amounts, CounterPast, Limit, Metric
from tokenrouter.limits.counters import (
    Counter,
    FixedCounter,
    IntervalCounter,
    PlacesCounter,
    SlidingCounter,
    new_counter,
)

EVERY_WINDOW = ("lifetime", "hour", "day", "week", "month", "interval:60s", "60s")
KINDS = {"60s": SlidingCounter, "interval:60s": IntervalCounter}
HOUR_S = 3600


def counter_of(window: str, amount: int = 100) -> Counter:
    return new_counter(a_limit("global", "tokens", window, amount), "global", NOW_S)


@pytest.mark.parametrize("window", EVERY_WINDOW)
def test_a_window_decides_how_is_counted(window: str) -> None:
    assert type(counter_of(window)) is KINDS.get(window, FixedCounter)
    places = new_counter(a_limit("global", "concurrency", window, 1), "global", NOW_S)
    assert type(places) is PlacesCounter


@pytest.mark.parametrize("metric", METRICS)
def test_a_counter_reads_its_own_metric(metric: Metric) -> None:
    amounts = Amounts(1, 20, 300, 4000)

    counter = new_counter(a_limit("global", metric, "day", 1), "global", NOW_S)

    assert counter.amount_in(amounts) == amounts.of(metric)


@pytest.mark.parametrize("window", EVERY_WINDOW)
def test_a_clock_that_goes_back_loses_nothing(window: str) -> None:
    counter = counter_of(window)
    counter.change(counter.current(NOW_S), used=40)

    counter.change(counter.current(NOW_S - 5), used=2)
    counter.advance(NOW_S - 5)

    assert counter.used == 42


@pytest.mark.parametrize("window", [window for window in EVERY_WINDOW if not window.startswith("interval")])
def test_a_counter_is_idle_when_nothing_is_used_or_held(window: str) -> None:
    counter = counter_of(window)
    assert counter.is_idle(NOW_S)
    tally = counter.hold(5, NOW_S)
    assert not counter.is_idle(NOW_S)
    counter.change(tally, held=-5)
    assert counter.is_idle(NOW_S)
    counter.change(tally, used=5)

    assert not counter.is_idle(NOW_S)
    assert counter.is_idle(NOW_S + 40 * 86400) == (window != "lifetime")


def test_a_tally_that_is_over_keeps_its_own_books() -> None:
    counter = counter_of("hour")
    old = counter.hold(60, NOW_S)
    new = counter.hold(0, NOW_S + 3600)

    counter.change(old, held=-60, used=70)

    assert (old.used, old.held, old.counts) == (70, 0, False)
    assert (counter.used, counter.held) == (0, 0)
    assert counter.has_room(new, 100)
    assert counter.has_room(old, 30)
    assert not counter.has_room(old, 31)


def test_a_changed_amount_counts_at_once() -> None:
    counter = counter_of("day", 100)
    tally = counter.hold(60, NOW_S)

    counter.follow(a_limit("global", "tokens", "day", 70), NOW_S)

    assert counter.has_room(tally, 10)
    assert not counter.has_room(tally, 11)


def test_a_sliding_counter_keeps_no_more_parts_than_its_window_has() -> None:
    counter = counter_of("60s", 10**9)
    for second in range(1000):
        counter.change(counter.current(NOW_S + second), used=1)

    assert counter.used == 61


def room(counter: Counter, now_s: float) -> int:
    counter.advance(now_s)
    return int(counter.ceiling - counter.used - counter.held)


def use(counter: Counter, amount: int, now_s: float) -> None:
    counter.change(counter.current(now_s), used=amount)


def carrying(window: str, amount: int, most: int) -> Limit:
    return replace(a_limit("global", "tokens", window, amount), carry_over=most)


@pytest.mark.parametrize("window", EVERY_WINDOW)
def test_a_boost_counts_until_it_ends(window: str) -> None:
    boosted = replace(a_limit("global", "tokens", window, 100), boost=50, boost_until_s=NOW_S + 10)
    counter = new_counter(boosted, "global", NOW_S)
    use(counter, 120, NOW_S)

    assert (room(counter, NOW_S + 9), counter.allowed) == (30, 150)
    assert (room(counter, NOW_S + 10), counter.allowed) == (-20, 100)


def test_a_boost_opens_a_limit_of_nothing() -> None:
    blocked = a_limit("global", "tokens", "day", 0)
    counter = new_counter(blocked, "global", NOW_S)
    assert not counter.has_room(counter.current(NOW_S), 0)

    counter.follow(replace(blocked, boost=5, boost_until_s=NOW_S + 10), NOW_S)

    assert counter.has_room(counter.current(NOW_S), 5)


@pytest.mark.parametrize(
    ("used", "most", "carried"), [(0, 30, 30), (80, 30, 20), (100, 30, 0), (130, 30, 0), (0, 0, 0)]
)
def test_a_window_takes_over_what_the_one_before_left_and_no_more_than_the_most(
    used: int, most: int, carried: int
) -> None:
    counter = new_counter(carrying("hour", 100, most), "global", NOW_S)
    use(counter, used, NOW_S)

    assert room(counter, NOW_S + HOUR_S) == 100 + carried
    assert room(counter, NOW_S + 3 * HOUR_S) == 100 + most


def test_what_was_taken_over_is_not_handed_on() -> None:
    counter = new_counter(carrying("hour", 100, 1000), "global", NOW_S)
    use(counter, 40, NOW_S)
    use(counter, 90, NOW_S + HOUR_S)

    assert room(counter, NOW_S + 2 * HOUR_S) == 110


def test_what_is_held_in_the_window_before_is_carried_over_once_it_is_not_used() -> None:
    counter = new_counter(carrying("hour", 100, 100), "global", NOW_S)
    counter.restore(0, NOW_S, CounterPast(used_before=100))
    old = counter.hold(60, NOW_S)
    assert room(counter, NOW_S + HOUR_S) == 140

    counter.change(old, held=-60, used=10)

    assert room(counter, NOW_S + HOUR_S) == 190


def test_what_was_carried_over_is_no_longer_allowed_where_it_came_from() -> None:
    counter = new_counter(carrying("hour", 100, 30), "global", NOW_S)
    old = counter.hold(50, NOW_S)
    counter.advance(NOW_S + HOUR_S)

    assert counter.has_room(old, 20)
    assert not counter.has_room(old, 21)


def test_an_interval_begins_with_its_first_use_and_not_with_a_look_at_it() -> None:
    counter = counter_of("interval:60s")
    assert counter.resets_in_s(NOW_S) == 60

    counter.hold(10, NOW_S + 45)

    assert counter.resets_in_s(NOW_S + 50) == 55
    assert room(counter, NOW_S + 104) == 90
    assert room(counter, NOW_S + 105) == 100


def test_an_interval_is_restored_as_it_began() -> None:
    counter = counter_of("interval:60s")

    counter.restore(40, NOW_S, CounterPast(first_use_s=NOW_S - 130))

    assert (room(counter, NOW_S), counter.resets_in_s(NOW_S)) == (60, 50)
    assert room(counter, NOW_S + 50) == 100


def test_the_first_interval_takes_nothing_over() -> None:
    counter = new_counter(carrying("interval:60s", 100, 30), "global", NOW_S)
    counter.hold(0, NOW_S)

    assert room(counter, NOW_S) == 100
    assert room(counter, NOW_S + 60) == 130


@pytest.mark.parametrize("window", EVERY_WINDOW)
def test_a_reset_gives_back_what_was_used_and_never_more(window: str) -> None:
    counter = counter_of(window)
    counter.hold(7, NOW_S)
    use(counter, 40, NOW_S)
    use(counter, 30, NOW_S + 20)

    counter.adjust(-70, NOW_S + 40)

    assert (counter.used, counter.held) == (0, 7)
    counter.advance(NOW_S + 75)
    assert counter.used == 0


def test_what_a_sliding_window_gives_back_is_the_oldest() -> None:
    counter = counter_of("60s")
    use(counter, 40, NOW_S)
    use(counter, 30, NOW_S + 20)

    counter.adjust(-50, NOW_S + 40)
    counter.advance(NOW_S + 62)

    assert counter.used == 20


def test_a_correction_may_raise_what_was_used() -> None:
    for window in EVERY_WINDOW:
        counter = counter_of(window)
        counter.adjust(25, NOW_S)
        assert counter.used == 25

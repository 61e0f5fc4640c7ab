import pytest

from tests.limits.suite import NOW_S, a_limit
from tokenrouter.domain.limits import METRICS, Amounts, Metric
from tokenrouter.limits.counters import Counter, FixedCounter, PlacesCounter, SlidingCounter, new_counter

EVERY_WINDOW = ("lifetime", "hour", "day", "week", "month", "interval:60s", "60s")


def counter_of(window: str, amount: int = 100) -> Counter:
    return new_counter(a_limit("global", "tokens", window, amount), "global", NOW_S)


@pytest.mark.parametrize("window", EVERY_WINDOW)
def test_a_window_decides_how_is_counted(window: str) -> None:
    assert type(counter_of(window)) is (SlidingCounter if window == "60s" else FixedCounter)
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


@pytest.mark.parametrize("window", EVERY_WINDOW)
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

    counter.follow(a_limit("global", "tokens", "day", 70))

    assert counter.has_room(tally, 10)
    assert not counter.has_room(tally, 11)


def test_a_sliding_counter_keeps_no_more_parts_than_its_window_has() -> None:
    counter = counter_of("60s", 10**9)
    for second in range(1000):
        counter.change(counter.current(NOW_S + second), used=1)

    assert counter.used == 61

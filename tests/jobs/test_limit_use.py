from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.ledger import EndReason, LedgerEntry, Usage
from tokenrouter.domain.limit_text import limit_id, parse_window
from tokenrouter.domain.limits import Limit, LimitTable, Metric
from tokenrouter.jobs.limit_use import (
    ChargeReader,
    FirstUses,
    LimitFigures,
    follow_limits,
    forget_ended_windows,
    held_use,
    limit_counters,
    limit_figures,
    part_start_us,
)
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.limit_use import LimitCharge, add_limit_use, covered_limits, limit_use
from tokenrouter.store.migrate import migrate


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'tokenrouter.db'}"
    migrate(url)
    store = open_store(url)
    yield store
    store.close()


NOON_S = 1_767_268_800
"""2026-01-01 12:00 UTC."""


def a_limit(scope: str, metric: Metric, window: str) -> Limit:
    parsed = parse_window(window)
    return Limit(limit_id(scope, metric, parsed), scope, metric, parsed, 1000)


def an_entry(end_reason: EndReason = "completed", *, latency_us: int = 5, count: int = 1) -> LedgerEntry:
    return LedgerEntry(
        "a",
        NOON_S * 10**6 + 7,
        "chat",
        user="ann",
        team="physics",
        chain=("1", "2"),
        client_ip="192.0.2.7",
        alias="fast",
        provider="acme",
        model="small",
        end_reason=end_reason,
        usage=Usage(10, 20),
        cost_nano_usd=300,
        latency_us=latency_us,
        count=count,
    )


def charged(entry: LedgerEntry, *limits: Limit) -> dict[str, int]:
    names = {"1": "alice", "2": "class"}
    return {
        charge.scope: charge.amount
        for charge in ChargeReader(LimitTable(limits), lambda key: names[key]).charges_of(entry)
    }


@pytest.mark.parametrize(
    ("metric", "amount"),
    [("requests", 1), ("tokens", 30), ("input_tokens", 10), ("output_tokens", 20), ("cost_usd", 300)],
)
def test_each_metric_is_charged_as_the_row_says(metric: Metric, amount: int) -> None:
    assert charged(an_entry(), a_limit("global", metric, "day")) == {"global": amount}


def test_a_place_is_not_used_up() -> None:
    assert not charged(an_entry(), a_limit("global", "concurrency", "lifetime"))


def test_a_row_is_charged_to_everyone_it_belongs_to() -> None:
    scopes = (
        "key:*",
        "user:ann",
        "team:*",
        "global",
        "provider:acme",
        "model:acme/small",
        "alias:fast",
        "ip:192.0.2.0/24",
        "key:bob",
    )

    assert set(charged(an_entry(), *(a_limit(scope, "tokens", "day") for scope in scopes))) == {
        "key:alice",
        "key:class",
        "user:ann",
        "team:physics",
        "global",
        "provider:acme",
        "model:acme/small",
        "alias:fast",
        "ip:192.0.2.0/24",
    }


@pytest.mark.parametrize("reason", ["client_error", "limit_reached"])
def test_a_refusal_uses_nothing(reason: EndReason) -> None:
    assert not charged(an_entry(reason, latency_us=0), a_limit("global", "requests", "day"))
    assert not charged(an_entry(reason, count=60), a_limit("global", "requests", "day"))


def test_a_part_of_a_request_is_charged_for_all_but_the_request() -> None:
    assert charged(an_entry(count=0), a_limit("global", "tokens", "day")) == {"global": 30}
    assert not charged(an_entry(count=0), a_limit("global", "requests", "day"))


def test_an_interrupted_request_is_charged() -> None:
    assert charged(an_entry("interrupted", latency_us=0), a_limit("global", "tokens", "day")) == {"global": 30}


@pytest.mark.parametrize(
    ("window", "later_s", "restored"),
    [
        ("lifetime", 10**8, 30),
        ("day", 12 * 3600 - 1, 30),
        ("day", 12 * 3600, 0),
        ("hour", 3599, 30),
        ("hour", 3600, 0),
        ("60s", 60, 30),
        ("60s", 62, 0),
        ("interval:1h", 3600, 30),
        ("interval:1h", 3661, 0),
    ],
)
def test_what_was_used_is_restored_as_long_as_its_window_lasts(window: str, later_s: int, restored: int) -> None:
    limits = LimitTable([a_limit("key:*", "tokens", window)])
    charges = ChargeReader(limits, lambda key: {"1": "alice", "2": "alice"}[key]).charges_of(an_entry())[:1]
    use = {(charge.limit_id, charge.scope): {charge.window_start_us: charge.amount} for charge in charges}

    counters = limit_counters(use, limits, NOON_S + later_s)

    assert counters == ({(charges[0].limit_id, "key:alice"): restored} if restored else {})


@pytest.mark.parametrize("window", ["lifetime", "day", "60s", "interval:1h"])
def test_a_new_limit_is_filled_with_what_a_known_one_would_have_been_charged(store: Store, window: str) -> None:
    limits = LimitTable([a_limit("key:*", "tokens", window), a_limit("key:alice", "requests", window)])
    reader = ChargeReader(limits, lambda key: {"1": "alice", "2": "class"}[key])
    entries = [
        replace(an_entry(), id="a"),
        replace(an_entry(), id="b", started_us=(NOON_S - 86_400) * 10**6),
        replace(an_entry("client_error", latency_us=0), id="c"),
        replace(an_entry(count=0), id="d"),
    ]
    record(store, [Row(entry) for entry in entries], {})

    for _ in range(2):
        follow_limits(store, limits, reader, NOON_S + 10)

    with store.read() as connection:
        filled = limit_counters(limit_use(connection), limits, NOON_S + 10)
    charges = [charge for entry in entries for charge in reader.charges_of(entry)]
    assert filled == limit_counters(use_by_window(charges), limits, NOON_S + 10)
    requests = a_limit("key:alice", "requests", window)
    assert filled[requests.id, "key:alice"] == (2 if window == "lifetime" else 1)
    assert covered_limits(store) == {limit.id for limit in limits}


def test_what_a_running_request_may_use_is_counted_with_what_was_used() -> None:
    limit = a_limit("global", "tokens", "lifetime")
    reader = ChargeReader(LimitTable([limit]), str)

    together = held_use({(limit.id, "global"): {0: 5}}, [an_entry("interrupted", latency_us=0)], reader)

    assert together == {(limit.id, "global"): {0: 35}}


def use_by_window(charges: list[LimitCharge]) -> dict[tuple[str, str], dict[int, int]]:
    use: dict[tuple[str, str], dict[int, int]] = {}
    for charge in charges:
        windows = use.setdefault((charge.limit_id, charge.scope), {})
        windows[charge.window_start_us] = windows.get(charge.window_start_us, 0) + charge.amount
    return use


def test_the_use_of_a_limit_that_is_gone_is_left_out() -> None:
    assert not limit_counters({("gone", "global"): {0: 5}}, LimitTable([]), NOON_S)


def interval_figures(store: Store, limit: Limit, now_s: float) -> LimitFigures:
    table = LimitTable([limit])
    return limit_figures(store, table, (), ChargeReader(table, NAMES.__getitem__, FirstUses(store)), now_s)


NAMES = {"1": "alice", "2": "alice"}


def test_an_interval_begins_with_its_first_use_and_no_restart_moves_it(store: Store) -> None:
    limit = a_limit("key:*", "tokens", "interval:1h")
    table = LimitTable([limit])
    for number, started_s in enumerate((NOON_S, NOON_S + 3599, NOON_S + 3600, NOON_S + 9000)):
        reader = ChargeReader(table, NAMES.__getitem__, FirstUses(store))
        follow_limits(store, table, reader, started_s + 1)
        entry = replace(an_entry(), id=str(number), started_us=started_s * 10**6, chain=("1",))
        record(store, [Row(entry, reader.charges_of(entry))], {})

    counter = (limit.id, "key:alice")
    for now_s, used in ((NOON_S + 7199, 30), (NOON_S + 7200, 30), (NOON_S + 10_800, 0)):
        figures = interval_figures(store, limit, now_s)
        assert figures.past[counter].first_use_s == NOON_S
        assert figures.used.get(counter, 0) == used
    with store.read() as connection:
        windows = limit_use(connection)[counter]
    assert windows == {NOON_S * 10**6: 60, (NOON_S + 3600) * 10**6: 30, (NOON_S + 7200) * 10**6: 30}


def test_what_began_before_the_first_use_that_was_written_belongs_to_the_first_interval(store: Store) -> None:
    limit = a_limit("key:*", "tokens", "interval:1h")
    reader = ChargeReader(LimitTable([limit]), NAMES.__getitem__, FirstUses(store))
    later = replace(an_entry(), started_us=NOON_S * 10**6, chain=("1",))
    earlier = replace(later, id="b", started_us=(NOON_S - 4000) * 10**6)

    starts = {charge.window_start_us for entry in (later, earlier) for charge in reader.charges_of(entry)}

    assert starts == {NOON_S * 10**6}


def test_a_new_interval_begins_with_the_oldest_row_that_may_still_count(store: Store) -> None:
    limits = LimitTable([a_limit("key:*", "tokens", "interval:1h"), a_limit("key:*", "tokens", "lifetime")])
    starts_s = (NOON_S - 9000, NOON_S - 600, NOON_S - 900)
    entries = [replace(an_entry(), id=str(start_s), started_us=start_s * 10**6, chain=("1",)) for start_s in starts_s]
    record(store, [Row(entry) for entry in entries], {})

    follow_limits(store, limits, ChargeReader(limits, NAMES.__getitem__, FirstUses(store)), NOON_S)

    figures = interval_figures(store, a_limit("key:*", "tokens", "interval:1h"), NOON_S)
    assert list(figures.used.values()) == [60]
    assert [past.first_use_s for past in figures.past.values()] == [NOON_S - 900]


@pytest.mark.parametrize("window", ["day", "hour", "interval:1h"])
def test_what_was_used_in_the_window_before_is_told_where_it_is_carried_over(store: Store, window: str) -> None:
    limit = replace(a_limit("key:*", "tokens", window), carry_over=500)
    table = LimitTable([limit])
    length_s = 86_400 if window == "day" else 3600
    reader = ChargeReader(table, NAMES.__getitem__, FirstUses(store))
    entries = [
        replace(an_entry(), id="a", started_us=(NOON_S - length_s) * 10**6, chain=("1",)),
        replace(an_entry(), id="b", started_us=NOON_S * 10**6, chain=("1",)),
        replace(an_entry(), id="c", started_us=NOON_S * 10**6, chain=("1",)),
    ]
    follow_limits(store, table, reader, NOON_S - length_s)
    record(store, [Row(entry, reader.charges_of(entry)) for entry in entries], {})

    counter = (limit.id, "key:alice")
    assert interval_figures(store, limit, NOON_S + 1).past[counter].used_before == 30
    assert interval_figures(store, limit, NOON_S + 1 + length_s).past[counter].used_before == 60
    assert interval_figures(store, limit, NOON_S + 1 + 2 * length_s).past.get(counter, (0, 0))[1] == 0


def test_a_new_limit_that_carries_over_knows_the_window_before(store: Store) -> None:
    limit = replace(a_limit("key:*", "tokens", "day"), carry_over=500)
    record(store, [Row(replace(an_entry(), started_us=(NOON_S - 86_400) * 10**6, chain=("1",)))], {})
    table = LimitTable([limit])

    follow_limits(store, table, ChargeReader(table, NAMES.__getitem__, FirstUses(store)), NOON_S)

    assert interval_figures(store, limit, NOON_S).past[limit.id, "key:alice"].used_before == 30


def test_running_requests_are_told_apart_from_what_is_used_and_may_still_use_the_window_before(store: Store) -> None:
    limit = replace(a_limit("key:*", "tokens", "hour"), carry_over=500)
    table = LimitTable([limit])
    reader = ChargeReader(table, NAMES.__getitem__, FirstUses(store))
    running = [replace(an_entry("interrupted"), id=str(ago_s), started_us=(NOON_S - ago_s) * 10**6) for ago_s in (0, 5)]

    figures = limit_figures(store, table, running, reader, NOON_S)

    assert (figures.used, figures.held) == ({}, {(limit.id, "key:alice"): 60})
    assert figures.together() == figures.held
    assert figures.past[limit.id, "key:alice"].used_before == 60


@pytest.mark.parametrize(
    ("window", "kept", "forgotten"),
    [
        ("lifetime", 0, None),
        ("day", NOON_S - 86_400 - 43_200, NOON_S - 86_400 - 43_201),
        ("60s", NOON_S - 61, NOON_S - 62),
        ("interval:1h", NOON_S - 7200, NOON_S - 7201),
    ],
)
def test_windows_are_forgotten_when_the_next_one_has_ended_too(
    store: Store, window: str, kept: int, forgotten: int | None
) -> None:
    limit = a_limit("key:*", "tokens", window)
    starts_s = [kept] if forgotten is None else [kept, forgotten]
    with store.write() as connection:
        add_limit_use(connection, [LimitCharge(limit.id, "key:x", start_s * 10**6, 5) for start_s in starts_s])

    forget_ended_windows(store, [a_limit("key:y", "requests", window), limit], NOON_S)

    with store.read() as connection:
        assert limit_use(connection) == {(limit.id, "key:x"): {kept * 10**6: 5}}


@given(st.integers(1, 10**6), st.integers(0, 4 * 10**15))
def test_a_part_of_a_sliding_window_begins_with_its_beginning(length_s: int, at_us: int) -> None:
    limit = a_limit("global", "requests", f"{length_s}s")

    start_us = part_start_us(limit, at_us)

    assert part_start_us(limit, start_us) == start_us
    assert start_us <= at_us < start_us + length_s * 1_000_000 / 60 + 1
    assert ChargeReader(LimitTable([limit]), str).window_of(limit, "global", at_us) == start_us

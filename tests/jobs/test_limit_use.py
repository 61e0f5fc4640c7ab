from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tokenrouter.domain.ledger import EndReason, LedgerEntry, Usage
from tokenrouter.domain.limit_text import limit_id, parse_window
from tokenrouter.domain.limits import Limit, LimitTable, Metric
from tokenrouter.jobs.limit_use import ChargeReader, follow_limits, held_use, limit_counters
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.ledger import Row, record
from tokenrouter.store.limit_use import LimitCharge, covered_limits, limit_use
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

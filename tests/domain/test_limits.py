import math
from dataclasses import replace

import pytest

from tokenrouter.domain.limits import METRICS, Amounts, Limit, LimitState, LimitTable, Metric, Window

DAY, HOUR = Window("day"), Window("hour")


def limit(scope: str, metric: Metric = "tokens", window: Window = DAY, amount: int = 10) -> Limit:
    return Limit(f"{scope}|{metric}|{window.kind}", scope, metric, window, amount)


def ids_of(table: LimitTable, scope: str) -> list[str]:
    return [one.id for one in table.of(scope)]


def test_every_metric_is_found_in_amounts() -> None:
    amounts = Amounts(requests=1, input_tokens=20, output_tokens=300, cost_nano_usd=4000)

    assert {metric: amounts.of(metric) for metric in METRICS} == {
        "requests": 1,
        "tokens": 320,
        "input_tokens": 20,
        "output_tokens": 300,
        "cost_usd": 4000,
        "concurrency": 1,
    }


@pytest.mark.parametrize(("used", "held", "left"), [(0, 0, 10), (4, 3, 3), (10, 0, 0), (15, 3, 0)])
def test_what_is_left_is_neither_used_nor_held_nor_negative(used: int, held: int, left: int) -> None:
    assert LimitState(limit("global"), "global", used, held, None).left == left


def test_a_limit_applies_to_its_own_scope_only() -> None:
    table = LimitTable([limit("key:alice"), limit("model:acme/small"), limit("global")])

    assert ids_of(table, "key:alice") == ["key:alice|tokens|day"]
    assert ids_of(table, "model:acme/small") == ["model:acme/small|tokens|day"]
    assert ids_of(table, "global") == ["global|tokens|day"]
    assert not ids_of(table, "key:bob")


def test_a_template_applies_to_everyone_of_its_kind() -> None:
    table = LimitTable([limit("key:*")])

    assert ids_of(table, "key:alice") == ids_of(table, "key:bob") == ["key:*|tokens|day"]
    assert not ids_of(table, "user:alice")


def test_a_named_limit_replaces_the_template_of_its_metric_and_window() -> None:
    table = LimitTable([limit("key:*"), limit("key:*", "requests"), limit("key:*", window=HOUR), limit("key:alice")])

    assert ids_of(table, "key:alice") == ["key:alice|tokens|day", "key:*|requests|day", "key:*|tokens|hour"]


@pytest.mark.parametrize(
    ("scope", "address", "applies"),
    [
        ("ip:192.0.2.0/24", "192.0.2.77", True),
        ("ip:192.0.2.0/24", "192.0.3.1", False),
        ("ip:192.0.2.9", "192.0.2.9", True),
        ("ip:2001:db8::/32", "2001:db8::1", True),
        ("ip:0.0.0.0/0", "2001:db8::1", False),
        ("ip:0.0.0.0/0", "unix", False),
    ],
)
def test_a_network_holds_its_addresses(scope: str, address: str, applies: bool) -> None:
    assert bool(ids_of(LimitTable([limit(scope)]), f"ip:{address}")) == applies


def test_only_a_template_has_a_counter_for_each() -> None:
    assert limit("key:*").counted_for("key:alice") == "key:alice"
    assert limit("key:alice").counted_for("key:alice") == "key:alice"
    assert limit("ip:192.0.2.0/24").counted_for("ip:192.0.2.7") == "ip:192.0.2.0/24"


def test_a_table_gives_all_its_limits() -> None:
    limits = [limit("global"), limit("key:*"), limit("global", "requests")]

    assert sorted(LimitTable(limits), key=id) == sorted(limits, key=id)


def test_a_named_alert_takes_no_hard_limit_away() -> None:
    alert = replace(limit("key:alice", amount=5), id="alert", mode="soft")

    assert ids_of(LimitTable([limit("key:*"), alert]), "key:alice") == ["alert", "key:*|tokens|day"]


def test_a_named_limit_replaces_its_template_in_another_time_zone_too() -> None:
    named = limit("key:alice", window=Window("day", tz="Asia/Tokyo"))

    assert ids_of(LimitTable([limit("key:*"), named]), "key:alice") == [named.id]


def test_a_boost_holds_until_it_ends() -> None:
    boosted = replace(limit("global"), boost=5, boost_until_s=100.0)

    assert (boosted.amount_at(99.9), boosted.holds_until_s(99.9)) == (15, 100.0)
    assert (boosted.amount_at(100.0), boosted.holds_until_s(100.0)) == (10, math.inf)


@pytest.mark.parametrize(("most", "used_before", "carried"), [(0, 0, 0), (4, 0, 4), (4, 7, 3), (4, 10, 0), (4, 15, 0)])
def test_what_is_carried_over_was_left_and_is_bounded(most: int, used_before: int, carried: int) -> None:
    assert replace(limit("global"), carry_over=most).carried(used_before) == carried


def test_a_state_shows_what_is_allowed_now() -> None:
    state = LimitState(limit("global"), "global", 4, 3, None, extra=5)

    assert (state.amount, state.left) == (15, 8)

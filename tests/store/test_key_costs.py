import pytest

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import Usage
from tokenrouter.store.engine import Store
from tokenrouter.store.key_costs import KeyCost, key_costs
from tokenrouter.store.ledger import Row, record

HOUR_US = 3_600_000_000
ROWS = [
    entry("01"),
    entry("02", started_us=NOON_US + HOUR_US, provider="other"),
    entry("03", started_us=NOON_US + 2 * HOUR_US, model="large", usage=Usage(1, 2)),
    entry("04", key_id="key_bob", key_name="bob", end_reason="provider_error", usage=Usage(7)),
    entry("05", usage=Usage(), end_reason="client_error", status=429, count=60),
]


@pytest.fixture(autouse=True)
def _rows(store: Store) -> None:
    record(store, [Row(row) for row in ROWS], {})


def test_what_was_used_is_summed_by_key_and_model(store: Store) -> None:
    expected = {
        KeyCost("key_alice", "alice", "small", 2, 20, 10, 8),
        KeyCost("key_alice", "alice", "large", 1, 1, 2, 0),
        KeyCost("key_bob", "bob", "small", 0, 7, 0, 0),
    }

    assert set(key_costs(store)) == expected
    assert set(key_costs(store, since_us=0)) == expected


def test_both_bounds_are_included(store: Store) -> None:
    found = list(key_costs(store, since_us=NOON_US + HOUR_US, until_us=NOON_US + 2 * HOUR_US))

    assert [(one.model, one.requests) for one in sorted(found, key=lambda one: one.model)] == [
        ("large", 1),
        ("small", 1),
    ]
    assert not list(key_costs(store, since_us=NOON_US + 2 * HOUR_US + 1))

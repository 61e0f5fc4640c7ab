"""Limits of the database."""

from dataclasses import replace

import pytest

from tokenrouter.domain.limit_text import read_limit
from tokenrouter.store.adjustments import Adjustment, adjustments_since
from tokenrouter.store.catalog_version import CatalogWatch
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import LimitTaken, LimitUnknown
from tokenrouter.store.limits import create_limit, list_limits, remove_limit, update_limit

WEEKLY = read_limit(
    {
        "scope": "key:*",
        "metric": "cost_usd",
        "window": "week",
        "tz": "Europe/Berlin",
        "week_start": "sunday",
        "amount": "25",
        "mode": "soft",
        "boost": "5",
        "boost_until": "2030-01-01T00:00:00Z",
        "carry_over": "2.5",
    }
)
DAILY = read_limit({"scope": "key:alice", "metric": "tokens", "window": "day", "amount": 2**61})


def test_a_limit_is_read_back_as_it_was_made(store: Store) -> None:
    create_limit(store, WEEKLY, comment="spring", made_by="key_1", now_s=1.0)
    create_limit(store, DAILY, now_s=2.0)

    first, second = list_limits(store)

    assert (first.limit, second.limit) == (replace(WEEKLY, origin="database"), replace(DAILY, origin="database"))
    assert (first.comment, first.made_by, first.created_at_s) == ("spring", "key_1", 1.0)


def test_there_is_one_limit_of_a_scope_metric_window_and_mode(store: Store) -> None:
    create_limit(store, DAILY, now_s=1.0)
    elsewhere = read_limit({"scope": "key:alice", "metric": "tokens", "window": "day", "amount": 5, "tz": "Asia/Tokyo"})

    for same in (DAILY, elsewhere):
        with pytest.raises(LimitTaken, match="hard tokens limit of key:alice"):
            create_limit(store, same, now_s=2.0)

    assert len(list_limits(store)) == 1


def test_a_change_keeps_what_the_limit_counts(store: Store) -> None:
    create_limit(store, DAILY, comment="first", now_s=1.0)
    boosted = Adjustment("boost", DAILY.id, DAILY.scope, 9, 1, 1)

    changed = update_limit(store, replace(DAILY, amount=7, boost=9, boost_until_s=50.0, scope="x"), boosted=boosted)

    assert changed.limit == replace(DAILY, amount=7, boost=9, boost_until_s=50.0, origin="database")
    assert list_limits(store) == (changed,)
    assert changed.comment == "first"
    assert [one.kind for one in adjustments_since(store, 0)] == ["boost"]


def test_a_limit_that_is_removed_is_gone(store: Store) -> None:
    create_limit(store, DAILY, now_s=1.0)

    assert remove_limit(store, DAILY.id).limit.id == DAILY.id

    assert list_limits(store) == ()
    with pytest.raises(LimitUnknown):
        remove_limit(store, DAILY.id)
    with pytest.raises(LimitUnknown):
        update_limit(store, DAILY)


def test_every_change_is_told_to_whoever_watches(store: Store) -> None:
    with CatalogWatch(store) as watch:
        watch.changed()
        create_limit(store, DAILY, now_s=1.0)
        assert watch.changed()
        update_limit(store, DAILY)
        assert watch.changed()
        remove_limit(store, DAILY.id)
        assert watch.changed()

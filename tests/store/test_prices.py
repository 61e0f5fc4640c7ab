"""Prices of the database."""

import pytest

from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.catalog_version import CatalogWatch
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import PriceUnknown
from tokenrouter.store.prices import StoredPrice, find_price, prices_in, put_price, remove_price

SMALL = StoredPrice(
    "acme/small", {"provider": "acme", "model": "small", "input_per_1m": "0.15"}, "spring", "key_1", 1.0
)


def test_a_price_is_set_and_replaced_and_removed(store: Store) -> None:
    dearer = StoredPrice("acme/small", {**SMALL.values, "input_per_1m": "0.30"})

    assert put_price(store, SMALL)
    assert find_price(store, "acme/small") == SMALL
    assert not put_price(store, dearer)
    with store.read() as connection:
        assert prices_in(connection) == (dearer,)
    assert remove_price(store, "acme/small") == dearer
    assert find_price(store, "acme/small") is None
    with pytest.raises(PriceUnknown, match="acme/small"):
        remove_price(store, "acme/small")
    assert [one.action for one in audit_page(store, AuditFilter(kind="price"), limit=5)] == [
        "price.remove",
        "price.set",
        "price.set",
    ]


def test_what_is_asked_before_sees_the_price_before_and_can_forbid(store: Store) -> None:
    seen: list[StoredPrice | None] = []
    put_price(store, SMALL, seen.append)
    put_price(store, SMALL, seen.append)

    def forbid(_: StoredPrice | None) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        put_price(store, StoredPrice("acme/small", {}), forbid)
    with pytest.raises(ValueError, match="no"):
        remove_price(store, "acme/small", forbid)
    assert seen == [None, SMALL]
    assert find_price(store, "acme/small") == SMALL


def test_a_change_is_noticed(store: Store) -> None:
    with CatalogWatch(store) as watch:
        watch.changed()
        put_price(store, SMALL)
        assert watch.changed()
        remove_price(store, "acme/small")
        assert watch.changed()

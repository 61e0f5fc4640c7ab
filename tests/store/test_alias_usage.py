from tests.store.entries import entry
from tokenrouter.store.alias_usage import AliasUsage, alias_usage
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import Row, record


def test_what_a_user_used_is_summed_by_provider_and_alias(store: Store) -> None:
    rows = [
        entry("01", alias="fast"),
        entry("02", alias="fast"),
        entry("03"),
        entry("04", provider="other"),
        entry("05", user="bob"),
    ]
    record(store, [Row(row) for row in rows], {})

    assert alias_usage(store, "ann") == [
        AliasUsage("acme", "", 10, 5, 1),
        AliasUsage("acme", "fast", 20, 10, 2),
        AliasUsage("other", "", 10, 5, 1),
    ]
    assert alias_usage(store, "nobody") == []

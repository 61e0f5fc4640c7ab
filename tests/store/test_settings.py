"""Settings that were changed at run time."""

from collections.abc import Mapping
from typing import Any

import pytest

from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.catalog_version import CatalogWatch
from tokenrouter.store.engine import Store
from tokenrouter.store.facts import write_fact
from tokenrouter.store.settings import change_settings, changed_settings


def allow(_: Mapping[str, Any]) -> None: ...


def test_settings_are_changed_together_and_undone_one_by_one(store: Store) -> None:
    with store.write() as connection:
        write_fact(connection, "something else", "1")

    assert change_settings(store, {"a": 1, "b": [2], "c.d": "x"}, allow) == {"a": 1, "b": [2], "c.d": "x"}
    change_settings(store, {"a": None, "b": False, "never": None}, allow)

    assert changed_settings(store) == {"b": False, "c.d": "x"}
    newest = audit_page(store, AuditFilter(action="settings.change"), limit=1)[0]
    assert (newest.before, newest.after) == ({"a": 1, "b": [2]}, {"b": False})


def test_a_change_that_may_not_be_changes_nothing(store: Store) -> None:
    change_settings(store, {"a": 1}, allow)

    def refuse(after: Mapping[str, Any]) -> None:
        raise ValueError(dict(after))

    with pytest.raises(ValueError, match="'a': 1, 'b': 2"):
        change_settings(store, {"b": 2}, refuse)
    assert changed_settings(store) == {"a": 1}


def test_a_change_is_noticed(store: Store) -> None:
    with CatalogWatch(store) as watch:
        watch.changed()
        change_settings(store, {"a": 1}, allow)
        assert watch.changed()

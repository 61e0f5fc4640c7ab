"""Providers of the database."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from tokenrouter.config.keyring import KeyRing
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.catalog_version import CatalogWatch
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import ProviderTaken, ProviderUnknown
from tokenrouter.store.providers import (
    StoredProvider,
    change_provider,
    create_provider,
    enabled_overrides,
    find_provider,
    list_providers,
    override_enabled,
    remove_provider,
)
from tokenrouter.store.schema import tr_providers, tr_secrets

RING = KeyRing(lambda: (b"s" * 32,))
ACME = StoredProvider(
    "acme",
    {"name": "acme", "base_url": "https://acme.test", "api_key": "sk-very-secret-1", "headers": {"x": "very-secret-2"}},
    comment="spring",
    made_by="key_1",
)


def make(store: Store, provider: StoredProvider = ACME, now_s: float = 1.0) -> StoredProvider:
    return create_provider(store, RING, provider, now_s=now_s)


def test_a_provider_is_read_back_as_it_was_made(store: Store) -> None:
    made = make(store)

    assert find_provider(store, RING, "acme") == made
    assert (made.values, made.comment, made.made_by, made.created_at_s) == (ACME.values, "spring", "key_1", 1.0)
    assert made.hints == {"api_key": "…et-1", "headers.x": "…et-2"}
    assert "very-secret" not in repr(made)


def test_no_secret_stands_in_the_database_or_its_audit_log(store: Store) -> None:
    make(store)
    change_provider(
        store, RING, "acme", lambda one: replace(one, values={**one.values, "api_key": "secret-3"}), now_s=2
    )
    remove_provider(store, RING, "acme")

    with store.read() as connection:
        for table in (tr_providers, tr_secrets):
            assert connection.execute(select(table)).all() == []
    entries = audit_page(store, AuditFilter(kind="provider"), limit=10)
    assert [one.action for one in entries] == ["provider.remove", "provider.change", "provider.create"]
    assert "secret-" not in repr(entries).replace("api_key", "")


def test_providers_are_listed_oldest_first(store: Store) -> None:
    make(store, replace(ACME, name="young"), now_s=2.0)
    make(store, replace(ACME, name="old"), now_s=1.0)

    assert [one.name for one in list_providers(store, RING)] == ["old", "young"]


def test_there_is_one_of_each_name(store: Store) -> None:
    make(store)

    with pytest.raises(ProviderTaken, match="'acme' already"):
        make(store)
    with pytest.raises(ProviderUnknown, match="'other'"):
        find_provider(store, RING, "other")
    with pytest.raises(ProviderUnknown):
        remove_provider(store, RING, "other")


def test_a_change_that_is_refused_leaves_everything(store: Store) -> None:
    made = make(store)

    def refuse(_: StoredProvider) -> StoredProvider:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        change_provider(store, RING, "acme", refuse, now_s=2.0)
    assert find_provider(store, RING, "acme") == made


def test_what_cannot_be_decrypted_is_told_and_a_note_leaves_it_so(store: Store) -> None:
    make(store)
    lost = KeyRing(lambda: (b"x" * 32,))

    found = find_provider(store, lost, "acme")
    assert found.unreadable == ("api_key", "headers.x")
    assert "api_key cannot be decrypted" in found.problem
    assert found.hints == {"api_key": "…et-1", "headers.x": "…et-2"}

    change_provider(store, lost, "acme", lambda one: replace(one, comment="autumn", enabled=False), now_s=2.0)
    again = find_provider(store, RING, "acme")
    assert (again.values, again.problem, again.comment, again.enabled) == (ACME.values, "", "autumn", False)


def test_declared_providers_are_switched_over_what_is_declared(store: Store) -> None:
    def switched() -> dict[str, bool]:
        with store.read() as connection:
            return enabled_overrides(connection)

    override_enabled(store, "a", False)
    override_enabled(store, "b", True)
    override_enabled(store, "b", True)
    assert switched() == {"a": False, "b": True}
    override_enabled(store, "a", None)
    override_enabled(store, "never", None)
    assert switched() == {"b": True}
    assert len(audit_page(store, AuditFilter(action="provider.override"), limit=10)) == 3


def test_every_change_is_noticed(store: Store) -> None:
    steps: list[Any] = [
        lambda: make(store),
        lambda: change_provider(store, RING, "acme", lambda one: replace(one, enabled=False), now_s=2.0),
        lambda: override_enabled(store, "declared", False),
        lambda: remove_provider(store, RING, "acme"),
    ]
    with CatalogWatch(store) as watch:
        watch.changed()
        for step in steps:
            step()
            assert watch.changed()


def test_words_of_a_newer_version_are_kept(store: Store) -> None:
    make(store)
    with store.write() as connection:
        connection.execute(update(tr_providers).values(said='{"name": "acme", "new_word": 1}'))

    assert find_provider(store, RING, "acme").values["new_word"] == 1

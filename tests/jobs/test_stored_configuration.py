from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tokenrouter.config.keyring import KeyRing
from tokenrouter.config.settings import Paths, Settings
from tokenrouter.domain.catalog import Provider
from tokenrouter.jobs.stored_configuration import JoinedConfiguration, join_configuration, read_stored
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.migrate import migrate
from tokenrouter.store.prices import StoredPrice, put_price
from tokenrouter.store.providers import StoredProvider, create_provider, override_enabled
from tokenrouter.store.settings import change_settings

RING = KeyRing(lambda: (b"s" * 32,))
FILE = Provider("file", "openai-compatible", "https://file.test")
DECLARED = Settings(paths=Paths(None, Path("x"), Path("x"), Path("x")), providers=(FILE,))
ACME = StoredProvider("acme", {"name": "acme", "base_url": "https://acme.test/v1", "api_key": "sk-very-secret"})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    migrate(f"sqlite:///{tmp_path / 'tokenrouter.db'}")
    store = open_store(f"sqlite:///{tmp_path / 'tokenrouter.db'}")
    yield store
    store.close()


def joined(store: Store, ring: KeyRing = RING, declared: Settings = DECLARED) -> JoinedConfiguration:
    return join_configuration(declared, read_stored(store, ring))


def test_everything_that_the_database_says_counts(store: Store) -> None:
    create_provider(store, RING, ACME, now_s=1.0)
    price = {"provider": "acme", "model": "small", "input_per_1m": "1", "output_per_1m": "2"}
    put_price(store, StoredPrice("acme/small", price))
    override_enabled(store, "file", False)
    change_settings(store, {"unpriced": "deny"}, lambda _: None)

    found = joined(store)

    file, acme = found.settings.providers
    assert (file.enabled, acme.name, acme.secret, acme.origin) == (False, "acme", "sk-very-secret", "database")
    assert found.settings.prices["acme/small"].label == "operator database"
    assert found.settings.policy.unpriced == "deny"
    assert found.unusable == {}


def test_private_addresses_are_a_matter_of_the_file(store: Store) -> None:
    create_provider(store, RING, ACME, now_s=1.0)

    assert not joined(store).settings.providers[1].allow_private
    assert joined(store, declared=replace(DECLARED, allow_private_providers=True)).settings.providers[1].allow_private


def test_a_provider_whose_secret_cannot_be_decrypted_keeps_its_name_and_is_off(store: Store) -> None:
    create_provider(store, RING, ACME, now_s=1.0)
    other = {"name": "other", "base_url": "https://other.test"}
    create_provider(store, RING, StoredProvider("other", other), now_s=2.0)

    found = joined(store, KeyRing(lambda: (b"x" * 32,)))

    assert [(one.name, one.enabled, one.secret) for one in found.settings.providers] == [
        ("file", True, None),
        ("acme", False, None),
        ("other", True, None),
    ]
    assert list(found.unusable) == ["acme"]
    assert "api_key cannot be decrypted" in found.unusable["acme"]
    assert read_stored(store, KeyRing(lambda: (b"x" * 32,))).unreadable == ("providers/acme/api_key",)
    assert read_stored(store, RING).unreadable == ()


def test_what_cannot_be_read_any_more_is_told_and_keeps_nothing_from_counting(store: Store) -> None:
    create_provider(store, RING, StoredProvider("old", {"name": "old", "provider_type": "gone-vendor"}), now_s=1.0)
    create_provider(
        store, RING, StoredProvider("bad", {**ACME.values, "name": "bad", "headers": {"a b": "c"}}), now_s=2.0
    )
    create_provider(store, RING, ACME, now_s=3.0)
    put_price(store, StoredPrice("acme/small", {"provider": "acme", "model": "small", "input": "1"}))

    found = joined(store)

    assert set(found.unusable) == {"old", "bad"}
    assert "gone-vendor" in found.unusable["old"]
    assert [one.name for one in found.settings.providers if one.enabled] == ["file", "acme"]
    assert found.settings.prices == {}


def test_one_that_is_shadowed_is_not_told_as_unusable(store: Store) -> None:
    create_provider(store, RING, StoredProvider("file", {"name": "file", "provider_type": "gone-vendor"}), now_s=1.0)

    assert joined(store) == JoinedConfiguration(DECLARED)

from pathlib import Path

from tokenrouter.config.settings import KeySetting, Paths, Settings
from tokenrouter.domain.catalog import Key, Provider
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.ledger import Price
from tokenrouter.jobs.catalog_builder import build_catalog

PATHS = Paths(None, Path("/c"), Path("/s"), Path("/t"))


def test_a_key_of_the_file_shadows_one_of_the_database() -> None:
    settings = Settings(PATHS, keys=(KeySetting("alice", "alice", "tr_file-0123456789-abc"),))
    stored = [Key("k1", "alice", b"1"), Key("alice", "other", b"2"), Key("k2", "bob", b"3")]

    built = build_catalog(settings, stored, {}, b"pepper", version=9)

    assert [(key.name, key.origin) for key in built.keys] == [("alice", "file"), ("bob", "database")]
    assert built.keys[0].digest == key_digest("tr_file-0123456789-abc", b"pepper")
    assert built.version == 9


def test_what_the_file_grants_a_key_is_granted() -> None:
    settings = Settings(PATHS, keys=(KeySetting("a", "a", "tr_file-0123456789-abc", passthrough=True),))

    assert build_catalog(settings, (), {}, b"").keys[0].passthrough


def test_models_are_declared_priced_and_discovered_each_once() -> None:
    acme = Provider("acme", "openai", "http://h/v1", models=("a",), model_mapping={"b": "a"})
    settings = Settings(PATHS, providers=(acme,), prices={"acme/c": Price(1, 1), "other/x": Price(1, 1)})

    built = build_catalog(settings, (), {"acme": ("a", "d"), "other": ("y",)}, b"")

    assert built.providers[0].models == ("a", "b", "c", "d")

from dataclasses import replace
from pathlib import Path

from tokenrouter.config.settings import ConversationSettings, KeySetting, Paths, Settings
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.capture import CaptureRules
from tokenrouter.domain.catalog import Key, Provider
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.limit_text import read_limit
from tokenrouter.domain.limits import Limit, LimitTable
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.domain.prices import flat_price
from tokenrouter.jobs.catalog_builder import build_catalog, subject_names

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
    settings = Settings(PATHS, providers=(acme,), prices={"acme/c": flat_price(1, 1), "other/x": flat_price(1, 1)})

    built = build_catalog(settings, (), {"acme": ("a", "d"), "other": ("y",)}, b"")

    assert built.providers[0].models == ("a", "b", "c", "d")


def test_what_the_operator_prices_be_it_by_a_pattern_nothing_else_does() -> None:
    acme = Provider("acme", "openai", "http://h/v1")
    declared = {"acme/small-*": flat_price(1, 1), "acme/large": flat_price(2, 2)}
    settings = Settings(PATHS, providers=(acme,), prices=declared)
    gathered = {name: flat_price(9, 9, "zen") for name in ("acme/small-1", "acme/large", "acme/other", "acme/small-x*")}

    built = build_catalog(settings, (), {}, b"", gathered_prices=gathered)

    assert built.prices == declared | {"acme/other": gathered["acme/other"]}
    assert built.providers[0].models == ("large",)


def test_what_one_source_leaves_open_of_a_model_is_as_the_next_one_has_it() -> None:
    acme = Provider("acme", "openai", "http://h/v1")
    settings = Settings(PATHS, providers=(acme,), facts={"acme/small": ModelFacts(4096)})
    listed = {"acme/small": ModelFacts(8192, 1024), "acme/large": ModelFacts(131_072)}
    bundled = {"acme/large": ModelFacts(128_000, 8192)}

    built = build_catalog(settings, (), {}, b"", gathered_facts=(listed, bundled))

    assert built.providers[0].models == ("small",)
    assert built.facts == {"acme/small": ModelFacts(4096, 1024), "acme/large": ModelFacts(131_072, 8192)}


def rate(scope: str, amount: int, origin: str) -> Limit:
    return read_limit({"scope": scope, "metric": "requests", "window": "60s", "amount": amount}, origin)


USUAL = (rate("user:*", 10, "$RATE_LIMIT_MINUTE"), rate("key:*", 10, "$RATE_LIMIT_MINUTE"))


def test_a_limit_of_the_database_counts_where_the_file_has_none_in_its_place() -> None:
    stored = [rate("key:a", 1, "database"), replace(rate("key:b", 2, "database"), mode="soft")]
    settings = Settings(PATHS, limits=(rate("key:a", 9, "torod.toml:5"), rate("key:b", 9, "torod.toml:6")))

    built = build_catalog(settings, (), {}, b"", stored_limits=stored)

    assert [(one.scope, one.amount, one.mode) for one in built.limits] == [
        ("key:a", 9, "hard"),
        ("key:b", 9, "hard"),
        ("key:b", 2, "soft"),
    ]


def test_a_rate_of_a_users_own_counts_for_the_users_keys_instead_of_everybodys() -> None:
    keys = [
        Key("k1", "anns", b"1", user="ann"),
        Key("k2", "bobs", b"2", user="bob"),
        Key("k3", "own", b"3", user="ann"),
    ]
    stored = [rate("user:ann", 50, "database"), rate("key:own", 5, "database")]

    built = build_catalog(Settings(PATHS, limits=USUAL), keys, {}, b"", stored_limits=stored)

    table = LimitTable(built.limits)
    amounts = {scope: [one.amount for one in table.of(scope)] for scope in ("key:anns", "key:bobs", "key:own")}
    assert amounts == {"key:anns": [50], "key:bobs": [10], "key:own": [5]}


def test_templates_of_the_file_stay_beside_a_users_own() -> None:
    settings = Settings(PATHS, limits=(rate("key:*", 10, "torod.toml:5"), rate("user:ann", 50, "torod.toml:9")))

    built = build_catalog(settings, [Key("k1", "anns", b"1", user="ann")], {}, b"")

    assert [one.amount for one in LimitTable(built.limits).of("key:anns")] == [10]


def test_names_are_those_of_the_file_and_of_all_keys() -> None:
    settings = Settings(PATHS, users=("eve",), providers=(Provider("acme", "openai", "http://h/v1"),))
    keys = [Key("k1", "anns", b"1", user="ann", team="physics")]

    names = subject_names(settings, keys, [Provider("acme", "openai", "http://h/v1", models=("small",))])

    assert (names.keys, names.users, names.teams) == (("anns",), ("eve", "ann"), ("physics",))
    assert "acme/small" in names.models
    assert names.complete == {"key", "provider", "alias"}


def test_an_alias_of_the_file_shadows_one_of_the_database_of_its_scope() -> None:
    declared = Alias("fast", (Target("acme/a"),), origin="torod.toml:5")
    stored = [
        Alias("fast", (Target("acme/b"),), origin="database"),
        Alias("fast", (Target("acme/c"),), scope="team:physics", origin="database"),
    ]

    built = build_catalog(Settings(PATHS, aliases=(declared,)), (), {}, b"", stored_aliases=stored)

    assert built.aliases == (declared, stored[1])


def test_a_profile_that_was_chosen_counts_before_the_files_and_that_before_the_default_one() -> None:
    plain, said = Settings(PATHS), Settings(PATHS, active_model_profile="work")
    chosen = build_catalog(said, (), {}, b"", chosen_profile="home")

    assert build_catalog(plain, (), {}, b"").active_profile == "default"
    assert build_catalog(said, (), {}, b"").active_profile == "work"
    assert (chosen.active_profile, chosen.chosen_profile) == ("home", "home")


def test_limits_may_name_aliases_of_the_file_and_of_the_database() -> None:
    settings = Settings(PATHS, aliases=(Alias("fast", (Target("acme/a"),)),))

    names = subject_names(settings, (), (), [Alias("slow", (Target("acme/a"),))])

    assert names.aliases == ("fast", "slow")


def test_providers_that_joined_by_themselves_stand_before_the_sandbox_and_give_way_to_declared_ones() -> None:
    acme = Provider("acme", "openai-compatible", "http://acme/v1")
    sandbox = Provider("sandbox", "sandbox", "http://sandbox/v1", origin="sandbox")
    settings = Settings(PATHS, providers=(acme, sandbox), auto_exclude=("vllm",))
    joined = [
        Provider(name, "ollama", "http://127.0.0.1/v1", origin="automatic") for name in ("acme", "ollama", "vllm")
    ]

    catalog = build_catalog(settings, [], {"ollama": ("llama3",)}, b"", automatic=joined)

    assert [(one.name, one.origin) for one in catalog.providers] == [
        ("acme", "file"),
        ("ollama", "automatic"),
        ("sandbox", "sandbox"),
    ]
    assert catalog.providers[1].models == ("llama3",)
    assert "lmstudio" in catalog.awaited
    assert "vllm" not in catalog.awaited


def test_the_file_says_whose_conversations_are_kept_before_the_database_and_may_forbid_it() -> None:
    stored = {"global": False, "team:physics": True}
    declared = Settings(PATHS, conversations=ConversationSettings(capture=("global",), max_body_bytes=4096))
    forbidding = Settings(PATHS, conversations=ConversationSettings(enabled=False, capture=("global",)))

    kept = build_catalog(declared, (), {}, b"", stored_capture=stored).capture

    assert kept == CaptureRules({"global": True, "team:physics": True}, 4096)
    assert build_catalog(forbidding, (), {}, b"", stored_capture=stored).capture.is_off
    assert build_catalog(Settings(PATHS), (), {}, b"").capture.is_off

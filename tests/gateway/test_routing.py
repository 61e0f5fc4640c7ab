from dataclasses import replace
from typing import Any

import pytest

from tests.gateway.fakes import KEY
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import Catalog, Key, Provider
from tokenrouter.domain.errors import ModelNotAllowed, ModelNotFound
from tokenrouter.domain.keys import key_digest
from tokenrouter.gateway.choices import Route
from tokenrouter.gateway.decisions import LeftOut
from tokenrouter.gateway.directory import Directory, Principal
from tokenrouter.gateway.routing import alias_of, is_really_named, offered_models, offering, resolve


def provider(name: str, **more: object) -> Provider:
    return Provider(name, "openai-compatible", "http://127.0.0.1:9/v1", **more)  # type: ignore[arg-type]


ACME = provider("acme", models=("small", "org/big"), model_mapping={"old": "new"})
OTHER = provider("other", models=("large",))
RESTING = provider("resting", enabled=False)
SANDBOX = provider("sandbox", origin="sandbox", models=("echo",))
ALIASES = (
    Alias("fast", (Target("acme/small", "work"), Target("other/large", "home"))),
    Alias("gone", (Target("nowhere/x"),)),
    Alias("rest", (Target("resting/x"),)),
    Alias("mine", (Target("acme/for-all"),)),
    Alias("mine", (Target("acme/for-team"),), scope="team:physics"),
    Alias("mine", (Target("acme/for-ann"),), scope="user:ann"),
    Alias("gpt-*", (Target("other/gpt-*"),)),
    Alias("gpt-5-*", (Target("acme/five-*"),)),
    Alias("gpt-*", (Target("acme/team-*"),), scope="team:physics"),
    Alias("acme*", (Target("other/never"),)),
    Alias("gpt-4", (Target("acme/exact"),)),
)


def directory(
    *, default: str = "", providers: tuple[Provider, ...] = (ACME, OTHER, RESTING, SANDBOX), **key: object
) -> Directory:
    alice = Key(id="k", name="alice", digest=key_digest(KEY, b""), **key)  # type: ignore[arg-type]
    state = Catalog(
        providers=providers, keys=(alice,), aliases=ALIASES, active_profile="work", default_provider=default
    )
    return Directory(state, b"")


def caller(state: Directory) -> Principal:
    return state.authenticate((KEY,), 0.0)


def route(state: Directory, model: str) -> tuple[str, str, str]:
    found = resolve(state, caller(state), model)
    assert isinstance(found, Route)
    return found.entry.provider.name, found.model, found.alias


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("fast", ("acme", "small", "fast")),
        ("mine", ("acme", "for-all", "mine")),
        ("gpt-4", ("acme", "exact", "gpt-4")),
        ("gpt-4o", ("other", "gpt-4o", "gpt-*")),
        ("gpt-5-nano", ("acme", "five-nano", "gpt-5-*")),
        ("gpt-*", ("other", "gpt-*", "gpt-*")),
        ("acme-large", ("other", "never", "acme*")),
        ("acme/anything", ("acme", "anything", "")),
        ("acme/org/big", ("acme", "org/big", "")),
        ("acme/old", ("acme", "new", "")),
        ("large", ("other", "large", "")),
        ("unheard-of", ("acme", "unheard-of", "")),
        ("unknown/model", ("acme", "unknown/model", "")),
        ("sandbox/echo", ("sandbox", "echo", "")),
    ],
)
def test_a_name_resolves_in_order(model: str, expected: tuple[str, str, str]) -> None:
    assert route(directory(), model) == expected


@pytest.mark.parametrize(
    ("key", "model", "expected"),
    [
        ({"user": "ann", "team": "physics"}, "mine", ("acme", "for-ann", "mine")),
        ({"team": "physics"}, "mine", ("acme", "for-team", "mine")),
        ({"user": "bob", "team": "math"}, "mine", ("acme", "for-all", "mine")),
        ({"team": "physics"}, "gpt-5-nano", ("acme", "team-5-nano", "gpt-*")),
        ({"team": "physics"}, "gpt-4", ("acme", "exact", "gpt-4")),
    ],
)
def test_a_users_alias_comes_before_the_teams_and_that_before_everybodys(
    key: dict[str, Any], model: str, expected: tuple[str, str, str]
) -> None:
    assert route(directory(**key), model) == expected


def test_an_exact_alias_a_prefix_and_a_pattern_come_in_this_order_before_the_default_provider() -> None:
    state = directory(default="sandbox")

    assert route(state, "gpt-4") == ("acme", "exact", "gpt-4")
    assert route(state, "acme/gpt-4") == ("acme", "gpt-4", "")
    assert route(state, "gpt-40") == ("other", "gpt-40", "gpt-*")
    assert route(state, "claude") == ("sandbox", "claude", "")
    found = [alias_of(state, caller(state), name) for name in ("gpt-4", "gpt-40", "acme/gpt-4", "claude")]
    assert [match and match.alias.name for match in found] == ["gpt-4", "gpt-*", None, None]


def test_the_default_provider_gets_the_whole_string() -> None:
    assert route(directory(default="other"), "Qwen/Qwen3") == ("other", "Qwen/Qwen3", "")


@pytest.mark.parametrize("model", ["resting/x", "rest", "gone"])
def test_what_is_switched_off_or_gone_never_goes_to_another_provider(model: str) -> None:
    with pytest.raises(ModelNotFound):
        route(directory(), model)


def test_one_that_joined_by_itself_is_asked_by_its_name_or_as_the_default_alone() -> None:
    joined = provider("local", models=("rare",), origin="automatic")
    acme = provider("acme", models=("common",))
    state = directory(providers=(joined, acme))

    assert route(state, "local/rare") == ("local", "rare", "")
    assert route(state, "rare") == ("acme", "rare", "")
    assert (
        route(directory(providers=(provider("local", models=("common",), origin="automatic"), acme)), "common")[0]
        == "acme"
    )
    assert route(directory(providers=(joined, acme), default="local"), "rare") == ("local", "rare", "")


@pytest.mark.parametrize("default", ["", "acme"])
def test_a_model_of_one_that_may_join_never_goes_to_another_provider_while_it_is_away(default: str) -> None:
    state = Directory(replace(directory(default=default).catalog, awaited=("acme", "ollama")), b"")

    with pytest.raises(ModelNotFound, match="provider 'ollama' is away"):
        resolve(state, caller(state), "ollama/llama3")
    assert route(state, "acme/small")[:2] == ("acme", "small")
    assert route(state, "ollama")[:2] == ("acme", "ollama")


def test_the_sandbox_is_the_fallback_only_when_it_is_alone() -> None:
    assert route(directory(providers=(SANDBOX,)), "whatever") == ("sandbox", "whatever", "")
    with pytest.raises(ModelNotFound, match="did you mean"):
        route(directory(providers=(RESTING, provider("acme", origin="automatic"))), "fats")


@pytest.mark.parametrize(
    ("allowed", "model", "may"),
    [
        (("acme/*",), "acme/small", True),
        (("acme/*",), "small", True),
        (("acme/*",), "other/large", False),
        (("fast",), "fast", True),
        (("fast",), "acme/small", False),
        (("Acme/*",), "acme/small", False),
        (("*",), "other/large", True),
        (("gpt-*",), "gpt-4o", True),
        (("other/gpt-4o",), "gpt-4o", True),
        (("other/gpt-4",), "gpt-4o", False),
    ],
)
def test_allowed_models_match_the_requested_or_the_resolved_name(
    allowed: tuple[str, ...], model: str, may: bool
) -> None:
    state = directory(allowed_models=allowed)
    if may:
        route(state, model)
        return
    with pytest.raises(ModelNotAllowed):
        route(state, model)


def test_a_providers_own_list_holds_for_everybody() -> None:
    with pytest.raises(ModelNotAllowed):
        route(directory(providers=(provider("acme", allowed_models=("small",)),)), "acme/other")


def offered(state: Directory) -> list[str]:
    return [offer.name for offer in offered_models(state, caller(state))]


def test_models_are_offered_under_the_name_that_leads_to_them() -> None:
    models = ["acme/small", "acme/org/big", "other/large", "sandbox/echo"]

    assert offered(directory()) == ["fast", "mine", "gpt-4", *models]
    assert offered(directory(team="physics")) == ["fast", "mine", "gpt-4", *models]
    assert offered(directory(allowed_models=("fast", "other/*"))) == ["fast", "other/large"]


def test_an_offered_alias_tells_where_it_leads_now() -> None:
    (fast, *_), state = [*offered_models(directory(), caller(directory()))], directory(team="physics")

    assert (fast.provider, fast.model, fast.profile) == ("acme", "small", "work")
    assert [one.model for one in offered_models(state, caller(state)) if one.name == "mine"] == ["for-team"]


def test_nobody_is_told_of_names_that_are_anothers() -> None:
    state = directory(providers=(provider("p", enabled=False),))

    with pytest.raises(ModelNotFound) as raised:
        resolve(state, caller(state), "minf")

    assert "'mine'" not in raised.value.message


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("fast", True),
        ("gpt-4", True),
        ("gpt-4o", False),
        ("acme/small", True),
        ("acme/old", True),
        ("acme/anything", False),
        ("large", True),
        ("resting/x", False),
        ("unheard-of", False),
    ],
)
def test_a_name_is_real_where_an_alias_or_a_list_has_it(model: str, expected: bool) -> None:
    state = directory()

    assert is_really_named(state, caller(state), model) is expected


def test_everybody_who_lists_a_model_offers_it_unless_the_name_leads_elsewhere() -> None:
    twice = provider("twice", models=("large", "fast"))
    strict = provider("strict", models=("large",), allowed_models=("x",))
    state = directory(providers=(ACME, OTHER, twice, strict))
    left_out: list[LeftOut] = []

    found = offering(state, caller(state), "large", left_out)

    assert [route.full_name for route in found] == ["other/large", "twice/large"]
    assert left_out == [("strict/large", "not_offered")]
    assert [route.model for route in offering(state, caller(state), "old", left_out)] == ["new"]
    assert offering(state, caller(state), "fast", left_out) == offering(state, caller(state), "acme/x", left_out) == []


def test_a_key_is_offered_what_it_may_use() -> None:
    state = directory(providers=(OTHER, provider("twice", models=("large",))), allowed_models=("twice/*",))
    left_out: list[LeftOut] = []

    assert [route.full_name for route in offering(state, caller(state), "large", left_out)] == ["twice/large"]
    assert left_out == [("other/large", "not_allowed")]

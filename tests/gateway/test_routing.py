import pytest

from tests.gateway.fakes import KEY
from tokenrouter.domain.catalog import Alias, AliasTarget, Catalog, Key, Provider
from tokenrouter.domain.errors import ModelNotAllowed, ModelNotFound
from tokenrouter.domain.keys import key_digest
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.routing import offered_models, resolve


def provider(name: str, **more: object) -> Provider:
    return Provider(name, "openai-compatible", "http://127.0.0.1:9/v1", **more)  # type: ignore[arg-type]


ACME = provider("acme", models=("small", "org/big"), model_mapping={"old": "new"})
OTHER = provider("other", models=("large",))
RESTING = provider("resting", enabled=False)
SANDBOX = provider("sandbox", origin="sandbox", models=("echo",))
ALIASES = (
    Alias("fast", (AliasTarget("work", "acme", "small"), AliasTarget("home", "other", "large"))),
    Alias("gone", (AliasTarget("work", "nowhere", "x"),)),
    Alias("rest", (AliasTarget("work", "resting", "x"),)),
)


def directory(
    *, default: str = "", providers: tuple[Provider, ...] = (ACME, OTHER, RESTING, SANDBOX), **key: object
) -> Directory:
    alice = Key(id="k", name="alice", digest=key_digest(KEY, b""), **key)  # type: ignore[arg-type]
    state = Catalog(
        providers=providers, keys=(alice,), aliases=ALIASES, active_profile="work", default_provider=default
    )
    return Directory(state, b"")


def route(state: Directory, model: str) -> tuple[str, str, str]:
    found = resolve(state, state.authenticate((KEY,), 0.0), model)
    return found.entry.provider.name, found.model, found.alias


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("fast", ("acme", "small", "fast")),
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


def test_the_default_provider_gets_the_whole_string() -> None:
    assert route(directory(default="other"), "Qwen/Qwen3") == ("other", "Qwen/Qwen3", "")


@pytest.mark.parametrize("model", ["resting/x", "rest", "gone"])
def test_what_is_switched_off_or_gone_never_goes_to_another_provider(model: str) -> None:
    with pytest.raises(ModelNotFound):
        route(directory(), model)


def test_the_sandbox_is_the_fallback_only_when_it_is_alone() -> None:
    assert route(directory(providers=(SANDBOX,)), "whatever") == ("sandbox", "whatever", "")
    with pytest.raises(ModelNotFound, match="did you mean"):
        route(directory(providers=(RESTING, provider("p", enabled=False))), "fats")


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


def test_models_are_offered_under_the_name_that_leads_to_them() -> None:
    assert list(offered_models(directory())) == [
        "fast",
        "gone",
        "rest",
        "acme/small",
        "acme/org/big",
        "other/large",
        "sandbox/echo",
    ]

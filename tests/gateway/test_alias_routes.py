from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.fakes import KEY, Told
from tokenrouter.domain.alias_checks import alias_mistakes
from tokenrouter.domain.aliases import MAX_CHAIN, SELECTIONS, Alias, Selection, Target
from tokenrouter.domain.catalog import Catalog, Key, Provider
from tokenrouter.domain.conduct import Conduct
from tokenrouter.domain.errors import GatewayError, ModelNotAllowed, ModelNotFound
from tokenrouter.domain.keys import key_digest
from tokenrouter.gateway.alias_routes import alias_ends
from tokenrouter.gateway.choices import ByLength, Choice, Spread, plan, routes_of
from tokenrouter.gateway.decisions import WHY, LeftOut
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.policies import POLICIES
from tokenrouter.gateway.routing import offered_models, resolve

PARENT = b"tr_parent-key-0123456789"


def provider(name: str, kind: str = "openai-compatible", **more: object) -> Provider:
    url = "https://api.openai.com/v1" if kind == "openai" else "http://127.0.0.1:9/v1"
    return Provider(name, kind, url, **more)  # type: ignore[arg-type]


PROVIDERS = (
    provider("acme", allowed_models=("small", "large", "nano", "mini*", "chat-*")),
    provider("other", model_mapping={"old": "new"}),
    provider("off", enabled=False),
    provider("keyless", kind="openai"),
)


def directory(
    *aliases: Alias, profile: str = "default", allowed: tuple[str, ...] = (), parents: tuple[str, ...] = ()
) -> Directory:
    parent = Key("p", "parent", key_digest(PARENT, b""), allowed_models=parents)
    alice = Key("k", "alice", key_digest(KEY, b""), allowed_models=allowed, parent_id="p", team="physics")
    return Directory(Catalog(providers=PROVIDERS, keys=(alice, parent), aliases=aliases, active_profile=profile), b"")


def choice(state: Directory, name: str) -> Choice:
    return resolve(state, state.authenticate((KEY,), 0.0), name)


def ends(state: Directory, name: str) -> list[str]:
    return [route.full_name for route in routes_of(choice(state, name))]


def first(state: Directory, name: str) -> str:
    """Where a request of ordinary length goes unless that fails."""
    return ends(state, name)[0]


def to(*names: str) -> tuple[Target, ...]:
    return tuple(map(Target, names))


NESTED = Alias("nested", to("other/x", "acme/small"))


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (("acme/small", "other/x"), "acme/small"),
        (("off/x", "other/x"), "other/x"),
        (("keyless/x", "other/x"), "other/x"),
        (("gone/x", "other/x"), "other/x"),
        (("acme/not-offered", "other/x"), "other/x"),
        (("other/old",), "other/new"),
        (("nested", "acme/small"), "other/x"),
        (("dead", "acme/small"), "acme/small"),
    ],
)
def test_the_first_target_that_can_be_used_is_taken(targets: tuple[str, ...], expected: str) -> None:
    state = directory(Alias("fast", to(*targets)), Alias("nested", to("other/x")), Alias("dead", to("off/x")))

    assert first(state, "fast") == expected


def test_the_others_are_for_when_it_has_failed_each_once_and_the_fallback_last() -> None:
    aliases = (Alias("fast", to("acme/small", "off/x", "nested", "acme/nano"), fallback="acme/large"), NESTED)
    choice_ = choice(directory(*aliases), "fast")

    assert [route.full_name for route in plan(choice_, Told())] == [
        "acme/small",
        "other/x",
        "acme/nano",
        "acme/large",
    ]


def test_a_provider_without_its_key_is_no_target_unless_it_may_need_none() -> None:
    with_key = provider("keyless", kind="openai", secret="sk-1")
    elsewhere = Provider("keyless", "openai", "http://127.0.0.1:9/v1")
    for known, usable in ((PROVIDERS[3], False), (with_key, True), (elsewhere, True)):
        state = Directory(Catalog(providers=(known,), aliases=(Alias("a", to("keyless/x")),)), b"")

        assert (alias_ends(state, state.catalog.aliases[0])[0] == ["keyless/x"]) == usable


def test_of_weighted_targets_those_that_can_be_used_share_the_requests() -> None:
    targets = (Target("acme/small", weight=3), Target("off/x", weight=5), Target("other/x"))

    found = choice(directory(Alias("fast", targets, selection="weighted")), "fast")

    assert isinstance(found, Spread)
    assert ([route.full_name for route in routes_of(found)], found.weights) == (["acme/small", "other/x"], (3, 1))


@pytest.mark.parametrize("selection", sorted(POLICIES))
def test_each_selection_chooses_by_its_policy_and_keeps_conversations_together_where_that_is_wanted(
    selection: Selection,
) -> None:
    policy = POLICIES[selection]
    for sticky, kept in ((True, policy.kept), (False, None)):
        alias = Alias("fast", to("acme/small", "other/x"), selection=selection, conduct=Conduct(sticky=sticky))

        found = choice(directory(alias), "fast")

        assert isinstance(found, Spread)
        assert (found.order, found.kept) == (policy.order, kept)


def test_the_fallback_comes_after_every_target() -> None:
    spare = Alias("spare", to("other/x"))

    assert ends(directory(Alias("fast", to("off/x"), fallback="spare"), spare), "fast") == ["other/x"]
    assert ends(directory(Alias("fast", to("off/x"), fallback="acme/small"), spare), "fast") == ["acme/small"]
    assert ends(directory(Alias("fast", to("acme/small"), fallback="spare"), spare), "fast") == [
        "acme/small",
        "other/x",
    ]


PROFILED = Alias("fast", (Target("acme/small"), Target("off/x", "home"), Target("other/x", "home")))


@pytest.mark.parametrize(
    ("profile", "expected"), [("default", "acme/small"), ("home", "other/x"), ("unheard-of", "acme/small")]
)
def test_the_active_profile_chooses_and_the_default_one_stands_in(profile: str, expected: str) -> None:
    assert ends(directory(PROFILED, profile=profile), "fast") == [expected]


def test_an_alias_without_the_active_profile_or_a_default_one_leads_nowhere() -> None:
    with pytest.raises(ModelNotFound, match="no target in the active profile 'work'"):
        choice(directory(Alias("fast", (Target("acme/small", "home"),)), profile="work"), "fast")


@pytest.mark.parametrize(
    ("light", "expected"),
    [
        ("nano", "acme/nano"),
        ("mini/v2", "acme/mini/v2"),
        ("other/x", "other/x"),
        ("nested", "other/y"),
        ("acme/nano", "acme/nano"),
    ],
)
def test_a_light_model_is_one_of_the_targets_provider_or_of_any(light: str, expected: str) -> None:
    alias = Alias("fast", to("acme/small"), use_light_model=True, light_model=light, light_model_threshold=40)

    found = choice(directory(alias, Alias("nested", to("other/y"))), "fast")

    assert isinstance(found, ByLength)
    assert (found.below_tokens, [route.full_name for route in routes_of(found)]) == (40, ["acme/small", expected])


@pytest.mark.parametrize(
    "change",
    [
        {"light_model": "off/x"},
        {"light_model": "not-offered"},
        {"light_model_threshold": 0},
        {"use_light_model": False},
    ],
)
def test_a_light_model_that_cannot_be_used_is_left_out(change: dict[str, object]) -> None:
    said = {"use_light_model": True, "light_model": "nano", **change}

    assert ends(directory(Alias("fast", to("acme/small"), **said)), "fast") == ["acme/small"]  # type: ignore[arg-type]


def test_the_rule_of_a_fallback_is_its_own() -> None:
    spare = Alias("spare", to("acme/large"), use_light_model=True, light_model="nano")
    fast = Alias("fast", to("off/x"), fallback="spare", use_light_model=True, light_model="other/x")

    assert ends(directory(fast, spare), "fast") == ["acme/large", "acme/nano"]


EVERYTHING = Alias("all", to("via", "other/x"), fallback="spare", use_light_model=True, light_model="acme/nano")
CHAIN = (EVERYTHING, Alias("via", to("acme/small")), Alias("spare", to("acme/large")))


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (("all",), ["acme/small", "acme/nano", "other/x", "acme/nano", "acme/large"]),
        (("via",), ["acme/small"]),
        (("acme/nano", "acme/small"), ["acme/small", "acme/nano"]),
        (("other/*",), ["other/x"]),
        (("acme/large",), ["acme/large"]),
        (("spare",), ["acme/large"]),
    ],
)
def test_who_may_use_an_alias_may_use_what_it_leads_to_and_else_only_what_is_allowed(
    allowed: tuple[str, ...], expected: list[str]
) -> None:
    assert ends(directory(*CHAIN, allowed=allowed), "all") == expected


def test_every_key_of_the_chain_must_allow_by_one_name_or_another() -> None:
    assert ends(directory(*CHAIN, allowed=("all",), parents=("acme/small",)), "all") == ["acme/small"]
    with pytest.raises(ModelNotAllowed):
        choice(directory(*CHAIN, allowed=("other/*",), parents=("acme/*",)), "all")


def test_what_a_key_may_use_by_an_alias_it_may_not_ask_for_itself() -> None:
    state = directory(*CHAIN, allowed=("all",))

    with pytest.raises(ModelNotAllowed):
        choice(state, "acme/small")
    assert [offer.name for offer in offered_models(state, state.authenticate((KEY,), 0.0))] == ["all"]


def test_an_alias_knows_those_of_its_own_scope_before_everybodys() -> None:
    aliases = (
        Alias("fast", to("inner")),
        Alias("inner", to("acme/small")),
        Alias("inner", to("acme/large"), scope="team:physics"),
        Alias("mine", to("inner"), scope="team:physics"),
    )

    assert ends(directory(*aliases), "mine") == ["acme/large"]
    assert ends(directory(*aliases), "fast") == ["acme/small"]


def test_a_pattern_hands_on_what_stands_in_its_place() -> None:
    state = directory(
        Alias("my-*-v1", to("off/*", "acme/chat-*-x"), use_light_model=True, light_model="acme/mini-*"),
        Alias("5", to("other/wrong")),
        Alias("all-*", to("*")),
    )

    assert ends(state, "my-5-v1") == ["acme/chat-5-x", "acme/mini-5"]
    with pytest.raises(ModelNotFound):
        choice(state, "all-5")


def test_it_is_told_why_an_alias_leads_nowhere() -> None:
    alias = Alias("fast", to("off/x", "keyless/x", "gone/x", "acme/x"))

    names, problem = alias_ends(directory(alias), alias)

    assert names == []
    assert problem == (
        "The alias 'fast' leads nowhere now: provider 'off' is disabled; provider 'keyless' has no key; "
        "provider 'gone' is gone; model 'x' of provider 'acme' is not offered here."
    )


NAMES = [f"a{number}" for number in range(5)]
REFERENCES = st.sampled_from([*NAMES, "a*", "acme/small", "off/x", "gone/x", "acme/*", "x"])
SCOPES = st.sampled_from(["global", "team:physics", "user:ann"])
CONFIGURED = st.lists(
    st.builds(
        Alias,
        name=st.sampled_from([*NAMES, "a*", "b*c"]),
        targets=st.lists(
            st.builds(Target, REFERENCES, st.sampled_from(["default", "home"]), st.integers(1, 3)), max_size=4
        ).map(tuple),
        scope=SCOPES,
        selection=st.sampled_from(SELECTIONS),
        fallback=st.one_of(st.just(""), REFERENCES),
        use_light_model=st.booleans(),
        light_model=st.one_of(st.just("nano"), REFERENCES),
    ),
    max_size=14,
)


@given(CONFIGURED, st.sampled_from(["default", "home"]))
def test_whatever_is_configured_resolving_ends(aliases: list[Alias], profile: str) -> None:
    state = directory(*aliases, profile=profile)

    for name in (*NAMES, "a9", "bc", "bxc"):
        try:
            found = choice(state, name)
        except GatewayError:
            continue
        assert all(route.entry.provider.name == "acme" for route in routes_of(found))


def chain(length: int) -> list[Alias]:
    links = [Alias(f"l{number}", to(f"l{number + 1}", f"l{number + 1}")) for number in range(length - 1)]
    return [*links, Alias(f"l{length - 1}", to("acme/small"))]


@pytest.mark.parametrize("selection", SELECTIONS)
def test_a_pile_of_aliases_is_followed_without_taking_each_way_through_it(selection: Selection) -> None:
    pile = [Alias(one.name, one.targets, selection=selection) for one in chain(MAX_CHAIN)]

    assert set(ends(directory(*pile), "l0")) == {"acme/small"}


def test_what_is_a_configuration_error_is_left_out_when_it_comes_about_all_the_same() -> None:
    too_long: Sequence[Alias] = chain(MAX_CHAIN + 1)
    circle = (Alias("x", to("y", "acme/small")), Alias("y", to("x")))

    assert alias_mistakes(too_long, ["acme"])
    assert alias_mistakes(circle, ["acme"])
    with pytest.raises(ModelNotFound, match="in a circle, or through more than 16 aliases"):
        choice(directory(*too_long), "l0")
    assert ends(directory(*circle), "x") == ["acme/small"]


def test_what_cannot_be_used_is_told_with_its_reason_once() -> None:
    nowhere = Alias("nowhere", (Target("acme/small", "elsewhere"),))
    targets = to("off/x", "gone/x", "keyless/x", "acme/never", "other/secret", "nowhere", "off/x", "acme/small")
    state = directory(Alias("fast", targets), nowhere, allowed=("acme/*", "nowhere"))
    left_out: list[LeftOut] = []

    resolve(state, state.authenticate((KEY,), 0.0), "fast", left_out)

    assert left_out == [
        ("off/x", "disabled"),
        ("gone/x", "gone"),
        ("keyless/x", "no_key"),
        ("acme/never", "not_offered"),
        ("other/secret", "not_allowed"),
        ("nowhere", "no_target"),
    ]
    assert {why for _, why in left_out} <= WHY.keys()


@pytest.mark.parametrize("name", ["fast", "lab/mine", "gpt-*"])
@pytest.mark.parametrize("scope", ["team:physics", "user:ann"])
def test_an_alias_that_people_make_for_themselves_gives_no_more_than_their_keys_may_use(scope: str, name: str) -> None:
    made = Alias(name, to("acme/large", "acme/small"), scope=scope, origin="database")
    key = Key("k", "alice", key_digest(KEY, b""), allowed_models=("fast", "lab/*", "gpt-*"), team="physics", user="ann")
    asked = name.replace("*", "4")

    with pytest.raises(ModelNotAllowed):
        choice(Directory(Catalog(providers=PROVIDERS, keys=(key,), aliases=(made,)), b""), asked)
    freer = replace(key, allowed_models=(*key.allowed_models, "acme/small"))
    state = Directory(Catalog(providers=PROVIDERS, keys=(freer,), aliases=(made,)), b"")
    declared = replace(made, origin="torod.toml:7")

    assert ends(state, asked) == ["acme/small"]
    assert first(Directory(Catalog(providers=PROVIDERS, keys=(key,), aliases=(declared,)), b""), asked) == "acme/large"


def test_an_alias_of_ones_own_leads_to_one_of_everybodys_that_the_key_may_use() -> None:
    own = Alias("mine", to("fast"), scope="team:physics", origin="database")
    everybodys = Alias("fast", to("acme/large"), origin="database")

    assert ends(directory(own, everybodys, allowed=("fast",)), "mine") == ["acme/large"]

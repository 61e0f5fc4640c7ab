import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.alias_text import (
    MAX_NAME_CHARS,
    MAX_TARGETS,
    InvalidAlias,
    alias_fields,
    alias_mistakes,
    read_alias,
)
from tokenrouter.domain.aliases import MAX_CHAIN, Alias, Target

PROVIDERS = ("acme", "other")


def test_a_whole_alias_is_read() -> None:
    alias = read_alias(
        {
            "name": "fast",
            "scope": "team:physics",
            "targets": [
                "acme/small",
                {"target": "other/big", "weight": 3, "profile": "home"},
                {"provider": "acme", "model": "org/large", "profile": None},
            ],
            "selection": "weighted",
            "fallback": "spare",
            "use_light_model": True,
            "light_model": "nano",
            "light_model_threshold": 40,
            "comment": "for all",
        },
        "torod.toml:3",
    )

    assert alias == Alias(
        name="fast",
        targets=(Target("acme/small"), Target("other/big", "home", 3), Target("acme/org/large")),
        scope="team:physics",
        selection="weighted",
        fallback="spare",
        use_light_model=True,
        light_model="nano",
        light_model_threshold=40,
        origin="torod.toml:3",
    )


def test_what_is_not_said_is_as_usual() -> None:
    alias = read_alias({"name": "fast", "targets": ["acme/small"], "use_light_model": True, "light_model": "nano"})

    assert (alias.scope, alias.selection, alias.fallback, alias.light_model_threshold) == ("global", "ordered", "", 100)
    for weight, selection in ((None, "ordered"), (1, "weighted"), (2, "weighted")):
        targets = ["a/b", {"target": "a/b", "weight": weight}]
        assert read_alias({"name": "f", "targets": targets}).selection == selection


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"name": ""}, "name: is missing"),
        ({"name": None}, "name: is missing"),
        ({"name": 5}, "name: must be text"),
        ({"name": "a*b*"}, "name: 'a*b*' has more than one '*'"),
        ({"name": "a\nb"}, "name: 'a\\nb' is too long, or has a character"),
        ({"name": "a" * (MAX_NAME_CHARS + 1)}, "is too long"),
        ({"scope": "physics"}, "scope: 'physics' is not known; use global, team:NAME or user:NAME"),
        ({"scope": "team:"}, "scope: 'team:' is not known"),
        ({"targets": []}, "targets: at least one is needed"),
        ({"targets": None}, "targets: at least one is needed"),
        ({"targets": "acme/small"}, "targets: must be an array"),
        ({"targets": [5]}, "targets[0]: must be text or a table"),
        ({"targets": ["a/b"] * (MAX_TARGETS + 1)}, "targets: has 101; at most 100"),
        ({"targets": [{}]}, "targets[0].target: is missing"),
        ({"targets": [{"provider": "acme"}]}, "targets[0].model: is missing"),
        ({"targets": [{"target": "a/b", "model": "c"}]}, "targets[0].model: is said by `target` already"),
        ({"targets": [{"target": "a/b", "wieght": 2}]}, "targets[0].wieght: unknown key; did you mean \"weight\"?"),
        ({"targets": ["a/b", {"target": "a/b", "weight": 0}]}, "targets[1].weight: 0 must be from 1 to 1000000"),
        ({"targets": [{"target": "a/b", "weight": True}]}, "targets[0].weight: must be a whole number"),
        ({"targets": [{"target": "a/b", "profile": "home"}]}, 'targets: has none for the profile "default"'),
        ({"targets": ["acme/*"]}, "targets[0].target: 'acme/*' has a '*', and the alias's name has none"),
        ({"name": "a*", "targets": ["acme/*-*"]}, "targets[0].target: 'acme/*-*' has more than one '*'"),
        ({"fallback": "acme/*"}, "fallback: 'acme/*' has a '*'"),
        ({"selection": "wheighted"}, "selection: 'wheighted' is not known; did you mean \"weighted\"?"),
        ({"use_light_model": True}, "light_model: is missing: use_light_model is on"),
        ({"use_light_model": "yes"}, "use_light_model: must be true or false"),
        ({"light_model_threshold": -1}, "light_model_threshold: -1 must be from 0 to"),
        ({"falback": "x"}, "falback: unknown key; did you mean \"fallback\"?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_its_field(said: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidAlias) as raised:
        read_alias({"name": "fast", "targets": ["acme/small"], **said})

    assert words in str(raised.value)


def test_a_predecessors_alias_needs_no_default_profile() -> None:
    said = {"name": "fast", "targets": [{"provider": "acme", "model": "small", "profile": "work"}]}

    assert read_alias(said, needs_default=False).targets == (Target("acme/small", "work"),)


texts = st.text(max_size=9)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["name", "scope", "targets", "selection", "fallback", "light_model"]), anything))
def test_whatever_is_said_is_read_or_refused(said: dict[str, Any]) -> None:
    try:
        alias = read_alias(said)
    except InvalidAlias:
        return
    assert read_alias(json.loads(json.dumps(alias_fields(alias)))) == alias


# Aliases beside each other.


def alias(name: str, *targets: str, scope: str = "global", **more: Any) -> Alias:
    return Alias(name, tuple(map(Target, targets or ("acme/small",))), scope, **more)


def mistakes(*aliases: Alias) -> list[str]:
    return [f"{one.alias.name}.{one.field}: {one.message}" for one in alias_mistakes(aliases, PROVIDERS)]


def test_aliases_that_are_right_have_no_mistake() -> None:
    assert not mistakes(
        alias("fast", "acme/org/small", "slow", fallback="other/x"),
        alias("slow", "other/large", use_light_model=True, light_model="anything"),
        alias("fast", "fast-of-all", "slow", scope="team:a"),
        alias("fast-of-all", scope="team:a"),
        alias("gpt-*", "acme/*"),
        alias("org/model"),
    )


@pytest.mark.parametrize(
    ("aliases", "words"),
    [
        ([alias("a"), alias("a")], "a.name: there is an alias 'a' of global already"),
        ([alias("acme/small", "other/x")], "a.name: 'acme/small' begins with the name of the provider 'acme'"),
        ([alias("a", "acne/small")], 'did you mean "acme/small"?'),
        ([alias("a", "acme/")], "a.targets[0]: 'acme/' is neither an alias that global knows nor"),
        ([alias("a", "slwo"), alias("slow")], 'nor PROVIDER/MODEL of a provider; did you mean "slow"?'),
        ([alias("a", "small")], "providers are acme, other"),
        ([alias("a", fallback="x")], "a.fallback: 'x' is neither"),
        ([alias("a", "own"), alias("own", scope="team:t")], "'own' is neither an alias that global knows"),
        ([alias("a", "own", scope="user:u"), alias("own", scope="team:t")], "an alias that user:u knows"),
        ([alias("a*", "b*"), alias("b*")], "a*.targets[0]: 'b*' is neither"),
        ([alias("a", "a")], "a.targets[0]: leads in a circle: a → a"),
        ([alias("a", "b"), alias("b", "acme/x", "c"), alias("c", fallback="a")], "c.fallback: leads in a circle: a"),
        ([alias("a", use_light_model=True, light_model="a")], "a.light_model: leads in a circle: a → a"),
        ([alias("x", "a"), alias("a", "b"), alias("b", "a")], "b.targets[0]: leads in a circle: a → b → a"),
        ([alias("fast"), alias("fast", "fast", scope="team:t")], "fast.targets[0]: leads in a circle: fast → fast"),
    ],
)  # fmt: skip
def test_what_is_wrong_among_aliases_is_told(aliases: list[Alias], words: str) -> None:
    (told,) = mistakes(*aliases)

    assert words in told.replace("acme/small.name", "a.name")


def test_a_light_model_that_is_off_leads_nowhere() -> None:
    assert not mistakes(alias("a", light_model="a"))


def test_a_way_through_many_aliases_is_too_long() -> None:
    links = [alias(f"l{number}", f"l{number + 1}") for number in range(MAX_CHAIN - 1)]
    last = alias(f"l{MAX_CHAIN - 1}")

    assert not mistakes(*links, last)
    (told,) = mistakes(alias("first", "l0"), *links, last)
    assert told == "first.targets: leads through more than 16 aliases, one after the other"


def test_chains_may_be_longer_than_the_interpreters_stack() -> None:
    links = [alias(f"l{number}", f"l{number + 1}") for number in range(3000)]

    assert "leads in a circle" in mistakes(*links, alias("l3000", "l0"))[0]


def has_circle(aliases: list[Alias]) -> bool:
    """Another way to see it: whoever leads only to those that lead nowhere is taken out, again and again."""
    left = {(one.scope, one.name): one for one in aliases}
    onward = {
        place: {
            next((key for key in ((one.scope, name), ("global", name)) if key in left and "*" not in name), None)
            for _, name in one.references()
        }
        for place, one in left.items()
    }
    while ended := [place for place, ends in onward.items() if not (ends & onward.keys())]:
        for place in ended:
            del onward[place]
    return bool(onward)


references = st.sampled_from(["a", "b", "c", "d", "a*", "acme/x"])


@given(
    st.lists(
        st.builds(
            Alias,
            st.sampled_from(["a", "b", "c", "d", "a*"]),
            st.lists(st.builds(Target, references), min_size=1, max_size=3).map(tuple),
            st.sampled_from(["global", "team:t", "user:u"]),
            fallback=st.one_of(st.just(""), references),
        ),
        max_size=9,
        unique_by=lambda one: (one.scope, one.name),
    )
)
def test_every_circle_is_found_and_none_is_made_up(aliases: list[Alias]) -> None:
    found = any("circle" in one.message for one in alias_mistakes(aliases, PROVIDERS))

    assert found == has_circle(aliases)

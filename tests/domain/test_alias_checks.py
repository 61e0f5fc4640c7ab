from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.alias_checks import alias_mistakes
from tokenrouter.domain.aliases import MAX_CHAIN, Alias, Target

PROVIDERS = ("acme", "other")


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

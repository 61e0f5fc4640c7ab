import pytest

from tokenrouter.domain.aliases import Alias, AliasTable, Match, Target, profiles_of

EVERYBODY = ("global",)
ANN = ("user:ann", "team:physics", "global")

TABLE = AliasTable(
    [
        Alias("fast", (Target("acme/replaced"),)),
        Alias("fast", (Target("acme/small"),)),
        Alias("fast", (Target("acme/large"),), scope="team:physics"),
        Alias("own", (Target("acme/own"),), scope="user:ann"),
        Alias("gpt-*", (Target("acme/*"),)),
        Alias("gpt-*-mini", (Target("acme/mini"),)),
        Alias("*", (Target("acme/any"),), scope="user:ann"),
        Alias("a*a", (Target("acme/a"),)),
    ]
)


def target(alias: Alias | None) -> str:
    return "" if alias is None else alias.targets[0].name


@pytest.mark.parametrize(
    ("scopes", "name", "expected"),
    [
        (EVERYBODY, "fast", "acme/small"),
        (ANN, "fast", "acme/large"),
        (ANN, "own", "acme/own"),
        (EVERYBODY, "own", ""),
        (EVERYBODY, "gpt-*", ""),
    ],
)
def test_the_first_scope_that_has_the_name_counts(scopes: tuple[str, ...], name: str, expected: str) -> None:
    assert target(TABLE.named(scopes, name)) == expected


@pytest.mark.parametrize(
    ("scopes", "name", "expected", "stem"),
    [
        (EVERYBODY, "gpt-5", "acme/*", "5"),
        (EVERYBODY, "gpt-", "acme/*", ""),
        (EVERYBODY, "gpt-5-mini", "acme/mini", "5"),
        (EVERYBODY, "GPT-5", "", ""),
        (EVERYBODY, "a", "", ""),
        (EVERYBODY, "aa", "acme/a", ""),
        (ANN, "gpt-5-mini", "acme/any", "gpt-5-mini"),
    ],
)
def test_the_longest_pattern_of_the_first_scope_counts(
    scopes: tuple[str, ...], name: str, expected: str, stem: str
) -> None:
    match = TABLE.matching(scopes, name)

    assert (target(match.alias if match else None), match.stem if match else "") == (expected, stem)


def test_a_stem_fills_the_references_of_its_pattern_alone() -> None:
    assert Match(Alias("gpt-*", ()), "5").filled("acme/chat-*") == "acme/chat-5"
    assert Match(Alias("fast", ()), "5").filled("acme/chat-*") == "acme/chat-*"


def test_those_that_a_scope_before_has_are_not_visible() -> None:
    assert [target(alias) for alias in TABLE.visible(ANN)] == ["acme/large", "acme/own"]
    assert [target(alias) for alias in TABLE.visible(EVERYBODY)] == ["acme/small"]


def test_the_default_profile_is_always_there() -> None:
    aliases = [Alias("a", (Target("x/y", "work"), Target("x/y", "home"))), Alias("b", (Target("x/y", "work"),))]

    assert profiles_of(aliases) == ("default", "work", "home")

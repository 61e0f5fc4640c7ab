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
    read_alias,
)
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.conduct import Conduct


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
            "sticky": False,
            "deadline_s": 30,
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
        conduct=Conduct(sticky=False, deadline_s=30.0),
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
        ({"deadline_s": -0.5}, "deadline_s: -0.5 must be from 0 to 3600"),
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

from pathlib import Path
from typing import Any

import pytest

from tokenrouter.config.changeable import CHANGEABLE, with_changes
from tokenrouter.config.described import DESCRIBED, Description
from tokenrouter.config.problems import InvalidValues
from tokenrouter.config.settings import Paths, Settings
from tokenrouter.config.shown import SECRET, SHOWN, shown_settings

SETTINGS = Settings(paths=Paths(None, Path("x"), Path("x"), Path("x")))
VALUES = {one.name: one.value for one in shown_settings(SETTINGS, SETTINGS, {})}
TYPES = {"flag": bool, "whole": int, "seconds": float, "text": str, "choice": str, "texts": list, "wholes": list}


def is_taken(name: str, value: Any) -> bool:
    try:
        with_changes(SETTINGS, {name: value})
    except InvalidValues:
        return False
    return True


def example(one: Description) -> Any:
    number = (one.least or 0) + 50
    by_kind = {"flag": True, "whole": int(number), "seconds": number, "text": "x", "choice": one.choices[:1]}
    return {**by_kind, "choice": one.choices[0] if one.choices else "", "texts": ["x"], "wholes": [int(number)]}[
        one.kind
    ]


def test_every_setting_is_described_and_nothing_else() -> None:
    assert set(DESCRIBED) == set(SHOWN)
    assert {name for name, one in DESCRIBED.items() if one.kind == "secret"} == SECRET


@pytest.mark.parametrize("name", sorted(set(SHOWN) - SECRET))
def test_the_usual_value_is_of_its_kind(name: str) -> None:
    one, value = DESCRIBED[name], VALUES[name]

    assert type(value) is TYPES[one.kind]
    if one.kind == "choice":
        assert value in one.choices


@pytest.mark.parametrize("name", CHANGEABLE)
def test_what_the_table_allows_is_taken(name: str) -> None:
    one = DESCRIBED[name]

    assert is_taken(name, example(one))
    assert all(is_taken(name, choice) for choice in one.choices)


@pytest.mark.parametrize(
    "name", [name for name in CHANGEABLE if DESCRIBED[name].kind in ("whole", "seconds", "wholes")]
)
def test_bounds_are_where_the_readers_have_them(name: str) -> None:
    one = DESCRIBED[name]
    assert one.least is not None
    least = one.least if one.kind == "seconds" else int(one.least)

    def wanted(number: Any) -> Any:
        return [number] if one.kind == "wholes" else number

    assert is_taken(name, wanted(least))
    assert not is_taken(name, wanted(least - 1 if one.kind != "seconds" else least - 0.01))
    if one.most is not None:
        assert is_taken(name, wanted(int(one.most)))
        assert not is_taken(name, wanted(int(one.most) + 1))


@pytest.mark.parametrize("name", [name for name in CHANGEABLE if DESCRIBED[name].choices])
def test_nothing_but_the_choices_is_taken(name: str) -> None:
    assert not is_taken(name, "something else")

from decimal import Decimal

import pytest

from tokenrouter.domain.limit_text import Mistake
from tokenrouter.domain.said import Said


def test_all_mistakes_are_collected_and_something_usable_stands_in() -> None:
    said = Said({"name": 5, "count": 9, "kind": "bleu", "left": None}, path="targets[0]")

    assert (said.text("name", "x"), said.count("count", 1, 0, 3), said.choice("kind", ("blue",), "blue")) == (
        "x",
        1,
        "blue",
    )
    assert not said.has("left")
    assert said.mistakes == [
        Mistake("targets[0].name", "must be text"),
        Mistake("targets[0].count", "9 must be from 0 to 3"),
        Mistake("targets[0].kind", "'bleu' is not known; did you mean \"blue\"?"),
    ]


@pytest.mark.parametrize("value", [2, 2.0, Decimal("2.0")])
def test_a_number_is_one_however_it_was_read(value: object) -> None:
    said = Said({"wait_s": value})

    assert said.number("wait_s", 1.0, 0.0, 5.0) == 2.0
    assert not said.mistakes


@pytest.mark.parametrize("value", [True, "2", 9, Decimal("nan")])
def test_what_is_none_or_too_much_is_a_mistake(value: object) -> None:
    said = Said({"wait_s": value})

    assert said.number("wait_s", 1.0, 0.0, 5.0) == 1.0
    assert said.mistakes


def test_what_is_no_table_says_nothing() -> None:
    assert Said("text").items("members") == []

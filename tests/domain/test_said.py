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


def test_what_is_no_table_says_nothing() -> None:
    assert Said("text").items("members") == []

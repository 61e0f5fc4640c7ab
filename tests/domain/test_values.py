from dataclasses import replace

import pytest

from tokenrouter.domain.items import Text
from tokenrouter.domain.values import value


@value(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0


def test_equal_fields_make_equal_values() -> None:
    assert Point(1) == Point(1, 0) == replace(Point(1, 2), y=0)
    assert Point(1) != Point(2)
    assert {Point(1), Point(1, 0)} == {Point(1)}


def test_it_holds_nothing_but_its_fields() -> None:
    with pytest.raises(AttributeError):
        Point(1).z = 1  # type: ignore[attr-defined]


def test_the_type_checker_refuses_to_change_one() -> None:
    """`make check` fails where an ignored error is none, so it is mypy that tests this."""
    Point(1).x = 2  # type: ignore[misc]
    Text("a").text = "b"  # type: ignore[misc]

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.conduct import USUAL, Conduct
from tokenrouter.domain.conduct_text import CONDUCT_FIELDS, NUMBER_RANGES, conduct_fields, read_conduct, said_of
from tokenrouter.domain.said import Said

conducts = st.builds(
    Conduct,
    **{name: st.floats(*ends) for name, ends in NUMBER_RANGES.items()},
    **{name: st.booleans() for name in CONDUCT_FIELDS if name not in NUMBER_RANGES},
)


@given(conducts)
def test_what_is_written_is_read_back(conduct: Conduct) -> None:
    for written in (conduct_fields(conduct), said_of(conduct)):
        said = Said(json.loads(json.dumps(written)))
        assert (read_conduct(said), said.mistakes) == (conduct, [])


def test_only_what_is_not_as_usual_is_kept() -> None:
    assert said_of(USUAL) == {}
    assert said_of(Conduct(hedge=True, deadline_s=5)) == {"hedge": True, "deadline_s": 5}


def test_every_number_has_its_ends_and_the_usual_lies_between_them() -> None:
    assert {one.name for one in fields(Conduct) if one.type is float} == set(NUMBER_RANGES)
    for name, (least, most) in NUMBER_RANGES.items():
        assert least <= getattr(USUAL, name) <= most


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"sticky": "yes"}, "sticky: must be true or false"),
        ({"hedge_percent": True}, "hedge_percent: must be a number"),
        ({"hedge_percent": 101}, "hedge_percent: 101 must be from 0 to 100"),
        ({"probe_s": float("nan")}, "probe_s: nan must be from 0.1 to 60"),
        ({"deadline_s": 3601}, "deadline_s: 3601 must be from 0 to 3600"),
    ],
)
def test_what_cannot_be_is_told(written: dict[str, Any], words: str) -> None:
    said = Said(written)

    assert read_conduct(said) == USUAL
    assert [f"{one.field}: {one.message}" for one in said.mistakes] == [words]

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.json import peek_object, write_object
from tokenrouter.domain.errors import InvalidJson, NestedTooDeeply

VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
OBJECTS: Any = st.dictionaries(st.text(max_size=8), VALUES, max_size=6)
LAYOUTS: Any = st.sampled_from([{"separators": (",", ":")}, {}, {"indent": 2}, {"ensure_ascii": False}])


@given(OBJECTS, LAYOUTS)
def test_any_object_in_any_layout_is_split_and_put_together_again(
    value: dict[str, Any], layout: dict[str, Any]
) -> None:
    body = json.dumps(value, **layout).encode()

    fields = peek_object(body).fields

    assert {key: json.loads(bytes(raw)) for key, raw in fields.items()} == value
    assert json.loads(b"".join(write_object(fields))) == value


@given(OBJECTS, LAYOUTS, st.data())
def test_a_key_that_stands_twice_is_refused_in_any_layout(
    value: dict[str, Any], layout: dict[str, Any], data: Any
) -> None:
    names = list(value) or ["a"]
    twin = data.draw(st.sampled_from(names))
    body = json.dumps({**value, twin: 1}, **layout)
    doubled = body.rstrip().removesuffix("}") + f", {json.dumps(twin)}: 2" + "}"

    with pytest.raises(InvalidJson, match="twice"):
        peek_object(doubled.encode())


def test_a_twin_inside_a_value_is_the_providers_business() -> None:
    assert set(peek_object(b'{"a": {"b": 1, "b": 2},\n "c": 1}').fields) == {"a", "c"}


@pytest.mark.parametrize("body", [b"", b"x", b"[1]", b'"text"', b'{"a":', b'{"a":1}trailing'])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidJson):
        peek_object(body)


def test_a_deep_nest_is_refused_and_does_not_crash() -> None:
    with pytest.raises(NestedTooDeeply):
        peek_object(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


@given(OBJECTS, LAYOUTS, OBJECTS)
def test_a_changed_body_differs_in_the_changed_fields_only(
    value: dict[str, Any], layout: dict[str, Any], changes: dict[str, Any]
) -> None:
    peeked = peek_object(json.dumps(value, **layout).encode())

    pieces = peeked.changed({key: json.dumps(new).encode() for key, new in changes.items()})

    changed = json.loads(b"".join(pieces))
    assert changed == {**value, **changes}
    assert list(changed) == list({**value, **changes})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            b'{"model":"a/b",  "temperature": 1.0e0 ,"x":{"y" : [1 , 2]}}',
            b'{"model":"b","temperature":1.0e0,"x":{"y" : [1 , 2]},"n":1}',
        ),
        (b'{"x":{"y" : 1.0e0},"model":"a/b"}', b'{"x":{"y" : 1.0e0},"model":"b","n":1}'),
    ],
)
def test_changed_fields_stand_between_untouched_ones(body: bytes, expected: bytes) -> None:
    pieces = peek_object(body).changed({"model": b'"b"', "n": b"1"})

    assert b"".join(pieces) == expected


@given(st.dictionaries(st.sampled_from("abcé"), st.integers()), st.sets(st.sampled_from("abcd")))
def test_fields_can_be_left_out(fields: dict[str, int], names: set[str]) -> None:
    body = json.dumps(fields).encode()

    left = peek_object(body).without(names)

    assert json.loads(left.body) == {name: value for name, value in fields.items() if name not in names}
    assert json.loads(b"".join(left.changed({"z": b"1"})))["z"] == 1

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.cut_json import readings_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def begins(part: Any, whole: Any) -> bool:
    """Whether `part` is what `whole` is, as far as it goes."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and begins(part[key], whole[key]) for key in part)
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) <= len(whole) and all(map(begins, part, whole))
    if isinstance(part, str):
        return isinstance(whole, str) and whole.startswith(part)
    return bool(part == whole)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), st.integers(0, 400), st.booleans())
def test_whatever_is_cut_reads_as_the_beginning_of_it(value: dict[str, Any], at: int, as_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=as_ascii).encode("utf-8", "surrogatepass")
    for reading in readings_of(text[:at]):
        assert begins(json.loads(reading), value)


@given(st.binary(max_size=100))
def test_any_bytes_are_looked_at_without_an_error(cut: bytes) -> None:
    for _ in readings_of(cut):
        pass


def test_half_a_text_is_kept_and_then_only_whole_elements() -> None:
    cut = b'{"model":"m","messages":[{"role":"user","content":"one"},{"role":"user","content":"tw\\u00e'

    fullest, outer = map(json.loads, readings_of(cut))

    assert [turn["content"] for turn in fullest["messages"]] == ["one", "tw"]
    assert [turn["content"] for turn in outer["messages"]] == ["one"]


def test_a_member_without_its_value_is_left_out() -> None:
    assert json.loads(next(readings_of(b'{"a":1,"b":'))) == {"a": 1}
    assert json.loads(next(readings_of(b'{"a":1,"b'))) == {"a": 1}
    assert json.loads(next(readings_of(b'{"a":[1,23'))) == {"a": [1]}
    assert json.loads(next(readings_of(b'{"a":"x\\'))) == {"a": "x"}
    assert json.loads(next(readings_of(b'{"a":"x\\ud83d'))) == {"a": "x"}


def test_what_is_no_object_has_no_reading() -> None:
    for cut in (b"", b"  ", b"7", b'"abc', b"nothing"):
        assert list(readings_of(cut)) == []

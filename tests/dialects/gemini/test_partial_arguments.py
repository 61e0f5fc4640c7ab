import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.gemini.partial_arguments import PartialArguments, UnreadablePath
from tokenrouter.dialects.gemini.wire import WirePartialArg

leaves = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"]))
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(names, inner, min_size=1, max_size=3),
)


def pieces(value: object, path: str) -> Iterator[WirePartialArg]:
    """Tell `value` as Vertex AI does; texts in two pieces and an empty end."""
    if isinstance(value, dict):
        for name, each in value.items():
            quoted = name.replace("\\", "\\\\").replace("'", "\\'")
            step = f".{name}" if name.isalpha() else f"['{quoted}']"
            yield from pieces(each, path + step)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from pieces(each, f"{path}[{number}]")
    elif isinstance(value, str):
        half = len(value) // 2
        yield WirePartialArg(path, string_value=value[:half], will_continue=True)
        yield WirePartialArg(path, string_value=value[half:], will_continue=True)
        yield WirePartialArg(path, string_value="")
    elif isinstance(value, bool):
        yield WirePartialArg(path, bool_value=value)
    else:
        yield WirePartialArg(path, number_value=value if isinstance(value, int) else None)


@given(st.dictionaries(names, values, max_size=4))
def test_leaf_by_leaf_the_arguments_come_together(arguments: dict[str, object]) -> None:
    gathered = PartialArguments()
    for piece in pieces(arguments, "$"):
        gathered.take(piece)

    assert json.loads(gathered.text()) == arguments


def test_a_text_that_does_not_go_on_is_replaced() -> None:
    gathered = PartialArguments()
    for text in ("a", "b"):
        gathered.take(WirePartialArg("$.x", string_value=text))

    assert gathered.text() == '{"x":"b"}'


def test_names_may_be_quoted_either_way() -> None:
    gathered = PartialArguments()
    gathered.take(WirePartialArg("$[\"a.b\"]['c\\'d']", number_value=1.5))

    assert gathered.text() == '{"a.b":{"c\'d":1.5}}'


@pytest.mark.parametrize(
    "path", [None, "", "$", "x", "$x", "$.", "$.a[", "$[0]", "$.a[1]", "$.a[9999999]", "$.b.c", "$.b[0]"]
)
def test_a_place_that_cannot_be_is_an_error(path: str | None) -> None:
    gathered = PartialArguments()
    gathered.take(WirePartialArg("$.b", number_value=1))

    with pytest.raises(UnreadablePath):
        gathered.take(WirePartialArg(path, string_value="x"))

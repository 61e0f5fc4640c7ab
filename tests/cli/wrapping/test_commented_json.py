"""JSON as people write it."""

from typing import Any

import pytest

from tokenrouter.cli.wrapping.commented_json import read_commented_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1} // end', {"a": 1}),
        ('/* one\n two */ {"a": /* here */ 1}', {"a": 1}),
        ('{"a": "http://x/*y*/", "b": "\\"//"}', {"a": "http://x/*y*/", "b": '"//'}),
        ('{"a": [1, 2, ], }', {"a": [1, 2]}),
        ('{"a": ",}"}', {"a": ",}"}),
        ("\ufeff{}", {}),
        ("{} /* , */", {}),
    ],
)
def test_comments_and_last_commas_are_left_aside(text: str, value: Any) -> None:
    assert read_commented_json(text) == value


@pytest.mark.parametrize("text", ["", "{", '{"a": 1 2}', "// only", "{,}x"])
def test_what_is_no_json_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"line 1|Expecting"):
        read_commented_json(text)

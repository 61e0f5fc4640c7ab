import re

import pytest

from tokenrouter.dialects.answer_reading import count_content, has_error


@pytest.mark.parametrize(
    ("payload", "expected"), [(b'{"error":{"a":1}}', True), (b'{"error":null}', False), (b"{}", False), (b"x", False)]
)
def test_an_error_is_a_top_level_field_that_is_not_null(payload: bytes, expected: bool) -> None:
    assert has_error(payload) is expected


def test_content_is_counted_as_it_is_written() -> None:
    text = rb'{"text":"a\n\u00e9"},{"text":""},{"other":"x"}'

    assert count_content(re.compile(rb'"text":"([^"]*)"'), text) == len(rb"a\n\u00e9")

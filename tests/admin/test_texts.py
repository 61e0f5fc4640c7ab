import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.admin.texts import encodable


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_what_a_database_keeps_passes_as_it_is(text: str) -> None:
    assert encodable(text) == text


@pytest.mark.parametrize("text", ["a\0", "\ud800", "\udfff b"])
def test_what_no_database_keeps_is_refused_with_words(text: str) -> None:
    with pytest.raises(ValueError, match="it holds"):
        encodable(text)

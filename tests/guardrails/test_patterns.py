"""Patterns that an operator writes."""

import pytest

from tokenrouter.guardrails.patterns import MAX_PATTERN_CHARS, InvalidPattern, compiled, one_of


@pytest.mark.parametrize("pattern", ["(a", "", "a*", "(?=a)b", r"(a)\1", "x" * (MAX_PATTERN_CHARS + 1), "a{1,100000}"])
def test_a_pattern_that_cannot_be_used_says_why(pattern: str) -> None:
    with pytest.raises(InvalidPattern) as told:
        compiled(pattern)
    assert str(told.value)


def test_a_pattern_that_would_stop_another_engine_takes_no_longer_than_its_text() -> None:
    assert compiled("(a+)+b").search("a" * 100_000) is None


def test_words_stand_alone_in_any_case_and_script() -> None:
    words = one_of(("zeus", "größe", "c++"))
    assert [
        bool(words.search(text)) for text in ("Project ZEUS!", "zeuss", "amazeus", "die GRÖSSE", "die GRÖßE", "c++")
    ] == [
        True,
        False,
        False,
        False,
        True,
        True,
    ]

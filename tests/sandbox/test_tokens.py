"""Counting and cutting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.sandbox.tokens import Tokenizer, utf8

ratios = st.sampled_from([1.5, 2.5, 3.5, 4.0, 8.0])


@given(ratios, st.text(max_size=200), st.integers(1, 9))
def test_pieces_add_up_to_the_text_and_its_tokens(ratio: float, text: str, tokens_per_piece: int) -> None:
    tokenizer = Tokenizer(ratio)

    pieces = list(tokenizer.pieces(text, tokens_per_piece))

    assert "".join(piece.text for piece in pieces) == utf8(text).decode()
    assert sum(piece.tokens for piece in pieces) == tokenizer.count(text)
    assert all(piece.text and piece.tokens > 0 for piece in pieces)


@given(ratios, st.text(max_size=200), st.integers(0, 50))
def test_a_taken_beginning_keeps_to_its_limit(ratio: float, text: str, limit: int) -> None:
    tokenizer = Tokenizer(ratio)

    taken = tokenizer.take(text, limit)

    assert utf8(text).startswith(utf8(taken))
    assert tokenizer.count(taken) <= limit


@pytest.mark.parametrize("ratio", [1.5, 4.0, 8.0])
@pytest.mark.parametrize("tokens", [1, 2, 3, 64, 1000])
def test_lorem_is_as_long_as_asked(ratio: float, tokens: int) -> None:
    assert Tokenizer(ratio).count(Tokenizer(ratio).lorem(tokens)) == tokens

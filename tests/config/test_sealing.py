import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.config.sealing import SealBroken, Sealing

SEALING = Sealing(b"k" * 32)


@given(st.binary(max_size=2000), st.text(max_size=20))
def test_what_is_sealed_comes_out_again_and_shows_nothing(text: bytes, place: str) -> None:
    sealed = SEALING.seal(text, place)

    assert SEALING.unseal(sealed, place) == text
    assert len(text) < 8 or text not in sealed


def test_a_seal_opens_only_for_its_place_with_its_key_and_undamaged() -> None:
    sealed = SEALING.seal(b"words", "here")
    damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])

    for sealing, broken, place in (
        (SEALING, sealed, "there"),
        (Sealing(b"x" * 32), sealed, "here"),
        (SEALING, damaged, "here"),
        (SEALING, b"", "here"),
    ):
        with pytest.raises(SealBroken):
            sealing.unseal(broken, place)


def test_the_same_words_are_never_sealed_alike() -> None:
    assert SEALING.seal(b"words", "here") != SEALING.seal(b"words", "here")

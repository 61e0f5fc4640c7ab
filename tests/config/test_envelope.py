from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.config.envelope import CannotDecrypt, SecretPlace, rewrap, seal, unseal

PLACE = SecretPlace("provider", "acme", "api_key")
KEY, OTHER = b"k" * 32, b"o" * 32
PLACES = st.builds(SecretPlace, st.text(), st.text(), st.text())


@given(st.text(), PLACES)
def test_what_is_sealed_opens_with_its_key_and_at_its_place(text: str, place: SecretPlace) -> None:
    assert unseal(seal(text, place, "1", KEY), place, KEY) == text


@given(PLACES, PLACES)
def test_a_secret_opens_at_no_other_place(place: SecretPlace, other: SecretPlace) -> None:
    if place != other:
        with pytest.raises(CannotDecrypt):
            unseal(seal("secret", place, "1", KEY), other, KEY)


def test_a_secret_does_not_open_with_another_key() -> None:
    with pytest.raises(CannotDecrypt, match="damaged"):
        unseal(seal("secret", PLACE, "1", KEY), PLACE, OTHER)


def test_the_same_secret_is_never_sealed_alike() -> None:
    one, other = (seal("secret", PLACE, "1", KEY) for _ in range(2))

    assert one.sealed != other.sealed
    assert one.wrapped != other.wrapped


def test_a_rotation_leaves_the_sealed_text_and_makes_the_old_key_useless() -> None:
    before = seal("secret", PLACE, "1", KEY)
    after = rewrap(before, PLACE, KEY, "2", OTHER)

    assert (after.key_id, after.sealed, unseal(after, PLACE, OTHER)) == ("2", before.sealed, "secret")
    with pytest.raises(CannotDecrypt):
        unseal(after, PLACE, KEY)


@given(st.integers(0, 10_000))
def test_damage_is_found_wherever_it_is(at: int) -> None:
    envelope = seal("secret", PLACE, "1", KEY)
    at %= len(envelope.wrapped) + len(envelope.sealed)
    wrapped, sealed = bytearray(envelope.wrapped), bytearray(envelope.sealed)
    if at < len(wrapped):
        wrapped[at] ^= 1
    else:
        sealed[at - len(wrapped)] ^= 1

    for damaged in (
        replace(envelope, wrapped=bytes(wrapped), sealed=bytes(sealed)),
        replace(envelope, key_id="2"),
        replace(envelope, wrapped=b""),
        replace(envelope, sealed=b"short"),
    ):
        with pytest.raises(CannotDecrypt):
            unseal(damaged, PLACE, KEY)


def test_nothing_of_a_secret_is_in_what_is_printed() -> None:
    envelope = seal("secret", PLACE, "1", KEY)

    assert repr(envelope) == "Envelope(key_id='1')"

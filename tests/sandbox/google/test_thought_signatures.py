"""A signature is recognised by the one who made it, for what it was made for, and by nobody else."""

import pytest

from tokenrouter.sandbox.google.thought_signatures import Signer

SIGNER = Signer("gemini", "thinker")


def test_a_signature_is_recognised() -> None:
    assert SIGNER.made(SIGNER.sign("f({})"), "f({})")


def test_no_two_are_alike() -> None:
    assert SIGNER.sign() != SIGNER.sign()


@pytest.mark.parametrize("other", [Signer("vertex", "thinker"), Signer("gemini", "thinker-open")])
def test_it_is_bound_to_endpoint_and_model(other: Signer) -> None:
    assert not other.made(SIGNER.sign())


def test_it_is_bound_to_its_subject() -> None:
    assert not SIGNER.made(SIGNER.sign("f({})"), "g({})")


@pytest.mark.parametrize("cut", [0, 10, 63])
def test_a_cut_one_is_not_recognised(cut: int) -> None:
    assert not SIGNER.made(SIGNER.sign()[:cut])

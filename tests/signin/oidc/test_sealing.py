import base64

import pytest

from tokenrouter.signin.oidc.sealing import LIFETIME_S, MAX_SEALED_CHARS, new_errand, seal, unseal

KEY = b"k" * 32
ERRAND = new_errand("corp", "https://gateway.example/admin/oidc/corp/callback", 0.0)


def test_what_is_carried_comes_back_as_it_was() -> None:
    assert unseal(seal(ERRAND, KEY), KEY, 1.0) == ERRAND


def test_every_errand_has_values_of_its_own() -> None:
    other = new_errand("corp", ERRAND.came_to, 0.0)

    assert len({ERRAND.state, ERRAND.nonce, ERRAND.verifier, other.state, other.nonce, other.verifier}) == 6
    assert 43 <= len(ERRAND.verifier) <= 128


def test_nobody_else_can_read_or_make_one() -> None:
    cookie = seal(ERRAND, KEY)

    assert ERRAND.state.encode() not in base64.urlsafe_b64decode(cookie)
    assert unseal(cookie, b"o" * 32, 1.0) is None
    assert ERRAND.verifier not in repr(ERRAND)


@pytest.mark.parametrize("place", [0, 15, -3])
def test_a_changed_one_is_none(place: int) -> None:
    sealed = bytearray(base64.urlsafe_b64decode(seal(ERRAND, KEY)))
    sealed[place] ^= 1

    assert unseal(base64.urlsafe_b64encode(sealed).decode(), KEY, 1.0) is None


@pytest.mark.parametrize("cookie", ["", "x", "ü", "AAAA", "A" * (MAX_SEALED_CHARS + 1)])
def test_what_is_none_of_ours_is_none(cookie: str) -> None:
    assert unseal(cookie, KEY, 1.0) is None


def test_it_is_good_for_ten_minutes() -> None:
    assert unseal(seal(ERRAND, KEY), KEY, LIFETIME_S - 1) == ERRAND
    assert unseal(seal(ERRAND, KEY), KEY, LIFETIME_S) is None

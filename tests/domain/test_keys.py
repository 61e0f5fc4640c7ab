from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.keys import KEY_PREFIX, SHORT_KEY_CHARS, key_digest, key_hint, make_key


def test_made_keys_are_long_and_never_the_same() -> None:
    made = {make_key() for _ in range(100)}

    assert len(made) == 100
    assert all(key.startswith(KEY_PREFIX) and len(key) == 46 for key in made)


def test_only_a_short_keys_digest_depends_on_the_installation() -> None:
    long = "x" * SHORT_KEY_CHARS
    assert key_digest(long, b"a") == key_digest(long, b"b")
    assert key_digest(long[1:], b"a") != key_digest(long[1:], b"b")


@given(st.text(min_size=8, max_size=80))
def test_text_and_bytes_are_the_same_key_and_a_hint_is_not_the_key(key: str) -> None:
    assert key_digest(key, b"p") == key_digest(key.encode(), b"p")
    assert key_hint(key) != key

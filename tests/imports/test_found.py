"""What was found, and the ids it gets."""

import hashlib
import uuid

from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.imports.found import Found, FoundKey, LeftBehind, row_id


@given(st.integers(0, 2**52), st.text())
def test_a_rows_id_is_a_uuid_of_its_time_and_always_the_same(started_us: int, identity: str) -> None:
    made = uuid.UUID(row_id(started_us, "x", identity))

    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == started_us // 1000
    assert str(made) == row_id(started_us, "x", identity)


def test_rows_differ_in_whatever_tells_them_apart() -> None:
    assert len({row_id(1, "a", "bc"), row_id(1, "ab", "c"), row_id(1, "a", "bd"), row_id(2000, "a", "bc")}) == 4


def test_a_key_has_one_id_in_clear_and_by_its_digest() -> None:
    clear = FoundKey("a", secret="a-key-of-twenty-characters")
    digest = FoundKey("b", digest=hashlib.sha256(b"a-key-of-twenty-characters").digest())

    assert clear.id == digest.id
    assert clear.id.startswith("key_")


def test_no_secret_is_shown() -> None:
    shown = repr(Found("classroom", keys=(FoundKey("a", secret="very-secret", other_secret="also-secret"),)))

    assert "secret" not in shown.replace("other_secret", "")


def test_what_is_left_behind_adds_up() -> None:
    found = Found("classroom", left_behind=(LeftBehind("a", "b"),))

    assert [one.what for one in found.leaving(LeftBehind("c", "d")).left_behind] == ["a", "c"]

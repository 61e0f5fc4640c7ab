import threading
from typing import Literal

import bcrypt
import pytest
from argon2 import PasswordHasher

from tokenrouter.domain.errors import Overloaded
from tokenrouter.signin import passwords as module
from tokenrouter.signin.passwords import Passwords, UnfitPassword, can_be_checked, check_password, is_imported

PASSWORD = "correct horse battery"
LIGHT = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(LIGHT)


def old_hash(password: bytes) -> str:
    return bcrypt.hashpw(password, bcrypt.gensalt(4)).decode()


def test_the_parameters_are_those_of_rfc_9106() -> None:
    assert Passwords().hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_password_opens_its_own_hash_and_no_other(passwords: Passwords) -> None:
    kept = passwords.hash(PASSWORD)

    assert passwords.check(kept, PASSWORD).is_right
    assert not passwords.check(kept, f"{PASSWORD}!").is_right
    assert passwords.hash(PASSWORD) != kept
    assert PASSWORD not in kept


@pytest.mark.parametrize("kept", ["", "x", "$argon2id$broken", "$2b$10$short"])
def test_nothing_opens_what_is_no_hash(passwords: Passwords, kept: str) -> None:
    assert not passwords.check(kept, PASSWORD).is_right
    assert not passwords.check(kept, "").is_right


def test_however_a_letter_is_composed_it_is_the_same_password(passwords: Passwords) -> None:
    assert passwords.check(passwords.hash("caf\u00e9 au lait"), "cafe\u0301 au lait").is_right


def test_an_imported_hash_is_recognised_and_wants_to_be_made_anew(passwords: Passwords) -> None:
    kept = old_hash(PASSWORD.encode())

    verdict = passwords.check(kept, PASSWORD)

    assert (verdict.is_right, verdict.is_outdated) == (True, True)
    assert not passwords.check(kept, "another password").is_right
    assert is_imported(kept)
    assert not is_imported(passwords.hash(PASSWORD))


def test_bcrypt_sees_72_bytes_as_it_did_where_the_hash_comes_from(passwords: Passwords) -> None:
    long = "p" * 100

    assert passwords.check(old_hash(long.encode()[:72]), long).is_right


def test_a_hash_of_weaker_parameters_wants_to_be_made_anew(passwords: Passwords) -> None:
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=64, parallelism=1))

    assert stronger.check(passwords.hash(PASSWORD), PASSWORD).is_outdated
    assert not passwords.check(passwords.hash(PASSWORD), PASSWORD).is_outdated


def test_only_hashes_that_take_bearable_time_are_imported() -> None:
    tail = "a" * 53

    assert can_be_checked(f"$2a$10${tail}")
    assert not can_be_checked(f"$2a$20${tail}")
    assert not can_be_checked("$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA")
    assert not can_be_checked("md5")


class Counting(PasswordHasher):
    """Counts what it is asked to verify."""

    verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - the library's name
        self.verified += 1
        return super().verify(hash, password)


def test_the_same_work_is_done_for_unknown_known_and_imported_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = Counting(time_cost=1, memory_cost=64, parallelism=1)
    passwords = Passwords(hasher)
    known, imported, checked = passwords.hash(PASSWORD), old_hash(b"x" * 12), 0
    real = bcrypt.checkpw

    def counted(password: bytes, hashed: bytes) -> bool:
        nonlocal checked
        checked += 1
        return real(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counted)

    work = []
    for kept in ("", known, imported):
        hasher.verified, checked = 0, 0
        passwords.check(kept, "wrong password", some_are_imported=True)
        work.append((hasher.verified, checked))

    assert work == [(1, 1)] * 3


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("short", "at least 10"),
        ("é" * 501, "at most 1000 bytes"),
        ("ann@example.org", "e-mail"),
        ("ANN@Example.org ", "e-mail"),
        ("nul\0inside-it", "no keyboard"),
        ("half a \ud800 pair", "no keyboard"),
        ("a" * 30, "again and again"),
    ],
)
def test_what_cannot_be_a_password_is_refused_and_not_repeated(password: str, told: str) -> None:
    with pytest.raises(UnfitPassword, match=told) as refused:
        check_password(password, "ann@example.org")

    assert password not in str(refused.value)


@pytest.mark.parametrize("password", ["0123456789", "all lower case words", "пароль из слов", "🐎🔋📎🐎🔋📎🐎🔋📎🐎"])
def test_nothing_is_asked_but_length(password: str) -> None:
    check_password(password, "ann@example.org")


class Held(PasswordHasher):
    """Stays in a hash until it is let go."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.go, self.inside, self.most, self._lock = threading.Event(), 0, 0, threading.Lock()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - the library's name
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.go.wait(60)
        with self._lock:
            self.inside -= 1
        return True


def test_few_hashes_are_made_at_a_time_and_a_crowd_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    hasher = Held()
    passwords = Passwords(hasher, at_once=2)
    answers: list[str] = []

    def sign_in() -> None:
        try:
            passwords.check("", PASSWORD)
            answers.append("checked")
        except Overloaded:
            answers.append("sent away")
            if answers.count("sent away") == 4:
                hasher.go.set()

    crowd = [threading.Thread(target=sign_in) for _ in range(9)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()

    assert sorted(answers) == ["checked"] * 5 + ["sent away"] * 4
    assert hasher.most == 2

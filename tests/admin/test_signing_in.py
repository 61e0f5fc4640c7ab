import statistics
import time

import bcrypt
import pytest
from argon2 import PasswordHasher

from tests.admin.installation import ADMIN_PASSWORD, ROOT_KEY, Installation
from tests.admin.people import PASSWORD, person
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.sessions import Visitor
from tokenrouter.admin.signing_in import person_with_password, sign_in_with_secret
from tokenrouter.domain.errors import Overloaded
from tokenrouter.signin import passwords as passwords_module
from tokenrouter.signin.passwords import Passwords, Verdict
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_sign_in_waits
from tokenrouter.store.sign_in_waits import BY_ACCOUNT
from tokenrouter.store.users import UserChanges, find_user, update_user

DOOR = Visitor("192.0.2.1", "browser")


class Watched(Passwords):
    """Notes what it is asked to check."""

    def __init__(self) -> None:
        super().__init__(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        self.checked: list[tuple[bool, bool]] = []

    def check(self, kept: str, password: str, *, some_are_imported: bool = False) -> Verdict:
        self.checked.append((bool(kept), some_are_imported))
        return super().check(kept, password, some_are_imported=some_are_imported)


def try_in(installation: Installation, name: str, password: str = "not the right one") -> None:
    with pytest.raises(Problem):
        person_with_password(installation.state, DOOR, f"{name}@example.org", password)


def failures(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return {row.subject.partition(":")[0]: row.failures for row in connection.execute(tr_sign_in_waits.select())}


def test_every_sign_in_is_one_check_whoever_is_meant(installation: Installation) -> None:
    watched = installation.state.passwords = Watched()
    for name in ("ann", "bob"):
        person(installation, name)
    person(installation, "eve", password="")
    update_user(installation.store, "bob", UserChanges(enabled=False))

    for name in ("ann", "bob", "eve", "nobody"):
        try_in(installation, name)

    assert watched.checked == [(True, False), (False, False), (False, False), (False, False)]


def test_while_somebody_s_hash_is_imported_everybody_s_check_is_of_both_kinds(installation: Installation) -> None:
    watched = installation.state.passwords = Watched()
    kept = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    update_user(installation.store, person(installation, "ann").name, UserChanges(password_hash=kept))
    person(installation, "bob")

    for name in ("ann", "bob", "nobody"):
        try_in(installation, name)

    assert [both for _, both in watched.checked] == [True] * 3


def test_an_imported_hash_is_made_anew_at_the_first_sign_in(installation: Installation) -> None:
    kept = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    update_user(installation.store, person(installation, "ann").name, UserChanges(password_hash=kept))

    for _ in range(2):
        person_with_password(installation.state, DOOR, "Ann@Example.org", PASSWORD)
        assert find_user(installation.store, "ann").password_hash.startswith("$argon2id$")


def test_a_right_password_forgets_the_wrong_ones(installation: Installation) -> None:
    person(installation, "ann")
    for _ in range(BY_ACCOUNT.free - 1):
        try_in(installation, "ann")

    person_with_password(installation.state, DOOR, "ann@example.org", PASSWORD)

    assert failures(installation.store) == {"address": BY_ACCOUNT.free - 1}


def test_an_attempt_that_nobody_had_time_for_is_not_the_address_s_fault(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords_module, "MAX_WAITING", -1)
    installation.state.passwords = Passwords(at_once=1)

    with pytest.raises(Overloaded) as refused:
        person_with_password(installation.state, DOOR, "ann@example.org", PASSWORD)

    assert refused.value.retry_after_s == 2.0
    assert failures(installation.store)["address"] == 0


def test_a_key_gets_in_while_somebody_guesses_the_admin_password(installation: Installation) -> None:
    for number in range(BY_ACCOUNT.free):
        with pytest.raises(Problem):
            sign_in_with_secret(installation.state, Visitor(f"192.0.2.{number}"), "wrong")

    with pytest.raises(Problem, match="Too many attempts"):
        sign_in_with_secret(installation.state, Visitor("198.51.100.1"), ADMIN_PASSWORD)
    assert sign_in_with_secret(installation.state, Visitor("198.51.100.1"), ROOT_KEY)


@pytest.mark.torture
def test_how_long_it_takes_does_not_tell_whether_somebody_is_known(installation: Installation) -> None:
    installation.state.passwords = Passwords()
    installation.state.passwords.check("", "warm up")
    update_user(
        installation.store,
        person(installation, "ann").name,
        UserChanges(password_hash=installation.state.passwords.hash(PASSWORD)),
    )
    took_s: dict[str, list[float]] = {"ann": [], "nobody": []}
    for number in range(60):
        for name, times in took_s.items():
            installation.now_s += 1000
            visitor = Visitor(f"198.51.100.{number}")
            began_s = time.perf_counter()
            with pytest.raises(Problem):
                person_with_password(installation.state, visitor, f"{name}@example.org", "not the right one")
            times.append(time.perf_counter() - began_s)

    known_s, unknown_s = (statistics.median(times) for times in took_s.values())
    assert 0.8 < known_s / unknown_s < 1.25, f"{known_s * 1e3:.1f} ms, {unknown_s * 1e3:.1f} ms"

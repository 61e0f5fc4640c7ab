from concurrent.futures import ThreadPoolExecutor

import pytest

from tokenrouter.store import sign_in_waits
from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_sign_in_waits
from tokenrouter.store.sign_in_waits import BY_ACCOUNT, BY_ADDRESS, FORGET_S, Guesser, attempt_succeeded, begin_attempt

ANN = Guesser("192.0.2.1", "ann@example.org")


def fail(store: Store, guesser: Guesser, times: int, *, now_s: float = 0.0) -> None:
    for _ in range(times):
        assert begin_attempt(store, guesser, now_s=now_s) == 0


def test_waits_grow_with_failures_and_never_pass_their_bound() -> None:
    waits = [BY_ACCOUNT.wait_s(failures) for failures in range(30)]

    assert waits[: BY_ACCOUNT.free] == [0.0] * BY_ACCOUNT.free
    assert waits[BY_ACCOUNT.free : BY_ACCOUNT.free + 4] == [2.0, 4.0, 8.0, 16.0]
    assert waits == sorted(waits)
    assert waits[-1] == BY_ACCOUNT.longest_s


def test_an_account_waits_after_five_failures_wherever_they_came_from(store: Store) -> None:
    for number in range(BY_ACCOUNT.free):
        fail(store, Guesser(f"192.0.2.{number}", "Ann@Example.org "), 1)

    assert begin_attempt(store, Guesser("198.51.100.7", "ann@example.org"), now_s=0.5) == 1.5
    assert begin_attempt(store, Guesser("192.0.2.1", "bob@example.org"), now_s=0.5) == 0


def test_an_address_waits_whatever_accounts_it_tries(store: Store) -> None:
    for number in range(BY_ADDRESS.free):
        fail(store, Guesser("192.0.2.1", f"{number}@example.org"), 1)

    assert begin_attempt(store, Guesser("192.0.2.1", "new@example.org"), now_s=1.0) == 1.0
    assert begin_attempt(store, Guesser("192.0.2.2", "new@example.org"), now_s=1.0) == 0


def test_whoever_waits_does_not_make_the_wait_longer(store: Store) -> None:
    fail(store, ANN, BY_ACCOUNT.free)

    for _ in range(20):
        assert begin_attempt(store, ANN, now_s=1.0) > 0

    assert begin_attempt(store, ANN, now_s=2.0) == 0


def test_nobody_is_locked_out_for_good(store: Store) -> None:
    now_s = 0.0
    for _ in range(40):
        now_s += begin_attempt(store, ANN, now_s=now_s)

    assert begin_attempt(store, ANN, now_s=now_s + BY_ADDRESS.longest_s) == 0


def test_a_right_secret_forgets_the_account_s_failures_and_gives_the_address_one_back(store: Store) -> None:
    fail(store, ANN, BY_ACCOUNT.free)
    begin_attempt(store, ANN, now_s=2.0)

    attempt_succeeded(store, ANN)

    fail(store, ANN, BY_ACCOUNT.free, now_s=2.0)
    with store.read() as connection:
        rows = {row.subject: row.failures for row in connection.execute(tr_sign_in_waits.select())}
    assert rows["address:192.0.2.1"] == 2 * BY_ACCOUNT.free


def test_after_an_hour_without_a_failure_all_is_forgotten(store: Store) -> None:
    fail(store, ANN, BY_ACCOUNT.free)

    assert begin_attempt(store, ANN, now_s=FORGET_S) == 0
    assert begin_attempt(store, ANN, now_s=FORGET_S) == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [("2001:db8::1", "2001:db8:0:0:ffff::2"), ("::ffff:192.0.2.9", "192.0.2.9"), ("unknown", "unknown")],
)
def test_an_address_is_what_its_owner_cannot_choose(store: Store, first: str, second: str) -> None:
    fail(store, Guesser(first), BY_ADDRESS.free)

    assert begin_attempt(store, Guesser(second), now_s=0.0) > 0


def test_attempts_at_the_same_moment_count_as_many(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: begin_attempt(store, ANN, now_s=0.0), range(24)))

    assert waits.count(0.0) == BY_ACCOUNT.free


def test_attackers_without_end_do_not_fill_the_table(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_waits, "MAX_ROWS", 6)

    for number in range(12):
        fail(store, Guesser(f"192.0.2.{number}", f"{number}"), 1, now_s=float(number))

    with store.read() as connection:
        assert len(connection.execute(tr_sign_in_waits.select()).all()) <= 6


def test_what_was_typed_is_not_kept(store: Store) -> None:
    begin_attempt(store, Guesser("192.0.2.1", "my password in the wrong field"), now_s=0.0)

    with store.read() as connection:
        assert "password" not in str(connection.execute(tr_sign_in_waits.select()).all())

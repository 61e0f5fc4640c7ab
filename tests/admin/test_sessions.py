import pytest

from tokenrouter.admin import sessions
from tokenrouter.admin.sessions import FAILURE_WINDOW_S, MAX_FAILURES, SESSION_S, Sessions, SignInThrottle


def test_a_session_is_found_by_its_cookie_until_it_is_over() -> None:
    opened = Sessions()
    cookie = opened.begin(b"digest", now_s=0.0)

    found = opened.find(cookie, now_s=SESSION_S - 1)

    assert found is not None
    assert found.key_digest == b"digest"
    assert opened.find(cookie, now_s=SESSION_S) is None


def test_no_other_cookie_opens_it() -> None:
    opened = Sessions()
    opened.begin(None, now_s=0.0)

    assert opened.find("", now_s=0.0) is None
    assert opened.find("\ud800", now_s=0.0) is None


def test_a_session_that_was_ended_is_gone() -> None:
    opened = Sessions()
    cookie = opened.begin(None, now_s=0.0)

    opened.end(cookie)

    assert opened.find(cookie, now_s=0.0) is None


def test_neither_the_cookie_nor_the_form_token_shows_in_a_repr() -> None:
    opened = Sessions()
    found = opened.find(opened.begin(b"digest", now_s=0.0), now_s=0.0)

    assert found is not None
    assert found.csrf not in repr(found)
    assert "digest" not in repr(found).replace("key_digest", "")


def test_the_oldest_session_gives_way_to_the_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_SESSIONS", 2)
    opened = Sessions()

    first, second, third = (opened.begin(None, now_s=0.0) for _ in range(3))

    assert opened.find(first, now_s=0.0) is None
    assert opened.find(second, now_s=0.0)
    assert opened.find(third, now_s=0.0)


def test_after_five_failures_an_address_waits_until_the_first_is_old() -> None:
    throttle = SignInThrottle()
    for second in range(MAX_FAILURES):
        assert throttle.wait_s("a", now_s=second) == 0
        throttle.failed("a", now_s=second)

    assert throttle.wait_s("a", now_s=10) == FAILURE_WINDOW_S - 10
    assert throttle.wait_s("b", now_s=10) == 0
    assert throttle.wait_s("a", now_s=FAILURE_WINDOW_S) == 0


def test_a_success_forgets_the_failures() -> None:
    throttle = SignInThrottle()
    for _ in range(MAX_FAILURES):
        throttle.failed("a", now_s=0)

    throttle.succeeded("a")

    assert throttle.wait_s("a", now_s=0) == 0


def test_addresses_without_end_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_ADDRESSES", 2)
    throttle = SignInThrottle()

    for address in ("a", "b", "c"):
        for _ in range(MAX_FAILURES):
            throttle.failed(address, now_s=0)

    assert [throttle.wait_s(address, now_s=0) > 0 for address in ("a", "b", "c")] == [False, True, True]

import pytest
from fastapi import Request

from tokenrouter.admin.csrf import check_csrf, check_unsafe, refuse_foreign
from tokenrouter.admin.problems import Problem
from tokenrouter.store.sessions import Session, SessionOwner

SESSION = Session("ses_1", SessionOwner("password"), "key", 0.0, 0.0, 1.0, "", "", "the-token")


def request(method: str = "POST", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "headers": raw})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"origin": "https://gateway.example:8443", "host": "gateway.example:8443"},
        {"origin": "null"},
        {"sec_fetch_site": "same-origin", "origin": "https://proxy.example", "host": "127.0.0.1:8080"},
    ],
)
def test_what_comes_from_our_own_pages_passes(headers: dict[str, str]) -> None:
    refuse_foreign(request(**headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": ""},
        {"origin": "https://evil.example", "host": "gateway.example"},
        {"origin": "https://gateway.example.evil.example", "host": "gateway.example"},
        {"origin": "https://gateway.example:444", "host": "gateway.example"},
        {"origin": "https://[", "host": "gateway.example"},
    ],
)
def test_what_comes_from_elsewhere_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Problem) as refused:
        refuse_foreign(request(**headers))

    assert refused.value.status == 403


def test_what_changes_nothing_needs_no_token() -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        check_unsafe(request(method, sec_fetch_site="cross-site"), SESSION)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "ANYTHING"])
def test_everything_else_needs_it(method: str) -> None:
    check_unsafe(request(method, x_csrf_token="the-token"), SESSION)
    for token in ("", "the-toke", "the-token2", "ü"):
        with pytest.raises(Problem, match="x-csrf-token"):
            check_unsafe(request(method, x_csrf_token=token), SESSION)


def test_the_token_does_not_make_another_site_s_request_ours() -> None:
    with pytest.raises(Problem, match="another site"):
        check_unsafe(request(x_csrf_token="the-token", sec_fetch_site="cross-site"), SESSION)


def test_a_session_without_a_token_lets_no_form_pass() -> None:
    bare = Session("ses_1", SessionOwner("password"), "key", 0.0, 0.0, 1.0, "", "")

    with pytest.raises(Problem):
        check_csrf(bare, "")

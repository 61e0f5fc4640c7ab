import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.admin.wanted_page import HOME, MAX_WANTED_CHARS, wanted_page


@pytest.mark.parametrize(
    "path",
    [
        "/admin",
        "/admin/",
        "/admin?range=24h",
        "/admin/usage?by=team&team=7b%20%26%20co&from=2026-11-01T00:00:00Z",
        "/admin/conversations/cnv_1/raw",
        "/admin/access/keys/a..b",
    ],
)
def test_a_page_of_ours_is_gone_to(path: str) -> None:
    assert wanted_page(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "//evil.example/admin",
        "https://evil.example/admin",
        "/administration",
        "/admin@evil.example",
        "/admin\\@evil.example",
        "/admin/\\evil.example",
        "/admin/a\r\nset-cookie: x=y",
        "/admin/ü",
        "/admin/a b",
        '/admin/"><script>',
        "/admin/../v1/models",
        "/admin/%2e%2E/v1/models",
        "/admin/..",
        "/admin/login?next=/admin",
        "/admin/logout",
        "/admin/oidc/school/start",
        "/admin/setup",
        "/admin/api/stats",
        "/admin/" + "a" * MAX_WANTED_CHARS,
        "javascript:alert(1)",
    ],
)
def test_anything_else_leads_to_where_everybody_begins(path: str) -> None:
    assert wanted_page(path) == HOME


@given(st.text())
def test_whatever_is_wanted_stays_below_admin(path: str) -> None:
    assert wanted_page("/admin" + path).startswith("/admin")
    assert wanted_page(path).isascii()

from typing import Any

import pytest

from tokenrouter.signin.oidc.discovery import discovery_url, is_safe_url, read_discovery
from tokenrouter.signin.oidc.errors import ProviderAway

ISSUER = "https://idp.example/realms/school"
DOCUMENT: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://idp.example/auth",
    "token_endpoint": "https://idp.example/token",
    "jwks_uri": "https://idp.example/keys",
}


def test_the_document_is_below_the_issuer() -> None:
    assert discovery_url(ISSUER) == f"{ISSUER}/.well-known/openid-configuration"
    assert discovery_url("https://idp.example/") == "https://idp.example/.well-known/openid-configuration"


def test_what_is_not_said_is_what_the_standard_says() -> None:
    read = read_discovery(ISSUER, DOCUMENT)

    assert (read.userinfo, read.posts_secret, read.names_itself) == ("", False, False)


def test_the_secret_is_posted_where_nothing_else_is_taken() -> None:
    methods = {"token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"]}

    assert read_discovery(ISSUER, DOCUMENT | methods).posts_secret
    assert not read_discovery(ISSUER, {**DOCUMENT, "token_endpoint_auth_methods_supported": None}).posts_secret


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://idp.example/realms/other"},
        {"issuer": f"{ISSUER}/"},
        {"issuer": None},
        {"token_endpoint": None},
        {"token_endpoint": 7},
        {"token_endpoint": "http://idp.example/token"},
        {"token_endpoint": "http://127.0.0.1/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "https://idp.example/auth\r\nx: y"},
        {"authorization_endpoint": "https://user@idp.example/auth"},
        {"userinfo_endpoint": "ftp://idp.example/me"},
        {"code_challenge_methods_supported": ["plain"]},
    ],
)
def test_a_document_that_cannot_be_relied_on_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ProviderAway):
        read_discovery(ISSUER, DOCUMENT | change)


def test_plain_http_is_for_this_machine_only() -> None:
    assert is_safe_url("http://127.0.0.1:9000/auth")
    assert not is_safe_url("http://127.0.0.1:9000/auth", plain_allowed=False)
    assert not is_safe_url("http://idp.example/auth")
    assert not is_safe_url("https:///auth")
    assert not is_safe_url("https://[broken/auth")

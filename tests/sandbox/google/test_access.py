"""Tokens are issued for good assertions only, and last as long as they say."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.sandbox.google.asking import AUDIENCE, asking, assertion, new_key, pem, vertex
from tests.sandbox.program import running
from tests.sandbox.wire import Answered, send
from tokenrouter.sandbox.google.access import GRANT, GoogleAccess
from tokenrouter.sandbox.google.errors import GoogleError
from tokenrouter.sandbox.google.rs256 import read_public_key
from tokenrouter.sandbox.server import Request
from tokenrouter.testing.processes import SandboxProcess

KEY = new_key()


def request(body: bytes = b"", authorization: str = "") -> Request:
    headers = {"host": "sandbox", "authorization": authorization}
    return Request("POST", "/token", "", headers, body, keep_alive=True, may_chunk=True)


def grant(text: str, kind: str = GRANT) -> bytes:
    return urlencode({"grant_type": kind, "assertion": text}).encode()


def ask_for_token(base_url: str, text: str) -> Answered:
    form = {"content-type": "application/x-www-form-urlencoded"}
    return send(base_url, "/token", grant(text), form)


def test_a_token_opens_vertex_until_it_expires() -> None:
    now = 1000.0
    access = GoogleAccess(read_public_key(pem(KEY)), 60, lambda: now)
    token = access.issue(request(grant(assertion(KEY, iat=1000, exp=1060))))["access_token"]

    assert access.admit(request(authorization=f"Bearer {token}")) == token
    now = 1060.0
    with pytest.raises(GoogleError) as caught:
        access.admit(request(authorization=f"Bearer {token}"))
    assert caught.value.status == 401
    assert caught.value.details[0]["reason"] == "ACCESS_TOKEN_EXPIRED"


def test_the_program_takes_a_key_and_a_lifetime(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(pem(KEY))
    with running("--google-public-key", str(tmp_path / "key.pem"), "--google-token-lifetime", "600") as program:
        issued = ask_for_token(program.base_url, assertion(KEY)).json()
        answered = vertex(program.base_url, "echo", asking(), token=issued["access_token"])
        unknown = vertex(program.base_url, "echo", asking(), token="another")

    assert (issued["token_type"], issued["expires_in"]) == ("Bearer", 600)
    assert answered.status == 200
    assert unknown.status == 401
    assert unknown.json()["error"]["status"] == "UNAUTHENTICATED"


def test_without_a_key_any_token_will_do_but_not_none(sandbox: SandboxProcess) -> None:
    assert vertex(sandbox.base_url, "echo", asking(), token="any").status == 200
    assert vertex(sandbox.base_url, "echo", asking(), token="").status == 401


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"aud": "https://elsewhere.example"}, "invalid_grant"),
        ({"scope": "https://www.googleapis.com/auth/gmail"}, "invalid_scope"),
        ({"iss": ""}, "invalid_grant"),
        ({"exp": 1}, "invalid_grant"),
        ({"exp": 2**40}, "invalid_grant"),
        ({"iat": 2**33}, "invalid_grant"),
        ({"iat": "now"}, "invalid_grant"),
    ],
)
def test_each_claim_is_checked(sandbox: SandboxProcess, claims: dict[str, Any], error: str) -> None:
    answered = ask_for_token(sandbox.base_url, assertion(KEY, **claims))

    assert answered.status == 400
    assert answered.json()["error"] == error


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "e30.e30.e30", assertion(KEY, algorithm="none")], ids=range(5))
def test_what_is_no_signed_token_is_refused(sandbox: SandboxProcess, text: str) -> None:
    assert ask_for_token(sandbox.base_url, text).json()["error"] == "invalid_grant"


def test_another_grant_is_not_supported(sandbox: SandboxProcess) -> None:
    answered = send(sandbox.base_url, "/token", grant(assertion(KEY), "password"))

    assert answered.json()["error"] == "unsupported_grant_type"


def test_a_signature_of_another_key_is_refused() -> None:
    access = GoogleAccess(read_public_key(pem(new_key())))

    with pytest.raises(Exception, match="Invalid JWT Signature"):
        access.issue(request(grant(assertion(KEY))))


def test_the_audience_may_be_the_address_that_was_asked(sandbox: SandboxProcess) -> None:
    own = sandbox.base_url.removesuffix("/v1") + "/token"

    assert ask_for_token(sandbox.base_url, assertion(KEY, aud=own)).status == 200
    assert ask_for_token(sandbox.base_url, assertion(KEY, aud=AUDIENCE)).status == 200

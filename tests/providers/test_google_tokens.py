import base64
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.providers.service_account import key_file, pem_of
from tests.sandbox.google.asking import asking, new_key, pem, vertex
from tests.sandbox.program import running
from tests.sandbox.wire import send
from tokenrouter.domain.errors import ProviderCredentialsRejected, ProviderProtocolError, ProviderUnreachable
from tokenrouter.providers.access_tokens import AccessToken
from tokenrouter.providers.google_tokens import assertion, read_service_account, read_token, token_request

NOW_S = 1_800_000_000.7


KEY = new_key()
PEM = pem_of(KEY)


def told(**changed: str) -> str:
    return key_file(PEM, **changed)


def part(jwt: str, index: int) -> Any:
    text = jwt.split(".")[index]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_a_key_file_is_a_service_account() -> None:
    account = read_service_account(told())

    assert (account.email, account.key_id, account.project) == ("gateway@p.iam.gserviceaccount.com", "k1", "p")
    assert account == read_service_account(told())
    assert hash(account) == hash(read_service_account(told()))
    assert account != read_service_account(told(private_key_id="k2"))
    assert "PRIVATE" not in repr(account)


def test_an_assertion_says_what_google_asks_for_and_is_signed() -> None:
    jwt = assertion(read_service_account(told()), NOW_S)

    assert part(jwt, 0) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert part(jwt, 1) == {
        "iss": "gateway@p.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": 1_799_999_990,
        "exp": 1_800_003_590,
    }
    signed, _, signature = jwt.rpartition(".")
    made = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    KEY.public_key().verify(made, signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_a_request_for_a_token_is_a_whole_form() -> None:
    asked = token_request(read_service_account(told()), NOW_S)
    lines = asked.head.decode().split("\r\n")

    assert str(asked.origin) == "https://oauth2.googleapis.com"
    assert lines[0] == "POST /token HTTP/1.1"
    assert f"content-length: {len(asked.body)}" in lines
    assert lines[-2:] == ["", ""]
    form = parse_qs(asked.body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert part(form["assertion"][0], 1)["iss"] == "gateway@p.iam.gserviceaccount.com"
    assert asked.body.decode() not in repr(asked)


def test_an_address_without_a_path_is_asked_at_its_root() -> None:
    account = read_service_account(told(token_uri="http://127.0.0.1:9"))

    assert token_request(account, NOW_S).head.startswith(b"POST / HTTP/1.1\r\nhost: 127.0.0.1:9\r\n")


def test_an_answer_is_a_token_with_its_end() -> None:
    body = b'{"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer","scope":"s"}'

    token = read_token(200, body, NOW_S, "vertex")

    assert token == AccessToken("ya29.x", NOW_S + 3599)
    assert "ya29" not in repr(token)


@pytest.mark.parametrize(
    ("status", "body", "error", "why"),
    [
        (
            400,
            b'{"error":"invalid_grant","error_description":"Bad"}',
            ProviderCredentialsRejected,
            "invalid_grant: Bad",
        ),
        (401, b"{}", ProviderCredentialsRejected, "status 401"),
        (429, b"", ProviderUnreachable, "status 429"),
        (503, b"<html>", ProviderUnreachable, "status 503"),
        (302, b"", ProviderUnreachable, "status 302"),
        (200, b"<html>", ProviderProtocolError, "no token"),
        (200, b'{"access_token":"x"}', ProviderProtocolError, "no token"),
        (200, b'{"access_token":"x","expires_in":9,"token_type":"MAC"}', ProviderProtocolError, "no token"),
    ],
)
def test_any_other_answer_is_an_error_that_says_whether_to_try_again(
    status: int, body: bytes, error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=f"'vertex'.*{why}"):
        read_token(status, body, NOW_S, "vertex")


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", "not the JSON"),
        ("ya29.token", "not the JSON"),
        ('{"type": 3}', "not the JSON"),
        (told(type="authorized_user"), "authorized_user"),
        (told(client_email=""), "client_email"),
        (told(private_key=""), "no private_key"),
        (told(private_key="-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----\n"), "not a readable PEM"),
        (told(private_key=pem_of(ec.generate_private_key(ec.SECP256R1()))), "not an RSA key"),
        (told(private_key=pem_of(rsa.generate_private_key(65537, 1024))), "not an RSA key of 2048"),
        (told(token_uri="ftp://x/token"), "token_uri"),
    ],
    ids=lambda value: value if len(value) < 40 else "",
)
def test_a_wrong_key_file_is_told_without_showing_its_key(secret: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        read_service_account(secret)

    assert "hush" not in str(caught.value)
    assert "PRIVATE KEY" not in str(caught.value)


def test_the_sandbox_gives_a_token_for_it_and_takes_the_token(tmp_path: Path) -> None:
    public = tmp_path / "public.pem"
    public.write_text(pem(KEY))
    with running("--google-public-key", str(public)) as program:
        address = program.base_url.removesuffix("/v1")
        account = read_service_account(told(token_uri=f"{address}/token"))
        now_s = time.time()

        def traded(at_s: float) -> AccessToken:
            answered = send(address, "/token", token_request(account, at_s).body)
            return read_token(answered.status, answered.body, at_s, "vertex")

        token = traded(now_s)
        assert token.expires_at_s == now_s + 3600
        assert vertex(address, "echo", asking(), token=token.value).status == 200
        assert vertex(address, "echo", asking(), token="another").status == 401
        with pytest.raises(ProviderCredentialsRejected, match="invalid_grant"):
            traded(now_s - 7200)

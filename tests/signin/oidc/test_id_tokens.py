import base64
import hmac
import json
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tokenrouter.signin.oidc.errors import SignInRefused
from tokenrouter.signin.oidc.id_tokens import LEEWAY_S, UnknownKey, read_keys, verify_id_token

NOW_S = 1_800_000_000.0
ISSUER, CLIENT, NONCE = "https://idp.example", "gateway", "nonce-of-this-sign-in"
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
OKP = OKPKey.generate_key("Ed25519", {"kid": "okp"})
KEYS = read_keys({"keys": [key.as_dict(private=False) for key in (RSA, EC, OKP)]})
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": CLIENT,
    "sub": "42",
    "exp": int(NOW_S) + 600,
    "iat": int(NOW_S),
    "nonce": NONCE,
}


def make(claims: dict[str, Any] = CLAIMS, key: Any = RSA, algorithm: str = "RS256", **header: Any) -> str:
    said = {"alg": algorithm, "kid": key.kid} | header
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the name EdDSA, which providers go on using
        return jwt.encode({k: v for k, v in said.items() if v is not None}, claims, key, algorithms=[algorithm])


def verify(token: str, keys: Any = KEYS, *, now_s: float = NOW_S) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return verify_id_token(token, keys, issuer=ISSUER, client_id=CLIENT, nonce=NONCE, now_s=now_s)


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256"), (OKP, "EdDSA"), (OKP, "Ed25519")])
def test_a_token_of_the_provider_is_believed(key: Any, algorithm: str) -> None:
    assert verify(make(key=key, algorithm=algorithm))["sub"] == "42"


def test_several_audiences_are_fine_where_the_token_was_given_to_us() -> None:
    assert verify(make({**CLAIMS, "aud": [CLIENT, "other"], "azp": CLIENT}))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "other"}, "another client"),
        ({"aud": []}, "another client"),
        ({"aud": {CLIENT: 1}}, "another client"),
        ({"aud": [CLIENT, "other"]}, "given to another"),
        ({"azp": "other"}, "given to another"),
        ({"sub": ""}, "nobody"),
        ({"sub": 42}, "nobody"),
        ({"sub": "x" * 256}, "nobody"),
        ({"sub": "4\0" + "2"}, "nobody"),
        ({"sub": "\u00e9"}, "nobody"),
        ({"nonce": "of another sign-in"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": NOW_S - LEEWAY_S}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": "soon"}, "expired"),
        ({"exp": True}, "expired"),
        ({"iat": NOW_S + LEEWAY_S + 1}, "future"),
        ({"iat": None}, "future"),
        ({"nbf": NOW_S + LEEWAY_S + 1}, "future"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(change: dict[str, Any], told: str) -> None:
    claims = {name: value for name, value in (CLAIMS | change).items() if value is not None}

    with pytest.raises(SignInRefused, match=told):
        verify(make(claims))


def test_clocks_may_differ_by_a_minute() -> None:
    assert verify(make({**CLAIMS, "exp": NOW_S - LEEWAY_S + 1, "iat": NOW_S + LEEWAY_S - 1}))


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS256", "RS1", "", None, ["RS256"], 7])
def test_only_algorithms_of_the_list_are_believed(algorithm: object) -> None:
    with pytest.raises(SignInRefused, match=r"algorithm|read"):
        verify(f"{part({'alg': algorithm, 'kid': 'rsa'})}.{part(CLAIMS)}.")


def test_the_public_key_does_not_sign_as_a_shared_secret() -> None:
    signed = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(CLAIMS)}"
    mac = hmac.digest(RSA.as_pem(private=False), signed.encode(), "sha256")

    with pytest.raises(SignInRefused, match="algorithm"):
        verify(f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}")


def test_another_s_key_is_not_the_provider_s_though_it_says_so() -> None:
    other = RSAKey.generate_key(2048, {"kid": "rsa"})

    with pytest.raises(SignInRefused, match="signature"):
        verify(make(key=other))


def test_a_key_that_comes_in_the_token_is_not_looked_at() -> None:
    other = RSAKey.generate_key(2048, {"kid": "rsa"})

    with pytest.raises(SignInRefused):
        verify(make(key=other, jwk=other.as_dict(private=False)))


def test_an_unknown_key_is_told_apart_for_a_newer_set_may_have_it() -> None:
    with pytest.raises(UnknownKey):
        verify(make(key=RSAKey.generate_key(2048, {"kid": "new"})))
    with pytest.raises(UnknownKey):
        verify(make(key=EC, algorithm="ES256", kid="rsa"))


def test_without_a_name_the_only_key_is_meant() -> None:
    assert verify(make(kid=None))
    two = read_keys({"keys": [key.as_dict(private=False) for key in (RSA, RSAKey.generate_key(2048, {"kid": "b"}))]})
    with pytest.raises(SignInRefused, match="which key"):
        verify(make(kid=None), two)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"keys": None},
        {"keys": ["x", None, {}, {"kty": "RSA"}, {"kty": "oct", "k": "c2VjcmV0"}, {"kty": ["RSA"]}]},
        {"keys": [{**RSA.as_dict(private=False), "use": "enc"}]},
        {"keys": [RSAKey.generate_key(1024).as_dict(private=False)]},
    ],
)
def test_what_is_no_key_for_signatures_is_left_out(document: dict[str, Any]) -> None:
    assert read_keys(document) == ()


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_token_that_was_changed_anywhere_is_refused(place: int, mask: int) -> None:
    token = bytearray(make().encode())
    place %= len(token)
    token[place] ^= mask
    changed = token.decode("latin-1")
    if changed.rstrip("=") == make() or place == len(token) - 1:  # the last character carries bits that mean nothing
        return

    with pytest.raises((SignInRefused, UnknownKey)):
        verify(changed)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "ü.ü.ü", "x" * 70_000])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(SignInRefused):
        verify(token)

"""Whether an ID token is to be believed (OpenID Connect Core 1.0, section 3.1.3.7).

The signature is checked by joserfc; which key and which algorithm may be used is decided here, before the token has any
say: an asymmetric one from a short list, with a key of the provider's set that fits the token's `kid`.
"""

import hmac
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tokenrouter.signin.oidc.discovery import ALGORITHMS
from tokenrouter.signin.oidc.errors import SignInRefused

LEEWAY_S: Final = 60.0
"""How far the provider's clock may be off."""
MAX_TOKEN_CHARS: Final = 64 * 2**10
MAX_KEYS: Final = 100
MIN_RSA_BITS: Final = 2048
MAX_SUBJECT_CHARS: Final = 255
"""OpenID Connect Core 1.0, section 2: no longer than 255 ASCII characters."""
_KIND_OF_KEY: Final = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}

SigningKey = RSAKey | ECKey | OKPKey


class UnknownKey(Exception):
    """The token is signed by a key that is not in the set; a newer set may have it."""


def read_keys(document: Mapping[str, Any]) -> tuple[SigningKey, ...]:
    """Return the keys of a JWK set that may sign; what cannot be read, or is for something else, is left out."""
    rows = document.get("keys")
    found = (_key(row) for row in (rows if isinstance(rows, list) else [])[:MAX_KEYS])
    return tuple(key for key in found if key is not None)


def verify_id_token(
    token: str, keys: Sequence[SigningKey], *, issuer: str, client_id: str, nonce: str, now_s: float
) -> Mapping[str, Any]:
    """Return the claims of `token`.

    Raises:
        SignInRefused: it is not to be believed; the message says why.
        UnknownKey: none of `keys` has signed it.
    """
    claims = _signed_claims(token, keys)
    _check_whom(claims, issuer, client_id)
    _check_when(claims, now_s)
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode("utf-8", "replace"), nonce.encode()):
        raise SignInRefused("the ID token was made for another sign-in (nonce)")
    return claims


def _signed_claims(token: str, keys: Sequence[SigningKey]) -> Mapping[str, Any]:
    if len(token) > MAX_TOKEN_CHARS:
        raise SignInRefused("the ID token is too long")
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError, TypeError):
        raise SignInRefused("the ID token cannot be read") from None
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise SignInRefused(f"the ID token is signed by an algorithm that is not believed; {', '.join(ALGORITHMS)} are")
    key = _key_for(header, keys, _KIND_OF_KEY[algorithm])
    try:
        claims = jwt.decode(token, key, algorithms=[algorithm]).claims
    except (JoseError, ValueError, TypeError):
        raise SignInRefused("the ID token's signature is wrong") from None
    return claims


def _key_for(header: Mapping[str, Any], keys: Sequence[SigningKey], kind: str) -> SigningKey:
    """Return the key that `header` names; without a name the only one there is."""
    fitting = [key for key in keys if key.key_type == kind]
    if "kid" in header:
        fitting = [key for key in fitting if key.kid == header["kid"]]
    if not fitting:
        raise UnknownKey
    if len(fitting) > 1:
        raise SignInRefused("the ID token does not say by which key it is signed")
    return fitting[0]


def _check_whom(claims: Mapping[str, Any], issuer: str, client_id: str) -> None:
    if claims.get("iss") != issuer:
        raise SignInRefused("the ID token is another issuer's")
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    if client_id not in named:
        raise SignInRefused("the ID token is for another client")
    if claims.get("azp", client_id if len(named) == 1 else None) != client_id:
        raise SignInRefused("the ID token was given to another client")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_CHARS or not _is_plain(subject):
        raise SignInRefused("the ID token names nobody")


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _check_when(claims: Mapping[str, Any], now_s: float) -> None:
    ends_s, made_s, begins_s = (_moment(claims, name) for name in ("exp", "iat", "nbf"))
    if ends_s is None or ends_s + LEEWAY_S <= now_s:
        raise SignInRefused("the ID token has expired")
    if made_s is None or made_s - LEEWAY_S > now_s or (begins_s is not None and begins_s - LEEWAY_S > now_s):
        raise SignInRefused("the ID token is from the future; do both clocks tell the same time?")


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number and value is not None else None


def _key(row: object) -> SigningKey | None:
    if not isinstance(row, dict) or row.get("use", "sig") != "sig":
        return None
    kinds: dict[str, type[SigningKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    kind = kinds.get(str(row.get("kty")))
    try:
        key = kind.import_key(row) if kind is not None else None
    except (JoseError, ValueError, TypeError):
        return None
    if isinstance(key, RSAKey) and key.raw_value.key_size < MIN_RSA_BITS:
        return None
    return key

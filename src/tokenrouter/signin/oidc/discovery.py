"""Where an identity provider has what: its discovery document (OpenID Connect Discovery 1.0, section 4).

The document must name the very issuer that it was asked for, or another could speak in its name (section 4.3). What it
names must be asked by HTTPS; plain HTTP is for an issuer on this machine, such as that of a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from tokenrouter.signin.oidc.errors import ProviderAway

PATH: Final = "/.well-known/openid-configuration"
ALGORITHMS: Final = ("RS256", "ES256", "EdDSA", "Ed25519")
"""Signatures that are believed; never `none`, and never HS256, whose key is the client's own secret.
The last two are one, by its old name and by that of RFC 9864."""
_ON_THIS_MACHINE: Final = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What a discovery document says.

    Attributes:
        userinfo: "" where there is none.
        posts_secret: whether the client's secret goes into the form; as Basic authentication otherwise.
        names_itself: whether every answer names its issuer (RFC 9207).
    """

    issuer: str
    authorization: str
    token: str
    jwks: str
    userinfo: str = ""
    posts_secret: bool = False
    names_itself: bool = False


def discovery_url(issuer: str) -> str:
    """Return where the document of `issuer` is."""
    return issuer.rstrip("/") + PATH


def read_discovery(issuer: str, document: Mapping[str, Any]) -> Endpoints:
    """Return what `document` says.

    Raises:
        ProviderAway: it is another issuer's, or lacks what signing in needs.
    """
    if document.get("issuer") != issuer:
        raise ProviderAway(
            f"the discovery document of {issuer} names another issuer; is `issuer` spelt as it is there?"
        )
    methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if not _holds(document.get("code_challenge_methods_supported") or ["S256"], "S256"):
        raise ProviderAway(f"{issuer} does not take PKCE with S256")
    return Endpoints(
        issuer,
        _url(issuer, document, "authorization_endpoint"),
        _url(issuer, document, "token_endpoint"),
        _url(issuer, document, "jwks_uri"),
        userinfo=_url(issuer, document, "userinfo_endpoint", required=False),
        posts_secret=_holds(methods, "client_secret_post") and not _holds(methods, "client_secret_basic"),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def is_safe_url(url: str, *, plain_allowed: bool = True) -> bool:
    """Whether secrets may be sent to `url`: by HTTPS, or to this machine."""
    try:
        parts = urlsplit(url)
        if not url.isascii() or not url.isprintable() or parts.fragment or parts.username is not None:
            return False
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    return plain_allowed and parts.scheme == "http" and parts.hostname in _ON_THIS_MACHINE


def _url(issuer: str, document: Mapping[str, Any], name: str, *, required: bool = True) -> str:
    url = document.get(name)
    if url is None and not required:
        return ""
    if not isinstance(url, str) or not is_safe_url(url, plain_allowed=issuer.startswith("http://")):
        raise ProviderAway(f"the discovery document of {issuer} has no usable {name}")
    return url


def _holds(values: object, wanted: str) -> bool:
    return isinstance(values, list) and wanted in values

"""AWS Signature Version 4: what a request to Amazon Bedrock is signed with, and what a provider's secret may be.

From "Create a signed AWS API request" (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html)
and "Use an Amazon Bedrock API key" (docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html), both read 2026-11.
A signature covers the body and the minute, so unlike other credentials it cannot stand in a head that is built once:
it is made for every request, on the road, and the key that only the day changes is kept.
"""  # noqa: E501 - an address is not broken

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

BEDROCK_SERVICE: Final = "bedrock"
"""The name that requests to `bedrock-runtime.*` are signed for (`signingName` of AWS's service model, 2023-09-30)."""

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_ACCESS_KEY_ID: Final = re.compile(r"[A-Z0-9]{16,128}")
"""IAM, `AccessKey.AccessKeyId`: 16 to 128 word characters; those that AWS gives out are capitals and digits."""
_SECRET: Final = re.compile(r"[A-Za-z0-9/+=_-]+")
_API_KEY: Final = re.compile(r"[\x21-\x7e]+")
_REGION: Final = re.compile(r"[a-z0-9-]{1,32}")
_HOST: Final = re.compile(
    r"(?:.+\.)?bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws)"
)
"""Endpoints of a region, of a VPC and of China ("Amazon Bedrock endpoints", AWS General Reference, read 2026-11)."""


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """A key pair; `session_token` belongs to a temporary one and is empty elsewhere."""

    access_key_id: str
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class BedrockApiKey:
    """An API key of Amazon Bedrock: `authorization: Bearer …`, and nothing is signed."""

    token: str = field(repr=False)


def read_aws_secret(secret: str) -> AwsCredentials | BedrockApiKey:
    """Return what a provider's secret is: `ACCESS:SECRET`, `ACCESS:SECRET:SESSION`, or a Bedrock API key.

    None of AWS's keys and tokens has a colon in it, so a colon tells a key pair.

    Raises:
        ValueError: it is neither; the message says which part is wrong and shows none of them.
    """
    secret = secret.strip()
    if ":" not in secret:
        if _ACCESS_KEY_ID.fullmatch(secret):
            raise ValueError("the secret is an access key id alone; write ACCESS_KEY_ID:SECRET_ACCESS_KEY")
        if _API_KEY.fullmatch(secret) is None:
            raise ValueError("the secret is neither ACCESS_KEY_ID:SECRET_ACCESS_KEY nor an Amazon Bedrock API key")
        return BedrockApiKey(secret)
    access_key_id, secret_key, *session = secret.split(":")
    if len(session) > 1:
        raise ValueError("the secret has more than the three parts ACCESS_KEY_ID:SECRET_ACCESS_KEY:SESSION_TOKEN")
    if _ACCESS_KEY_ID.fullmatch(access_key_id) is None:
        raise ValueError("the first part of the secret is no AWS access key id (capitals and digits, such as AKIA…)")
    for name, part in (("secret access key", secret_key), ("session token", session[0] if session else "x")):
        if _SECRET.fullmatch(part) is None:
            raise ValueError(f"the {name} is empty or has characters that AWS's keys do not have")
    return AwsCredentials(access_key_id, secret_key, *session)


def region_of(host: str) -> str:
    """Return the region whose Bedrock runtime is at `host`, or an empty text where the name does not tell."""
    found = _HOST.fullmatch(host)
    return "" if found is None else found[1]


class Signer:
    """Signs the requests of one provider.

    Kept from one request to the next are the signing key of the day and the last target, which models repeat.
    """

    __slots__ = (
        "_canonical_target",
        "_credentials",
        "_day",
        "_key",
        "_lead",
        "_scope_tail",
        "_target",
        "_token_line",
    )

    def __init__(self, credentials: AwsCredentials, region: str, service: str = BEDROCK_SERVICE) -> None:
        """Take what all requests of a provider have in common.

        Raises:
            ValueError: `region` is no AWS region's name.
        """
        if _REGION.fullmatch(region) is None:
            raise ValueError(f"{region!r} is not the name of an AWS region, such as us-east-1")
        self._credentials = credentials
        self._scope_tail = f"/{region}/{service}/aws4_request"
        self._lead = f"{_ALGORITHM} Credential={credentials.access_key_id}/"
        token = credentials.session_token
        self._token_line = f"x-amz-security-token: {token}\r\n" if token else ""
        self._day = ""
        self._key = b""
        self._target = self._canonical_target = ""

    def sign(
        self,
        method: str,
        target: str,
        host: str,
        payload: bytes,
        at: datetime,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Return the header lines to add to a request, each ended by CRLF.

        Args:
            method: such as `POST`.
            target: path and query as they are on the wire, percent-encoded once, with capital hex digits.
            host: the value of the `host` header.
            payload: the whole body.
            at: the time; AWS refuses what is more than five minutes off.
            headers: further headers that are sent and signed too (lower-case names).
        """
        at = at.astimezone(UTC)
        stamp = f"{at:%Y%m%dT%H%M%SZ}"
        day = stamp[:8]
        signed = {"host": host, "x-amz-date": stamp}
        if self._credentials.session_token:
            signed["x-amz-security-token"] = self._credentials.session_token
        if headers:
            signed.update(headers)
        names = ";".join(sorted(signed))
        if target != self._target:
            self._target, self._canonical_target = target, canonical_target(target)
        canonical = canonical_request(method, self._canonical_target, signed, payload)
        scope = day + self._scope_tail
        to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._signing_key(day), to_sign.encode(), "sha256").hex()
        lines = (
            f"x-amz-date: {stamp}\r\n{self._token_line}"
            f"authorization: {self._lead}{scope}, SignedHeaders={names}, Signature={signature}\r\n"
        )
        return lines.encode("latin-1")

    def _signing_key(self, day: str) -> bytes:
        if day != self._day:
            key = b"AWS4" + self._credentials.secret_key.encode()
            for part in (day + self._scope_tail).split("/"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._day, self._key = day, key
        return self._key


def canonical_request(method: str, canonical_target: str, signed: Mapping[str, str], payload: bytes) -> str:
    """Return the text that is signed; `signed` are the headers that count, under lower-case names."""
    names = sorted(signed)
    lines = "".join([f"{name}:{' '.join(signed[name].split())}\n" for name in names])
    body = hashlib.sha256(payload).hexdigest()
    return f"{method}\n{canonical_target}\n{lines}\n{';'.join(names)}\n{body}"


def canonical_target(target: str) -> str:
    """Return path and query as they are signed, each on a line of its own."""
    path, _, query = target.partition("?")
    return f"{_canonical_path(path)}\n{_canonical_query(query)}"


def _canonical_path(path: str) -> str:
    """Encode the path once more, as every service but S3 wants it, without dot segments and doubled slashes."""
    if "//" in path or "/." in path:
        path = _normal(path)
    return quote(path or "/", safe="/~")


def _normal(path: str) -> str:
    """RFC 3986, 5.2.4, with empty segments taken for none."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    ends = "/" if kept and path.endswith("/") else ""
    return f"/{'/'.join(kept)}{ends}"


def _canonical_query(query: str) -> str:
    if not query:
        return ""
    pairs = sorted(tuple(pair.partition("=")[::2]) for pair in query.split("&"))
    return "&".join(f"{name}={value}" for name, value in pairs)

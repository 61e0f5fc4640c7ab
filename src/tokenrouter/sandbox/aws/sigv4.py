"""Checking AWS Signature Version 4: the request is signed again from what arrived, and the two are compared.

From AWS's "Create a signed AWS API request" (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html,
read 2026-11). For every service but S3 the path that is on the wire, percent-encoded once, is encoded once more. Not
read: signatures in the query string, and SigV4A.
"""  # noqa: E501 - an address is not broken

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, unquote

from tokenrouter.sandbox.aws.errors import AwsError
from tokenrouter.sandbox.server import Request

ALGORITHM: Final = "AWS4-HMAC-SHA256"
MAX_SKEW: Final = timedelta(minutes=5)
"""How far `x-amz-date` may be from the server's clock, either way."""

_DATE_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_DATE: Final = re.compile(r"\d{8}T\d{6}Z")
_SPACES: Final = re.compile(r" +")


@dataclass(frozen=True, slots=True)
class AccessKey:
    """The one key pair that is known; with `session_token`, requests have to carry it."""

    id: str
    secret: str
    session_token: str | None = None


@dataclass(frozen=True, slots=True)
class _Claim:
    """What an Authorization header says."""

    key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def check(request: Request, key: AccessKey, region: str, service: str, now: datetime) -> None:
    """Return if the request was signed with `key` for this region and service, a short while ago.

    Raises:
        AwsError: 403, and which of these it was not.
    """
    claim = _claim(request.headers.get("authorization", ""))
    _check_credential(request, claim, key)
    _check_date(request.headers.get("x-amz-date", ""), claim, now)
    if (claim.region, claim.service) != (region, service):
        wanted = "a valid region" if claim.region != region else f"correct service: '{service}'"
        raise _invalid(f"Credential should be scoped to {wanted}. ")
    _check_signed_headers(request.headers, claim)
    _check_body(request)
    expected = _signature(request, claim, key.secret)
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise _invalid(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details."
        )


def _claim(header: str) -> _Claim:
    algorithm, _, rest = header.partition(" ")
    if not header:
        raise AwsError(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    if algorithm != ALGORITHM:
        raise AwsError(403, "IncompleteSignatureException", f"Unsupported AWS 'algorithm': '{algorithm}'.")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    missing = [name for name in ("Credential", "SignedHeaders", "Signature") if not parts.get(name)]
    if missing:
        names = " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
        raise AwsError(403, "IncompleteSignatureException", names)
    scope = parts["Credential"].rsplit("/", 4)
    if len(scope) != 5 or scope[4] != "aws4_request":
        message = "Credential must have at least 5 slash-delimited elements and end with 'aws4_request'."
        raise AwsError(403, "IncompleteSignatureException", message)
    key_id, date, region, service, _ = scope
    return _Claim(key_id, date, region, service, tuple(parts["SignedHeaders"].split(";")), parts["Signature"])


def _check_credential(request: Request, claim: _Claim, key: AccessKey) -> None:
    token = request.headers.get("x-amz-security-token")
    if claim.key_id != key.id or token != key.session_token:
        message = "The security token included in the request is invalid."
        raise AwsError(403, "UnrecognizedClientException", message)


def _check_date(text: str, claim: _Claim, now: datetime) -> None:
    if not _DATE.fullmatch(text):
        raise AwsError(403, "IncompleteSignatureException", "Authorization header requires a valid 'X-Amz-Date'.")
    if not text.startswith(claim.date):
        raise _invalid(f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date: {text[:8]}.")
    try:
        signed = datetime.strptime(text, _DATE_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise AwsError(403, "IncompleteSignatureException", f"'{text}' is not a date.") from None
    ours = now.strftime(_DATE_FORMAT)
    if signed < now - MAX_SKEW:
        least = (now - MAX_SKEW).strftime(_DATE_FORMAT)
        raise _invalid(f"Signature expired: {text} is now earlier than {least} ({ours} - 5 min.)")
    if signed > now + MAX_SKEW:
        most = (now + MAX_SKEW).strftime(_DATE_FORMAT)
        raise _invalid(f"Signature not yet current: {text} is still later than {most} ({ours} + 5 min.)")


def _check_signed_headers(headers: dict[str, str], claim: _Claim) -> None:
    """The host and every `x-amz-` header have to be signed, and in order."""
    needed = {"host", *(name for name in headers if name.startswith("x-amz-"))}
    unsigned = sorted(needed - set(claim.signed_headers))
    if unsigned:
        names = ", ".join(unsigned)
        raise _invalid(f"'{names}' must be a 'SignedHeader' in the AWS Authorization.")
    if list(claim.signed_headers) != sorted(claim.signed_headers):
        raise _invalid("'SignedHeaders' are not in alphabetical order.")


def _check_body(request: Request) -> None:
    claimed = request.headers.get("x-amz-content-sha256")
    if claimed is not None and claimed != hashlib.sha256(request.body).hexdigest():
        raise _invalid("The provided 'x-amz-content-sha256' header does not match what was computed.")


def _signature(request: Request, claim: _Claim, secret: str) -> str:
    digest = hashlib.sha256(_canonical_request(request, claim.signed_headers).encode()).hexdigest()
    to_sign = "\n".join((ALGORITHM, request.headers["x-amz-date"], claim.scope, digest))
    key = f"AWS4{secret}".encode()
    for part in (claim.date, claim.region, claim.service, "aws4_request"):
        key = _hmac(key, part)
    return _hmac(key, to_sign).hex()


def _canonical_request(request: Request, signed_headers: tuple[str, ...]) -> str:
    headers = "".join(f"{name}:{_trimmed(request.headers.get(name, ''))}\n" for name in signed_headers)
    return "\n".join(
        (
            request.method,
            _canonical_path(request.path),
            _canonical_query(request.query),
            headers,
            ";".join(signed_headers),
            hashlib.sha256(request.body).hexdigest(),
        )
    )


def _canonical_path(path: str) -> str:
    """The wire's path without dot segments and doubled slashes (RFC 3986 5.2.4), encoded once more."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    normal = "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")
    return quote(normal, safe="/-_.~")


def _canonical_query(query: str) -> str:
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    return "&".join(
        f"{name}={value}" for name, value in sorted((_encoded(name), _encoded(value)) for name, value in pairs)
    )


def _encoded(text: str) -> str:
    return quote(unquote(text, errors="surrogateescape"), safe="-_.~", errors="surrogateescape")


def _trimmed(value: str) -> str:
    return _SPACES.sub(" ", value.strip())


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _invalid(message: str) -> AwsError:
    return AwsError(403, "InvalidSignatureException", message)

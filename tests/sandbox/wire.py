"""Speaks to a sandbox over plain HTTP, and signs for Amazon Bedrock, with nothing but the standard library."""

import hashlib
import hmac
import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def events(self) -> list[Any]:
        """The data of server-sent events that each end with an empty line of CRLF, as Google's do."""
        *events, rest = self.body.split(b"\r\n\r\n")
        assert rest == b""
        assert all(event.startswith(b"data: ") for event in events)
        return [json.loads(event[6:]) for event in events]

    def messages(self) -> list[tuple[dict[str, str], Any]]:
        """The messages of an event stream, headers and payload, their checksums compared."""
        return list(event_messages(self.body))


def send(
    base_url: str, path: str, body: object = None, headers: Mapping[str, str] | None = None, method: str = "POST"
) -> Answered:
    """One request; `body` is JSON unless it is bytes already."""
    address = urlsplit(base_url)
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    with closing(HTTPConnection(address.hostname or "", address.port, timeout=60)) as connection:
        connection.request(method, path, data, dict(headers or {}))
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answered(response.status, names, response.read())


def converse(base_url: str, model: str, body: object, operation: str = "converse") -> Answered:
    """A signed request to Bedrock."""
    path = f"/model/{quote(model, safe='')}/{operation}"
    data = json.dumps(body).encode()
    return send(base_url, path, data, signed(base_url, path, data))


def signed(
    base_url: str,
    path: str,
    data: bytes,
    *,
    secret: str = SECRET,
    region: str = "us-east-1",
    at: datetime | None = None,
    token: str | None = None,
) -> dict[str, str]:
    """The headers of a POST signed with Signature Version 4 (docs.aws.amazon.com/IAM, "Create a signed request")."""
    stamp = (at or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": urlsplit(base_url).netloc, "x-amz-date": stamp}
    if token is not None:
        headers["x-amz-security-token"] = token
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    digest = hashlib.sha256(data).hexdigest()
    canonical = "\n".join(("POST", quote(path, safe="/-_.~"), "", lines, names, digest))
    scope = f"{stamp[:8]}/{region}/bedrock/aws4_request"
    to_sign = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), to_sign):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    claim = f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
    return {**headers, "authorization": claim}


def event_messages(data: bytes) -> Iterator[tuple[dict[str, str], Any]]:
    """Headers and JSON payload of each message (smithy.io, "Amazon Event Stream Specification")."""
    while data:
        total, size, prelude = struct.unpack("!III", data[:12])
        assert prelude == zlib.crc32(data[:8])
        assert struct.unpack("!I", data[total - 4 : total])[0] == zlib.crc32(data[: total - 4])
        yield dict(_headers(data[12 : 12 + size])), json.loads(data[12 + size : total - 4])
        data = data[total:]


def _headers(data: bytes) -> Iterator[tuple[str, str]]:
    while data:
        name, data = data[1 : 1 + data[0]], data[1 + data[0] :]
        assert data[0] == 7
        size = struct.unpack("!H", data[1:3])[0]
        yield name.decode(), data[3 : 3 + size].decode()
        data = data[3 + size :]

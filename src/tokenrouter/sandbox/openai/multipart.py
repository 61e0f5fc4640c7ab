"""Forms with files: `multipart/form-data`, read strictly.

RFC 7578 over RFC 2046, 5.1, and the escapes of WHATWG HTML ("Multipart form data"), read 2026-11. A form comes from a
program here, never from a mail, so what the RFCs allow for mail is refused: text before the first and after the last
boundary, padding, comments, folded headers, transfer encodings, `filename*`.
"""

import re
from dataclasses import dataclass
from typing import Final

MAX_PARTS: Final = 1000
MAX_HEAD_BYTES: Final = 8192
"""Of one part."""

_CONTENT_TYPE: Final = re.compile(
    r"multipart/form-data\s*;\s*boundary=(?:\"(?P<quoted>[^\"]+)\"|(?P<token>[^\s;\"]+))\s*", re.IGNORECASE
)
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_DISPOSITION: Final = re.compile(r"form-data(?P<parameters>(?:;\s*[a-z*]+=\"[^\"\r\n]*\")+)", re.IGNORECASE)
_PARAMETER: Final = re.compile(r";\s*(?P<name>[a-z*]+)=\"(?P<value>[^\"\r\n]*)\"", re.IGNORECASE)
_HEADER: Final = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?P<value>[^\r\n\x00]*?)[ \t]*")
_ESCAPES: Final = {"%22": '"', "%0D": "\r", "%0A": "\n"}
_KNOWN: Final = frozenset(("content-disposition", "content-type", "content-length"))


class MalformedForm(Exception):
    """The bytes are no form; the message says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form; a file has a `filename`."""

    name: str
    filename: str | None
    content_type: str
    data: bytes


def read_multipart(content_type: str, body: bytes) -> list[Part]:
    """The parts in their order.

    Raises:
        MalformedForm: the header names no boundary, the body does not keep to it, or it has too many parts.
    """
    delimiter = b"--" + _boundary(content_type)
    if not body.startswith(delimiter):
        raise MalformedForm("the body does not begin with its boundary")
    parts: list[Part] = []
    position = len(delimiter)
    while body[position : position + 2] != b"--":
        if body[position : position + 2] != b"\r\n":
            raise MalformedForm("a boundary is not followed by a line break")
        if len(parts) == MAX_PARTS:
            raise MalformedForm(f"it has more than {MAX_PARTS} parts")
        # The line break before a boundary belongs to the boundary (RFC 2046, 5.1.1).
        end = body.find(b"\r\n" + delimiter, position + 2)
        if end < 0:
            raise MalformedForm("the last boundary is missing")
        parts.append(_part(body, position + 2, end))
        position = end + 2 + len(delimiter)
    if body[position + 2 :] not in (b"", b"\r\n"):
        raise MalformedForm("something follows the last boundary")
    return parts


def _boundary(content_type: str) -> bytes:
    found = _CONTENT_TYPE.fullmatch(content_type.strip())
    boundary = (found["quoted"] or found["token"]) if found else ""
    if not _BOUNDARY.fullmatch(boundary):
        raise MalformedForm("the content type names no boundary")
    return boundary.encode()


def _part(body: bytes, start: int, end: int) -> Part:
    head_end = body.find(b"\r\n\r\n", start, min(end, start + MAX_HEAD_BYTES))
    if head_end < 0:
        raise MalformedForm("a part has no head, or too long a one")
    headers = _headers(body[start:head_end])
    name, filename = _disposition(headers.get("content-disposition", ""))
    return Part(name, filename, headers.get("content-type", "text/plain"), body[head_end + 4 : end])


def _headers(head: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        lines = head.decode().split("\r\n")
    except UnicodeDecodeError:
        raise MalformedForm("the head of a part is not UTF-8") from None
    for line in lines:
        header = _HEADER.fullmatch(line)
        name = header["name"].lower() if header else ""
        if header is None or name not in _KNOWN or name in found:
            raise MalformedForm("a header of a part is unknown, repeated or none")
        found[name] = header["value"]
    return found


def _disposition(value: str) -> tuple[str, str | None]:
    found = _DISPOSITION.fullmatch(value)
    parameters: dict[str, str] = {}
    for parameter in _PARAMETER.finditer(found["parameters"]) if found else ():
        name = parameter["name"].lower()
        if name in parameters or name not in ("name", "filename"):
            raise MalformedForm("a part is described twice or in a way that forms do not know")
        parameters[name] = _unescaped(parameter["value"])
    if "name" not in parameters:
        raise MalformedForm("a part has no name")
    return parameters["name"], parameters.get("filename")


def _unescaped(value: str) -> str:
    for escape, character in _ESCAPES.items():
        value = value.replace(escape, character)
    return value

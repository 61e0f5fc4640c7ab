"""Looking into a multipart form without touching its files.

Sound and pictures come as `multipart/form-data` (RFC 7578). The gateway needs a few short fields and replaces one,
so the form is only cut at its delimiters: what stands in a file is never copied. A form that two readers could cut
in different places is refused, because the provider must see the same model as the one that was allowed.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from tokenrouter.dialects.json import RawObject
from tokenrouter.domain.errors import InvalidRequest

MAX_PARTS: Final = 1000
"""Most parts of a form; the largest in use sends 16 pictures and some settings."""
MAX_PART_HEAD_BYTES: Final = 8 * 2**10
"""Longest head of a part: a name, a file name and a media type."""
MAX_TEXT_BYTES: Final = 64 * 2**10
"""Longest value that is read as text."""

_BOUNDARY: Final = re.compile(rb"--([0-9A-Za-z'()+_,./:=?-]{1,70})[ \t]*\r\n")
"""A first line (RFC 2046, 5.1.1), without the space that a boundary may hold and nobody's does."""
_DISPOSITION: Final = re.compile(rb"content-disposition[ \t]*:([^\r\n]*)", re.IGNORECASE)
_HEADER_START: Final = re.compile(rb"(?:^|\r\n)([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:")
_PARAMETER: Final = re.compile(rb';[ \t]*([A-Za-z*]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^";\s]+))')
_PLAIN_ENCODINGS: Final = frozenset({b"", b"7bit", b"8bit", b"binary"})


@dataclass(frozen=True, slots=True)
class FormPart:
    """One part: where its content stands in the body. `is_file`: whether it has a file name."""

    name: str
    start: int
    end: int
    is_file: bool


@dataclass(frozen=True, slots=True)
class MultipartForm:
    """A form, cut at its delimiters.

    Attributes:
        end: where the closing delimiter begins.
        fields: none; it has no JSON fields.
    """

    body: bytes
    boundary: bytes
    parts: tuple[FormPart, ...]
    end: int
    fields: RawObject

    @property
    def file_bytes(self) -> int:
        """Bytes of all files."""
        return sum(part.end - part.start for part in self.parts if part.is_file)

    @property
    def files(self) -> int:
        """How many files it has."""
        return sum(part.is_file for part in self.parts)

    @property
    def content_type(self) -> bytes:
        """The header value that makes every reader cut the form where it was cut here."""
        return b'multipart/form-data; boundary="%b"' % self.boundary

    def text(self, name: str) -> str | None:
        """Return the value of the field `name`, or None when it was not sent.

        Raises:
            InvalidRequest: it stands twice, is a file, is too long or is not UTF-8.
        """
        found = [part for part in self.parts if part.name == name]
        if not found:
            return None
        part = found[0]
        if len(found) > 1:
            raise InvalidRequest(f"The field {name!r} stands twice in the form; send it once.", param=name)
        if part.is_file or part.end - part.start > MAX_TEXT_BYTES:
            raise InvalidRequest(f"The field {name!r} must be a short text.", param=name)
        try:
            return self.body[part.start : part.end].decode()
        except UnicodeDecodeError:
            raise InvalidRequest(f"The field {name!r} is not UTF-8.", param=name) from None

    def with_value(self, name: str, value: bytes) -> list[bytes | memoryview]:
        """Return the form in pieces with `value` (as JSON) in the place of the field `name`, which it has."""
        return self.changed({name: value})

    def changed(self, changes: Mapping[str, msgspec.Raw | bytes]) -> list[bytes | memoryview]:
        """Return the form in pieces, with `changes` (as JSON) in the place of the fields of that name or at the end."""
        texts = {name: _text_of(value) for name, value in changes.items()}
        view = memoryview(self.body)
        pieces: list[bytes | memoryview] = []
        taken = 0
        for part in self.parts:
            if part.name in texts:
                pieces += (view[taken : part.start], texts[part.name])
                taken = part.end
        missing = texts.keys() - {part.name for part in self.parts}
        added = [self._new_part(name, texts[name]) for name in texts if name in missing]
        return [*pieces, view[taken : self.end], *added, view[self.end :]]

    def with_content(self, part: FormPart, content: bytes) -> list[bytes | memoryview]:
        """Return the form in pieces, with `content` in the place of a part's."""
        view = memoryview(self.body)
        return [view[: part.start], content, view[part.end :]]

    def without(self, names: Collection[str]) -> "MultipartForm":
        """Return the form itself: its fields are passed on as they are."""
        return self

    def _new_part(self, name: str, text: bytes) -> bytes:
        head = b'--%b\r\ncontent-disposition: form-data; name="%b"\r\n\r\n' % (self.boundary, name.encode())
        return b"%b%b\r\n" % (head, text)


def read_form(body: bytes) -> MultipartForm:
    """Return `body` as a form.

    Raises:
        InvalidRequest: it is none, or one that could be cut in two ways.
    """
    opening = _BOUNDARY.match(body)
    if opening is None:
        raise InvalidRequest("The body is no multipart/form-data; it must begin with '--' and the form's boundary.")
    boundary = opening[1]
    delimiters = list(_delimiters(body, boundary))
    starts = [start for _, start in delimiters[:-1]]
    ends = [at for at, _ in delimiters[1:]]
    parts = tuple(_part(body, start, end - 2) for start, end in zip(starts, ends, strict=True))
    return MultipartForm(body, boundary, parts, ends[-1] if ends else 0, {})


def _delimiters(body: bytes, boundary: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each delimiter begins and where what follows it begins; the last is the closing one."""
    mark = b"--" + boundary
    at = count = 0
    while (at := body.find(mark, at)) >= 0:
        after = at + len(mark)
        if at and body[at - 2 : at] != b"\r\n":
            raise InvalidRequest("The form's boundary stands inside one of its parts; choose another.")
        if body.startswith(b"--", after):
            if body[after + 2 :].strip(b" \t\r\n"):
                raise InvalidRequest("Something follows the end of the form.")
            yield at, len(body)
            return
        line_end = body.find(b"\r\n", after, after + 64)
        if line_end < 0 or body[after:line_end].strip(b" \t"):
            raise InvalidRequest("The form's boundary stands inside one of its parts; choose another.")
        yield at, line_end + 2
        at = line_end + 2
        count += 1
        if count > MAX_PARTS:
            raise InvalidRequest(f"The form has more than {MAX_PARTS} parts.")
    raise InvalidRequest("The form is cut short: its closing boundary is missing.")


def _part(body: bytes, start: int, end: int) -> FormPart:
    head_end = body.find(b"\r\n\r\n", start, min(end, start + MAX_PART_HEAD_BYTES) + 4)
    if head_end < 0 or head_end + 4 > end:
        raise InvalidRequest(f"A part of the form has no head, or one longer than {MAX_PART_HEAD_BYTES} bytes.")
    head = body[start:head_end]
    headers = [name.lower() for name in _HEADER_START.findall(head)]
    disposition = _DISPOSITION.search(head)
    if headers.count(b"content-disposition") != 1 or disposition is None:
        raise InvalidRequest("Each part of the form needs one content-disposition header.")
    _refuse_coded(head)
    parameters = [(key.lower(), quoted or plain) for key, quoted, plain in _PARAMETER.findall(disposition[1])]
    names = [value for key, value in parameters if key == b"name"]
    if len(names) != 1 or any(key == b"name*" for key, _ in parameters) or b"\\" in names[0]:
        raise InvalidRequest("Each part of the form needs one plain name in its content-disposition header.")
    is_file = any(key in (b"filename", b"filename*") for key, _ in parameters)
    return FormPart(names[0].decode("utf-8", "replace"), head_end + 4, end, is_file)


def _refuse_coded(head: bytes) -> None:
    """Refuse an encoding that only some readers undo (RFC 7578, 4.7: deprecated)."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-transfer-encoding" and value.strip().lower() not in _PLAIN_ENCODINGS:
            raise InvalidRequest("Parts of a form must not have a content-transfer-encoding.")


def _text_of(value: msgspec.Raw | bytes) -> bytes:
    decoded = msgspec.json.decode(value)
    return decoded.encode() if isinstance(decoded, str) else bytes(value)

"""Looking into a JSON body without decoding it.

A request body is mostly conversation, and the gateway needs a handful of its fields. `peek_object`
splits the top level into raw slices and leaves every value as it was sent, so that a relay can put a
changed field between untouched ones.
"""

import json
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

import msgspec

from tokenrouter.domain.errors import InvalidJson, NestedTooDeeply

RawObject = dict[str, msgspec.Raw]

_TOP_LEVEL: Final = msgspec.json.Decoder(RawObject)
_encode: Final = msgspec.json.encode


class JsonObject(NamedTuple):
    """A body, split at its top level.

    Attributes:
        fields: each value as the bytes that were sent.
        is_compact: whether nothing but the needed punctuation stands between the values.
    """

    body: bytes
    fields: RawObject
    is_compact: bool

    def with_value(self, name: str, value: bytes) -> list[bytes | memoryview]:
        """Return the body in pieces, with `value` (as JSON) in the place of the field `name`, which it has."""
        body, fields, is_compact = self
        if not is_compact:
            return write_object({**fields, name: value})
        at = 0
        for key, raw in fields.items():
            at += len(key) + 4
            if key == name:
                break
            at += len(raw)
        view = memoryview(body)
        return [view[:at], value, view[at + len(raw) :]]

    def changed(self, changes: Mapping[str, msgspec.Raw | bytes]) -> list[bytes | memoryview]:
        """Return the body in pieces, with `changes` (as JSON) in the place of the fields of that name or at the end.

        Every other value stays as it was sent; large ones are not copied.
        """
        if not self.is_compact or not self.fields:
            return write_object({**self.fields, **changes})
        view = memoryview(self.body)
        pieces: list[bytes | memoryview] = []
        taken = at = 0
        for key, raw in self.fields.items():
            at += len(key) + 4
            size = len(raw)
            if key in changes:
                pieces += (view[taken:at], changes[key])
                taken = at + size
            at += size
        added = [b",%b:%b" % (_encode(key), value) for key, value in changes.items() if key not in self.fields]
        return [*pieces, view[taken:-1], *added, b"}"] if added else [*pieces, view[taken:]]

    def without(self, names: Collection[str]) -> "JsonObject":
        """Return the object without the fields of those `names`."""
        if not any(name in self.fields for name in names):
            return self
        fields = {name: raw for name, raw in self.fields.items() if name not in names}
        return JsonObject(b"".join(write_object(fields)), fields, is_compact=True)


def peek_object(body: bytes) -> JsonObject:
    """Return `body` split at its top level.

    Raises:
        InvalidJson: not a JSON object, or a key stands twice (two readers would see two requests).
        NestedTooDeeply: nested deeper than the interpreter's recursion limit.
    """
    try:
        fields = _TOP_LEVEL.decode(body)
    except msgspec.DecodeError as error:
        raise InvalidJson(_what_is_wrong(body, error)) from None
    except RecursionError:
        raise NestedTooDeeply("The body's JSON is nested too deeply; flatten it.") from None
    # Whatever else stands in the body (blanks, escapes in a key, a key that stands twice) makes it longer than this.
    is_compact = len(body) == 1 + 4 * len(fields) + sum(map(len, fields)) + sum(map(len, fields.values()))
    if not is_compact:
        _refuse_duplicates(body, fields)
    return JsonObject(body, fields, is_compact)


def _what_is_wrong(body: bytes, error: msgspec.DecodeError) -> str:
    if not body:
        return "The body is empty; send a JSON object."
    return f"The body is not a JSON object: {error}."


def _refuse_duplicates(body: bytes, fields: RawObject) -> None:
    """Account for every byte between the values: a key that stands twice leaves bytes that no field explains.

    Bodies with one blank after each separator (what many programs send) are settled by a walk over the
    separators; only other layouts are decoded again.
    """
    if _is_spaced_evenly(body, fields):
        return
    try:
        whole = json.loads(body, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return
    if isinstance(whole, _Pairs) and whole.twin is not None:
        raise InvalidJson(f"The field {whole.twin!r} stands twice in the body; send it once.")


def _is_spaced_evenly(body: bytes, fields: RawObject) -> bool:
    """Whether `body` is exactly `fields` with `: ` and `, ` between them (Python's default layout)."""
    at = 1
    for key, raw in fields.items():
        lead = f'"{key}": '.encode()
        if not body.startswith(lead, at):
            return False
        at += len(lead) + len(raw) + 2
    return at == len(body) + 1


class _Pairs(dict[str, object]):
    """A decoded object that remembers which of its own keys stood twice."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        names = [key for key, _ in pairs]
        self.twin = next((key for key in names if names.count(key) > 1), None) if len(names) > len(self) else None


def is_object(text: bytes) -> bool:
    """Whether `text` is one whole JSON object."""
    try:
        _TOP_LEVEL.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def write_object(fields: Mapping[str, msgspec.Raw | bytes]) -> list[bytes | memoryview]:
    """Return the pieces of a JSON object with `fields` in their order; large values are not copied."""
    pieces: list[bytes | memoryview] = []
    lead = b"{"
    for key, value in fields.items():
        pieces.append(lead + _encode(key) + b":")
        pieces.append(memoryview(value))
        lead = b","
    pieces.append(b"}" if fields else b"{}")
    return pieces

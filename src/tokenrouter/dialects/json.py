"""Looking into a JSON body without decoding it.

A request body is mostly conversation, and the gateway needs a handful of its fields. `peek_object`
splits the top level into raw slices and leaves every value as it was sent, so that a relay can put a
changed field between untouched ones.
"""

import json
from collections.abc import Mapping
from typing import Final

import msgspec

from tokenrouter.domain.errors import InvalidJson, NestedTooDeeply

RawObject = dict[str, msgspec.Raw]

_TOP_LEVEL: Final = msgspec.json.Decoder(RawObject)
_encode: Final = msgspec.json.encode


def peek_object(body: bytes) -> RawObject:
    """Return the top-level fields of `body`, each as the bytes that were sent.

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
    _refuse_duplicates(body, fields)
    return fields


def _what_is_wrong(body: bytes, error: msgspec.DecodeError) -> str:
    if not body:
        return "The body is empty; send a JSON object."
    return f"The body is not a JSON object: {error}."


def _refuse_duplicates(body: bytes, fields: RawObject) -> None:
    """Account for every byte between the values: a key that stands twice leaves bytes that no field explains.

    Compact bodies are settled by a sum, those with one blank after each separator (what most SDKs send)
    by a walk over the separators; only other layouts are decoded again.
    """
    compact_size = 1 + sum(len(raw) + len(key) + 4 for key, raw in fields.items())
    if len(body) == compact_size or _is_spaced_evenly(body, fields):
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

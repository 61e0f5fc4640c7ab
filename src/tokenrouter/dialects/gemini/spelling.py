"""Requests that spell Gemini's fields in `snake_case`, turned into `camelCase`.

Google's parser takes either spelling of each field, and clients mix them: google-genai sends `thinking_budget` inside
`thinkingConfig`, LiteLLM `function_declarations` (seen 2026-11). Only fields that the wire structs declare are
touched; a tool's own arguments and the names in a schema are the client's, whatever they are called.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, get_args

import msgspec

from tokenrouter.dialects.gemini.wire import WireFunction, WireRequest
from tokenrouter.dialects.json import write_object

Kind = type[msgspec.Struct]
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array: Final = msgspec.json.Decoder(list[msgspec.Raw])
FUNCTIONS: Final = "functionDeclarations"
"""The field of a tool that holds more of ours. Tools are no struct, because they are open-ended."""


def in_camel_case(body: bytes) -> bytes:
    """Return a request's `body` with the names of Gemini's fields in `camelCase`; the same bytes if they are.

    A body that is no JSON is returned as it is: whoever reads it will say what is wrong.
    """
    if _RESTS.isdisjoint(_SNAKE_NAME.findall(body)):
        return body
    try:
        return _respelled(body, WireRequest)
    except (msgspec.DecodeError, RecursionError):
        return body


def camel(name: str) -> str:
    """Return a field's name in `camelCase`."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def _respelled(raw: bytes, kind: Kind) -> bytes:
    """Return an object, or a list of such, with its own fields and those of the structs in it renamed."""
    if raw[:1] == b"[":
        return b"[" + b",".join([_respelled(bytes(each), kind) for each in _array.decode(raw)]) + b"]"
    if raw.lstrip()[:1] != b"{":
        return raw
    known = _FIELDS[kind]
    fields: dict[str, msgspec.Raw | bytes] = {}
    for name, value in _object.decode(raw).items():
        spelled, inner = known.get(name, (name, None))
        if inner is not None:
            fields[spelled] = _respelled(bytes(value), inner)
        elif kind is WireRequest and spelled == "tools" and bytes(value).startswith(b"["):
            fields[spelled] = b"[" + b",".join([_tool(bytes(each)) for each in _array.decode(value)]) + b"]"
        else:
            fields[spelled] = value
    return b"".join(write_object(fields))


def _tool(raw: bytes) -> bytes:
    fields: dict[str, msgspec.Raw | bytes] = {}
    for name, value in _object.decode(raw).items():
        spelled = camel(name)
        fields[spelled] = _respelled(bytes(value), WireFunction) if spelled == FUNCTIONS else value
    return b"".join(write_object(fields))


def _inner(kind: Any) -> Kind | None:
    """Return the struct in a field's type, whether optional or in a list."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    return next((inner for each in get_args(kind) if (inner := _inner(each)) is not None), None)


def _kinds(kind: Kind) -> Iterator[Kind]:
    yield kind
    for field in msgspec.structs.fields(kind):
        if (inner := _inner(field.type)) is not None:
            yield from _kinds(inner)


def _spellings(kind: Kind) -> dict[str, tuple[str, Kind | None]]:
    """Return a struct's fields by either spelling: the spelling we read, and the struct inside."""
    fields = msgspec.structs.fields(kind)
    spelled = {field.encode_name: (field.encode_name, _inner(field.type)) for field in fields}
    return {field.name: spelled[field.encode_name] for field in fields} | spelled


def _rests() -> frozenset[bytes]:
    """Return what follows the first underscore of our names; that byte is found fast, and false alarms do no harm."""
    names = {name for spellings in _FIELDS.values() for name in spellings if "_" in name} | {"function_declarations"}
    return frozenset(name.partition("_")[2].encode() for name in names)


_FIELDS: Final = {kind: _spellings(kind) for each in (WireRequest, WireFunction) for kind in _kinds(each)}
_RESTS: Final = _rests()
_SNAKE_NAME: Final = re.compile(rb'_([a-z_]{1,%d})"\s*:' % max(map(len, _RESTS)))
"""The end of a field's name. (The bound keeps a long run of underscores from costing its square.)"""

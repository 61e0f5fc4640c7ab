"""The top-level fields that the gateway needs of any request: model, stream, and what bounds its answer.

A field of the wrong type is refused here with its name, because a gateway that passes it on spends a
round trip to learn the same, and some vendors answer such mistakes with a 500.
"""

from typing import Final

import msgspec

from tokenrouter.dialects.base import Head
from tokenrouter.dialects.json import RawObject, peek_object
from tokenrouter.dialects.preferences import first_model
from tokenrouter.domain.errors import InvalidRequest, MissingModel

MAX_MODEL_CHARS: Final = 256
"""Longest model name that is looked up; the longest in use (file paths of local servers) are below 200."""

_OPENING_BRACKET: Final = ord("[")

_string: Final = msgspec.json.Decoder(str)
_flag: Final = msgspec.json.Decoder(bool | None)
_count: Final = msgspec.json.Decoder(int | None)
_stream_options: Final = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)


def peek_head(body: bytes, *, bounds: frozenset[str], required: tuple[str, ...], arrays: tuple[str, ...]) -> Head:
    """Return the head of a request body; `bounds` are the fields that bound the answer.

    Raises:
        InvalidRequest: names the field that is missing or of the wrong type.
    """
    peeked = peek_object(body)
    fields = peeked.fields
    model = _model(fields)
    for name in required:
        if name not in fields:
            raise InvalidRequest(f"The field {name!r} is missing; this operation needs it.", param=name)
    for name in arrays:
        if memoryview(fields[name])[0] != _OPENING_BRACKET:
            raise InvalidRequest(f"The field {name!r} must be an array.", param=name)
    stream = "stream" in fields and _read_flag(fields, "stream")
    return Head(
        peeked,
        model,
        stream,
        None if bounds.isdisjoint(fields) else _bound(fields, bounds),
        not stream or ("stream_options" in fields and _asks_usage(fields)),
        _read_count(fields, "n") or 1 if "n" in fields else 1,
        len(body),
    )


def _model(fields: RawObject) -> str:
    raw = fields.get("model")
    if raw is None and (first := first_model(fields)) is not None:
        return first
    if raw is None:
        raise MissingModel(
            "The field 'model' is missing; name a model, for instance from GET /v1/models.", param="model"
        )
    try:
        model = _string.decode(raw)
    except msgspec.DecodeError:
        raise InvalidRequest("The field 'model' must be a string.", param="model") from None
    if not model or len(model) > MAX_MODEL_CHARS:
        raise MissingModel(f"The field 'model' must have 1 to {MAX_MODEL_CHARS} characters.", param="model")
    return model


def _read_flag(fields: RawObject, name: str) -> bool:
    try:
        return bool(_flag.decode(fields[name]))
    except msgspec.DecodeError:
        raise InvalidRequest(f"The field {name!r} must be true or false.", param=name) from None


def _read_count(fields: RawObject, name: str) -> int | None:
    try:
        count: int | None = _count.decode(fields[name])
    except msgspec.DecodeError:
        raise InvalidRequest(f"The field {name!r} must be a whole number.", param=name) from None
    if count is not None and count < 0:
        raise InvalidRequest(f"The field {name!r} must not be negative.", param=name)
    return count


def _bound(fields: RawObject, names: frozenset[str]) -> int | None:
    bounds = [count for name in names & fields.keys() if (count := _read_count(fields, name)) is not None]
    return min(bounds) if bounds else None


def _asks_usage(fields: RawObject) -> bool:
    raw = stream_options(fields).get("include_usage")
    return raw is not None and bytes(raw) == b"true"


def stream_options(fields: RawObject) -> RawObject:
    """Return the fields of `stream_options`, empty when it is absent or null.

    Raises:
        InvalidRequest: it is not an object.
    """
    raw = fields.get("stream_options")
    if raw is None:
        return {}
    try:
        return _stream_options.decode(raw) or {}
    except msgspec.DecodeError:
        raise InvalidRequest("The field 'stream_options' must be an object.", param="stream_options") from None

"""A form with files as fields like those of a JSON body, for the endpoints of OpenAI's that take uploads.

From OpenAI's API reference ("Upload file", "Create image edit", "Create transcription", read 2026-11): `name[]` is an
entry of a list, `name[key]` of an object. Everything in a form is text; what the reference calls a number or a boolean
is read as one.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.openai.multipart import MalformedForm, Part, read_multipart
from tokenrouter.sandbox.server import Request

_NAME: Final = re.compile(r"(?P<base>[^\[\]]+)(?:\[(?P<key>[^\[\]]*)\])?")
_BOOLEANS: Final = {"true": True, "false": False}
_TYPES: Final[dict[str, Callable[[str], object]]] = {
    "n": int,
    "partial_images": int,
    "output_compression": int,
    "seconds": int,
    "temperature": float,
    "stream": _BOOLEANS.__getitem__,
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent."""

    filename: str
    content_type: str
    data: bytes


def read_form(request: Request) -> Fields:
    """The form as fields. Raises: ApiError 400, for another type of body or a form that cannot be read."""
    content_type = request.headers.get("content-type", "")
    if not content_type.lower().startswith("multipart/form-data"):
        message = (
            f"Unsupported content type: '{content_type[:80]}'. This API method only accepts 'multipart/form-data' "
            "requests. Please try again with a supported content type."
        )
        raise ApiError(400, message)
    try:
        parts = read_multipart(content_type, request.body)
    except MalformedForm as error:
        raise ApiError(400, f"Could not parse multipart form: {error}.") from error
    values: dict[str, object] = {}
    for part in parts:
        _add(values, part)
    return Fields(values)


def uploads(fields: Fields, name: str) -> list[Upload]:
    """The files of that name, at least one. Raises: ApiError 400."""
    value = fields.values.get(name)
    found = value if isinstance(value, list) else [value]
    files = [each for each in found if isinstance(each, Upload)]
    if not files or len(files) != len(found):
        fields.refuse(name, f"Missing required parameter: '{name}'.", "missing_required_parameter")
    return files


def _add(values: dict[str, object], part: Part) -> None:
    name = _NAME.fullmatch(part.name)
    if name is None:
        raise ApiError(400, f"Invalid form field name: '{part.name[:80]}'.")
    base, key = name["base"], name["key"]
    value = _value(part, key or base)
    if key is None:
        if base in values:
            raise ApiError(400, f"Duplicate parameter: '{base}'.", param=base)
        values[base] = value
        return
    held = values.setdefault(base, {} if key else [])
    if key and isinstance(held, dict) and key not in held:
        held[key] = value
    elif not key and isinstance(held, list):
        held.append(value)
    else:
        raise ApiError(400, f"Duplicate parameter: '{part.name}'.", param=base)


def _value(part: Part, name: str) -> object:
    if part.filename is not None:
        return Upload(part.filename, part.content_type, part.data)
    try:
        text = part.data.decode()
        return _TYPES[name](text) if name in _TYPES else text
    except (ValueError, KeyError):
        message = f"Invalid value for '{part.name}'."
        raise ApiError(400, message, param=part.name, code="invalid_value") from None

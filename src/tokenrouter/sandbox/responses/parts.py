"""Content parts of the Responses API: which may stand where, and what they weigh.

From OpenAI's API reference ("Create a model response", `input`), the guides "Images and vision" and "File inputs" (read
2026-11) and recorded refusals. Nothing is looked at: an image weighs by its `detail`, a PDF by its pages, other files
by their bytes.
"""

import base64
import binascii
import re
from typing import Final

from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.prompt import IMAGE_TOKENS

TOLD: Final = ("input_text", "input_image", "input_file", "input_audio")
"""Parts of what a model is told: by users and developers, and as output of tools."""
SAID: Final = ("output_text", "refusal")
"""Parts of what a model has said."""
DETAILS: Final = ("low", "high", "auto", "original")
FILE_TOKENS: Final = 1024
"""Of a file that is named but not sent."""
PAGE_TOKENS: Final = IMAGE_TOKENS["high"]
"""A page of a PDF counts like an image of it."""
BYTES_PER_TOKEN: Final = 4

_PAGE: Final = re.compile(rb"/Type\s*/Page\b")
_DATA_URL: Final = re.compile(r"data:(?P<kind>[\w.+-]+/[\w.+-]+)?(?:;[\w-]+=[^;,]*)*;base64,(?P<data>.*)", re.DOTALL)


def content(item: Fields, name: str, allowed: tuple[str, ...]) -> tuple[str, int]:
    """The text of a string or of parts, and what media in it weigh in tokens. Raises: ApiError 400."""
    value = item.values.get(name)
    if isinstance(value, str):
        return value, 0
    if value is None:
        item.required_text(name)
    if not isinstance(value, list):
        item.wrong_type(name, "one of an array of objects or string")
    texts: list[str] = []
    weight = 0
    for part in item.objects(name):
        kind = _kind(part, allowed)
        if kind in ("input_text", "output_text"):
            texts.append(part.required_text("text"))
        elif kind == "refusal":
            texts.append(part.required_text("refusal"))
        else:
            weight += _WEIGHTS[kind](part)
    return "\n".join(texts), weight


def _kind(part: Fields, allowed: tuple[str, ...]) -> str:
    kind = part.required_text("type")
    if kind not in allowed:
        known = ", ".join(f"'{each}'" for each in allowed[:-1]) + f", and '{allowed[-1]}'"
        if len(allowed) == 2:
            known = f"'{allowed[0]}' and '{allowed[1]}'"
        part.refuse("type", f"Invalid value: '{kind}'. Supported values are: {known}.", "invalid_value")
    return kind


def _image(part: Fields) -> int:
    detail = part.choice("detail", DETAILS) if part.present("detail") else "auto"
    weight = IMAGE_TOKENS["low" if detail == "low" else "high"]
    if part.present("file_id"):
        part.required_text("file_id")
        return weight
    url = part.required_text("image_url")
    if url.startswith(("https://", "http://")):
        return weight
    if not url.startswith("data:"):
        message = f"Invalid '{part.path('image_url')}'. Expected a valid URL, but got a value with an invalid format."
        part.refuse("image_url", message, "invalid_value")
    kind, _ = _data(part, "image_url", "image/png")
    if not kind.startswith("image/"):
        message = f"Invalid MIME type '{kind}'. Only image types are supported."
        part.refuse("image_url", message, "invalid_image_format")
    return weight


def _file(part: Fields) -> int:
    if part.present("file_data"):
        part.required_text("filename")
        kind, data = _data(part, "file_data", "application/pdf")
        pages = len(_PAGE.findall(data)) or 1
        return pages * PAGE_TOKENS if kind == "application/pdf" else len(data) // BYTES_PER_TOKEN
    for name in ("file_id", "file_url"):
        if part.text(name):
            return FILE_TOKENS
    message = f"Missing required parameter: '{part.path('file_id')}'."
    return part.refuse("file_id", message, "missing_required_parameter")


def _audio(part: Fields) -> int:
    sound = part.required_member("input_audio")
    sound.choice("format", ("mp3", "wav"))
    return len(sound.required_text("data")) // BYTES_PER_TOKEN


def _data(part: Fields, name: str, example: str) -> tuple[str, bytes]:
    """The media type and the bytes of a data URL."""
    found = _DATA_URL.fullmatch(part.required_text(name))
    if found is None:
        message = (
            f"Invalid '{part.path(name)}'. Expected a base64-encoded data URL (e.g. 'data:{example};base64,aGVsbG8='), "
            "but got a value of another form."
        )
        part.refuse(name, message, "invalid_value")
    try:
        return found["kind"] or "text/plain", base64.b64decode(found["data"], validate=True)
    except binascii.Error:
        message = f"Invalid '{part.path(name)}'. Expected a base64-encoded data URL, but got an invalid base64 value."
        return part.refuse(name, message, "invalid_base64")


_WEIGHTS: Final = {"input_image": _image, "input_file": _file, "input_audio": _audio}

"""How long a request's text is, whatever its dialect: the measure by which aliases choose a light model.

TokenTracer's rule: a quarter of the characters of all messages, rounded down, but at least 1 where there is any text.
It needs no tokenizer, and is the same for every model. Tools, pictures and files count nothing.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tokenrouter.dialects.json import RawObject

CHARS_PER_TOKEN: Final = 4
_FIELDS: Final = (
    "messages",
    "system",
    "input",
    "instructions",
    "prompt",
    "contents",
    "systemInstruction",
    "system_instruction",
)
"""Where the dialects have their text."""
_INNER: Final = frozenset(("content", "text", "parts", "output"))
"""Where objects within have theirs; everything else in them says what kind of thing they are, or is a file."""
_decode: Final = msgspec.json.Decoder().decode


def estimated_tokens(fields: RawObject) -> int:
    """Return the estimate for a request with these top-level fields."""
    chars = sum(_chars(_value(fields[name])) for name in _FIELDS if name in fields)
    return max(1, chars // CHARS_PER_TOKEN) if chars else 0


def _value(raw: msgspec.Raw) -> Any:
    try:
        return _decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None  # the provider is to say what is wrong


def _chars(value: Any) -> int:
    """Count the text in a JSON value; no recursion, since clients choose how deep it is."""
    total = 0
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            total += len(one)
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, Mapping):
            waiting.extend(inner for name, inner in one.items() if name in _INNER)
    return total

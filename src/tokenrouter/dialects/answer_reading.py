"""What is picked out of any vendor's answers without decoding them: how much the model said, and whether it failed."""

import re
from typing import Final

import msgspec

WHOLE_BYTES: Final = 2**20
"""Answers up to this size are decoded to find their usage; of longer ones only the end is looked at."""


class _WithError(msgspec.Struct):
    error: msgspec.Raw = msgspec.Raw(b"null")


_with_error: Final = msgspec.json.Decoder(_WithError)


def has_error(payload: bytes) -> bool:
    """Whether a JSON object's top level has an `error` that is not null."""
    try:
        return bytes(_with_error.decode(payload).error) != b"null"
    except (msgspec.DecodeError, RecursionError):
        return False


def count_content(pattern: re.Pattern[bytes], text: bytes) -> int:
    """Return the bytes of model output in `text`, JSON escapes counted as written."""
    return sum(map(len, pattern.findall(text)))

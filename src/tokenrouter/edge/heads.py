"""Recognising a request head that came before.

A client that keeps its connection sends the same head again and again: address, key, names of its
program, and only `content-length` changes. Parsing fifteen headers costs more than relaying the answer,
so a connection remembers its last head, as llhttp accepted it, and takes the next one for the same if
every byte is the same but for the digits of the length. What differs at all is parsed as ever.
"""

from typing import Final

_LENGTH: Final = b"\r\nContent-Length: "
_LENGTH_LOWER: Final = b"\r\ncontent-length: "
_MAX_DIGITS: Final = 9


def split_head(data: bytes) -> tuple[bytes, int, int] | None:
    """Return the head at the beginning of `data` without its length's digits, that length, and where the body begins.

    None when the head is not whole, or names no length in the usual spelling. Two heads of which the same
    is returned differ in nothing but those digits, since they stand at the same place of the same bytes.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    at = data.find(_LENGTH, 0, end)
    if at < 0:
        at = data.find(_LENGTH_LOWER, 0, end)
        if at < 0:
            return None
    start = at + len(_LENGTH)
    stop = data.find(b"\r\n", start, end + 2)
    digits = data[start:stop]
    if not digits.isdigit() or len(digits) > _MAX_DIGITS:
        return None
    return data[:start] + data[stop:end], int(digits), end + 4

"""Identifiers that look like the vendor's (recorded 2025-2026): a prefix and random letters or hexadecimal digits."""

import base64
import random
from hashlib import blake2b
from typing import Final

_LETTERS_ONLY: Final = bytes.maketrans(b"+/", b"Aa")


def letters(prefix: str, length: int = 29) -> str:
    """`prefix` and random letters and digits, as in `chatcmpl-…` and `call_…`."""
    drawn = base64.b64encode(random.randbytes(length)).translate(_LETTERS_ONLY)  # noqa: S311 - a name, not a secret
    return prefix + drawn[:length].decode()


def digits(prefix: str, length: int = 48) -> str:
    """`prefix` and random hexadecimal digits, as in `resp_…` and `req_…`."""
    return f"{prefix}{random.getrandbits(4 * length):0{length}x}"


def fingerprint(model: str) -> str:
    """The `system_fingerprint` of a model: the same for each of its answers."""
    return "fp_" + blake2b(model.encode(), digest_size=5).hexdigest()

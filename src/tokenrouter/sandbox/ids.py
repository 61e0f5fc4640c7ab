"""Identifiers that look like the vendor's (recorded 2025-2026): a prefix and random letters or hexadecimal digits."""

import random
import string
from hashlib import blake2b
from typing import Final

_BASE62: Final = string.ascii_letters + string.digits


def letters(prefix: str, length: int = 29) -> str:
    """`prefix` and random letters and digits, as in `chatcmpl-…` and `call_…`."""
    return prefix + "".join(random.choices(_BASE62, k=length))  # noqa: S311 - a name, not a secret


def digits(prefix: str, length: int = 48) -> str:
    """`prefix` and random hexadecimal digits, as in `resp_…` and `req_…`."""
    return f"{prefix}{random.getrandbits(4 * length):0{length}x}"


def fingerprint(model: str) -> str:
    """The `system_fingerprint` of a model: the same for each of its answers."""
    return "fp_" + blake2b(model.encode(), digest_size=5).hexdigest()

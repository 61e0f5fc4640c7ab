"""What names of teams, users and keys may be like, and what is kept beside them."""

import re
from collections.abc import Sequence
from typing import Final

from tokenrouter.store.errors import InvalidField

MAX_NAME_CHARS: Final = 100
MAX_COMMENT_CHARS: Final = 1000
MAX_ALLOWED_MODELS: Final = 1000
MAX_EMAIL_CHARS: Final = 254
"""Longest address that can be delivered to (RFC 5321, 4.5.3.1.3, without its brackets)."""

_NAME = re.compile(r"[^\s*:\x00-\x1f\x7f](?:[^*:\x00-\x1f\x7f]*[^\s*:\x00-\x1f\x7f])?")
"""`*` and `:` have a meaning in the scopes of limits (`key:*`)."""
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\\\]\x00-\x1f\x7f]+@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


def check_name(name: str, what: str = "key") -> None:
    """Refuse a name that cannot be shown, typed, or used as the scope of a limit.

    Raises:
        InvalidField: with the reason.
    """
    if not name or len(name) > MAX_NAME_CHARS:
        raise InvalidField(f"a {what}'s name has 1 to {MAX_NAME_CHARS} characters", field="name")
    if not _NAME.fullmatch(name):
        raise InvalidField(
            f"the name {name!r} has a character that names cannot have: '*', ':', a control character, or a space at "
            "either end",
            field="name",
        )


def check_models(patterns: Sequence[str]) -> None:
    """Refuse patterns that allow nothing, or too many of them.

    Raises:
        InvalidField
    """
    if len(patterns) > MAX_ALLOWED_MODELS:
        raise InvalidField(f"at most {MAX_ALLOWED_MODELS} patterns", field="allowed_models")
    if any(not pattern.strip() for pattern in patterns):
        raise InvalidField("an empty pattern allows nothing; leave it out", field="allowed_models")


def check_comment(comment: str) -> None:
    """Refuse a comment that is too long.

    Raises:
        InvalidField
    """
    if len(comment) > MAX_COMMENT_CHARS:
        raise InvalidField(f"a comment has at most {MAX_COMMENT_CHARS} characters", field="comment")


def normal_email(address: str) -> str:
    """Return an e-mail address as it is kept: in lower case, without spaces around it.

    The part before the @ could tell upper from lower case (RFC 5321, 2.4), but no provider of note does.

    Raises:
        InvalidField: it is none.
    """
    address = address.strip().lower()
    if len(address) > MAX_EMAIL_CHARS or not _EMAIL.fullmatch(address) or ".." in address:
        raise InvalidField("this is no e-mail address", field="email")
    return address

"""`ETag` and `If-Match`: two people who change the same subject do not overwrite each other (RFC 9110, 8.8.3, 13.1.1).

An ETag is made from the very JSON that was shown, so nothing needs to be counted or stored, and a change that nobody
could see is none. What was sent as `If-Match` is compared inside the transaction that writes, with the subject as it is
there. The header is not demanded: scripts that say what they want in one call go on working.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final, TypeVar

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from tokenrouter.admin.problems import Problem

MAX_TAGS: Final = 50
"""Most tags in one question; a client knows one, or the few that it has seen."""
_TAG_BYTES: Final = 16
_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
"""`entity-tag` of RFC 9110, 8.8.3; a comma may stand inside."""
_BETWEEN: Final = re.compile(r"[ \t]*(?:,[ \t]*)*")
"""Lists may have empty elements (RFC 9110, 5.6.1.2)."""

Shown = TypeVar("Shown", bound=BaseModel)
Stored = TypeVar("Stored")


@dataclass(frozen=True, slots=True)
class Precondition:
    """What a subject must be like to be changed.

    Attributes:
        tags: the strong ETags that are named; None when nothing is demanded, or only that the subject is there (`*`).
    """

    tags: frozenset[str] | None = None

    def require(self, shown: BaseModel) -> None:
        """Let pass a subject that is as whoever asks has seen it.

        Raises:
            Problem: 412, it is not.
        """
        if self.tags is not None and etag_of(shown) not in self.tags:
            raise Problem(
                412, "changed_meanwhile", "Somebody has changed it since you read it; read it again, and decide."
            )

    def check(self, show: Callable[[Stored], BaseModel]) -> Callable[[Stored], None] | None:
        """Return what a function of the store is to call with the subject before it writes; None when all is well."""
        return None if self.tags is None else lambda stored: self.require(show(stored))


def etag_of(shown: BaseModel) -> str:
    """Return the strong ETag of what is shown, with its quotes."""
    return f'"{sha256(shown.model_dump_json().encode()).hexdigest()[: 2 * _TAG_BYTES]}"'


def tagged(response: Response, shown: Shown) -> Shown:
    """Return `shown`, and have `response` carry its ETag."""
    response.headers["etag"] = etag_of(shown)
    return shown


def parse_if_match(text: str) -> Precondition:
    """Return what the header demands; weak tags are kept out, since they never match here (RFC 9110, 13.1.1).

    Raises:
        ValueError: it is neither `*` nor a list of ETags, or longer than anybody needs.
    """
    if text.strip(" \t") in ("", "*"):
        return Precondition()
    strong, count = set(), 0
    at = _end(_BETWEEN, text, 0)
    while at < len(text):
        match = _TAG.match(text, at)
        if match is None or count == MAX_TAGS:
            raise ValueError('it is "*" or ETags in double quotes, with commas between them')
        count += 1
        if not match[1]:
            strong.add(f'"{match[2]}"')
        at = _end(_BETWEEN, text, match.end())
        if at < len(text) and "," not in text[match.end() : at]:
            raise ValueError("a comma is missing between two ETags")
    return Precondition(frozenset(strong))


def _if_match(
    request: Request, if_match: Annotated[str, Header(description="The `ETag` of what you have read; optional.")] = ""
) -> Precondition:
    lines = request.headers.getlist("if-match")
    try:
        return parse_if_match(", ".join(lines) if len(lines) > 1 else if_match)
    except ValueError as error:
        raise Problem(400, "invalid_header", f"if-match: {error}.") from None


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return at if match is None else match.end()


IfMatch = Annotated[Precondition, Depends(_if_match)]

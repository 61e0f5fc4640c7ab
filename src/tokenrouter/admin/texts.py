"""Texts that people send: into fields, and as the words of a question.

JSON and percent-encoding can write characters that no database keeps; these are refused here, with words, and not by
the database.
"""

from typing import Annotated, Final

from fastapi import Query
from pydantic import AfterValidator

MAX_WORDS_CHARS: Final = 200
"""Longest name or words that a list is filtered by; no name of ours is longer than a hundred."""


def encodable(text: str) -> str:
    """Return `text`, or refuse what JSON can write but no database can keep.

    Raises:
        ValueError: it holds half of a surrogate pair, or a NUL.
    """
    if "\0" in text:
        raise ValueError("it holds the character NUL")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("it holds half of a character (a lone surrogate)")
    return text


Text = Annotated[str, AfterValidator(encodable)]
Words = Annotated[str, Query(max_length=MAX_WORDS_CHARS), AfterValidator(encodable)]
"""One filter of a list; "" does not restrict."""

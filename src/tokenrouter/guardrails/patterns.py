"""Regular expressions that an operator writes, matched in time that grows with the text and not with its malice.

Python's own engine backtracks: a pattern as harmless as `(a+)+$` stops a process for years on a text that somebody
chose. RE2 (github.com/google/re2, wiki/Syntax, read 2026-11) cannot; for that it has neither look-around nor
back-references, and says so when it is given one.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, Protocol

import re2

MAX_PATTERN_CHARS: Final = 2000
"""Longer ones are lists, and lists have a word for each line."""
MAX_MEMORY_BYTES: Final = 8 * 2**20
"""What one pattern may take; RE2's own default."""


class InvalidPattern(ValueError):
    """A pattern that cannot be used; the message says why."""


class Match(Protocol):
    """What one pattern has found."""

    def span(self, group: int = 0, /) -> tuple[int, int]: ...


class Pattern(Protocol):
    """A compiled one."""

    def search(self, text: str) -> Match | None: ...
    def finditer(self, text: str) -> Iterator[Match]: ...


@lru_cache(maxsize=1024)
def compiled(pattern: str, *, ignores_case: bool = False) -> Pattern:
    """Return `pattern`, compiled.

    Raises:
        InvalidPattern: it is empty or too long, matches the empty text, or says what RE2 does not know.
    """
    if not pattern or len(pattern) > MAX_PATTERN_CHARS:
        raise InvalidPattern(f"a pattern has 1 to {MAX_PATTERN_CHARS} characters")
    options = re2.Options()
    options.case_sensitive = not ignores_case
    options.log_errors = False
    options.max_mem = MAX_MEMORY_BYTES
    try:
        made: Any = re2.compile(pattern, options)
    except re2.error as error:
        raise InvalidPattern(f"{_told(error)} (RE2's syntax: no look-around, no back-references)") from None
    if made.search("") is not None:
        raise InvalidPattern("matches the empty text, and so everything")
    found: Pattern = made
    return found


def one_of(words: tuple[str, ...]) -> Pattern:
    """Return a pattern for any of `words`, as they stand, in any case; beside letters and digits they do not count."""
    return compiled_list("|".join(map(_bounded, sorted(words, key=len, reverse=True))))


@lru_cache(maxsize=256)
def compiled_list(alternatives: str) -> Pattern:
    """Return a long pattern of our own making, compiled."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 8 * MAX_MEMORY_BYTES
    made: Pattern = re2.compile(alternatives, options)
    return made


def _bounded(word: str) -> str:
    """Return a pattern for `word` alone; RE2 knows the ends of words in ASCII only, so in other scripts anywhere."""
    lead = r"\b" if _is_ascii_word(word[0]) else ""
    trail = r"\b" if _is_ascii_word(word[-1]) else ""
    return f"{lead}{re2.escape(word)}{trail}"


def _is_ascii_word(letter: str) -> bool:
    return letter.isascii() and (letter.isalnum() or letter == "_")


def _told(error: Exception) -> str:
    told = error.args[0] if error.args else "cannot be read"
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)

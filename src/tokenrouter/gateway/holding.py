"""What a request holds under hard limits, and how long its answer may become.

Nothing may be used that is not held, and what was held for the worst case would keep everybody else out. So there are
two ways. An answer whose words are seen as they come holds what is expected and a margin for what its provider may
have made and we have not read; it holds more before more is passed on, and is ended when nothing is left. Everything
else (answers in one piece, hidden reasoning, models of which little is known yet, a limit nearly reached) holds a
bound, and the provider is told that bound: a share of what the limit leaves, so that one request does not take it all,
but several times what is expected.
"""

from dataclasses import dataclass
from typing import Final

from tokenrouter.domain.ledger import Operation

MARGIN_TOKENS: Final = 2048
"""What a provider may have made of a stream that we have not read: some 200 KB of events in the buffers between."""
LEAST_ANSWER: Final = 16
"""An answer that may have fewer tokens is refused instead; it is also the least that OpenAI's Responses API accepts."""
UNASKED_ANSWER: Final = 8192
"""Bound of an answer whose client named none: models of today allow as much, and few answers are longer."""
LONGEST_ANSWER: Final = 131_072
"""What no model of today exceeds in one answer (vendors' model pages, read 2026-11)."""
SHARES: Final = 8
"""A bound is at most this part of what is left …"""
GENEROSITY: Final = 4
"""… unless that is less than so many times what is expected."""
BOUNDED: Final[frozenset[Operation]] = frozenset(("chat", "completions", "responses", "messages", "generate_content"))
"""Operations whose request may bound its answer in tokens."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is known of an answer before it is asked for, in tokens of all its alternatives together.

    Attributes:
        expected: what it will probably have.
        asked: the client's own bound, or None.
        least: the least bound that the provider accepts.
        is_watched: whether its words, and so its tokens, are seen as they come.
    """

    expected: int
    asked: int | None
    least: int
    is_watched: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held for an answer.

    Attributes:
        tokens: of the answer that are held now.
        bound: what the provider is to be told, or None where the client's own words stay.
        margin: the part of `tokens` that is for what was made and not read; 0 when nothing more is ever needed.
    """

    tokens: int
    bound: int | None
    margin: int = 0


def hold(room: int, wish: Wish) -> Holding | None:
    """Return what to hold where a hard limit leaves `room` tokens; None when that is too little for an answer."""
    asked, expected = wish.asked, wish.expected
    least = max(LEAST_ANSWER, wish.least)
    if asked is not None and asked <= min(room, expected):
        return Holding(asked, None)
    if room < least:
        return None
    if wish.is_watched:
        watched = expected + MARGIN_TOKENS
        if asked is not None and asked <= min(room, watched):
            return Holding(asked, None)
        if watched * GENEROSITY <= room:
            longest = UNASKED_ANSWER if asked is None else asked
            return Holding(watched, None if longest <= room else room, MARGIN_TOKENS)
    if asked is None and room >= SHARES * LONGEST_ANSWER:
        return Holding(LONGEST_ANSWER, None)
    share = max(GENEROSITY * expected, room // SHARES, least)
    tokens = min(UNASKED_ANSWER if asked is None else asked, share, room)
    return Holding(tokens, None if tokens == asked else tokens)

"""A conversation as people read it: of each request only what is new, and what came back.

A client sends the whole history with every request. What was seen in the request before, or came back as its answer, is
left out. Where a client has dropped the oldest turns the rest still overlaps; where it has rewritten its history,
nothing does, and all of it is shown.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from operator import eq
from typing import Final

from tokenrouter.dialects.transcripts import Piece, ReadAnswer, Turn
from tokenrouter.jobs.conversation_drain import answer_of, request_turns
from tokenrouter.store.conversation_pages import KeptRecord

REMEMBERED: Final = 16
"""So many histories are compared with: a client may work on several branches at once."""
LEAST_OVERLAP_CHARS: Final = 40
"""A shorter overlap in the middle of a history may be chance (TokenRouter-Go's)."""

Mark = bytes
"""Stands for what a turn says."""


@dataclass(frozen=True, slots=True)
class ViewedRecord:
    """One request and its answer.

    Attributes:
        system: what the model was told to be; None where it is as it was in the request before.
        turns: what is new in the request.
        earlier_turns: how many were left out, because they were there before.
    """

    record: KeptRecord
    system: str | None
    turns: tuple[Turn, ...]
    earlier_turns: int
    answer: ReadAnswer


def viewed(records: Iterable[KeptRecord], *, with_internal: bool = False) -> Iterator[ViewedRecord]:
    """Yield how each of `records`, in their order, is read; those that clients made for themselves only if wanted."""
    histories: deque[_History] = deque(maxlen=REMEMBERED)
    system: str | None = None
    for record in records:
        if record.kind and not with_internal:
            continue
        if record.captured is None:
            yield ViewedRecord(record, None, (), 0, ReadAnswer(problem="it cannot be read any more"))
            continue
        turns, answer = request_turns(record.captured), answer_of(record.captured)
        told = "\n\n".join(turn.text for turn in turns if turn.role == "system")
        said = tuple(turn for turn in turns if turn.role != "system")
        new, earlier = _new_of(said, histories)
        yield ViewedRecord(record, None if told == system else told, new, earlier, answer)
        if not record.kind:
            system = told
            histories.appendleft(_History.of((*said, *answer.turns[:1])))


@dataclass(frozen=True, slots=True)
class _History:
    turns: tuple[Turn, ...]
    marks: tuple[Mark, ...]

    @classmethod
    def of(cls, turns: Sequence[Turn]) -> "_History":
        return cls(tuple(turns), tuple(map(_mark, turns)))


def _new_of(turns: tuple[Turn, ...], histories: Iterable[_History]) -> tuple[tuple[Turn, ...], int]:
    """Return what is new in `turns`, and how many of them are not."""
    asked = _History.of(turns)
    known = max((_overlap(history, asked) for history in histories), default=0)
    rest = turns[known:]
    if rest and known == 0:
        longest = max((_grown_by(history, rest[0]) for history in histories), key=len, default="")
        if longest:
            text = rest[0].text[len(longest) :].lstrip()
            return (replace_text(rest[0], text), *rest[1:]), 0
    return rest, known


def _overlap(before: _History, now: _History) -> int:
    """Return with how many turns `now` begins that `before` has, from its beginning or from its middle to its end."""
    best = _common(before.marks, now.marks)
    if not now.marks:
        return 0
    for start in range(1, len(before.marks)):
        if best >= len(before.marks) - start:
            break
        if before.marks[start] != now.marks[0]:
            continue
        length = _common(before.marks[start:], now.marks)
        is_to_end = start + length == len(before.marks)
        if length > best and is_to_end and _chars(now.turns[:length]) >= LEAST_OVERLAP_CHARS:
            best = length
    return best


def _common(one: Sequence[Mark], other: Sequence[Mark]) -> int:
    return sum(1 for _ in takewhile(bool, map(eq, one, other)))


def _chars(turns: Iterable[Turn]) -> int:
    return sum(len(piece.text) for turn in turns for piece in turn.pieces)


def _grown_by(before: _History, turn: Turn) -> str:
    """Return the text with which `turn` goes on from, where it is one text that grows, as completions' prompts do."""
    if len(before.turns) == 0 or turn.role != "user":
        return ""
    asked = before.turns[0].text
    both = asked + before.turns[1].text if len(before.turns) > 1 else asked
    return next((text for text in (both, asked) if len(text) >= LEAST_OVERLAP_CHARS and turn.text.startswith(text)), "")


def replace_text(turn: Turn, text: str) -> Turn:
    """Return `turn` with `text` as its only words."""
    others = tuple(piece for piece in turn.pieces if piece.kind != "text")
    return Turn(turn.role, (Piece("text", text), *others))


def _mark(turn: Turn) -> Mark:
    """Return what is alike for turns that say the same; thoughts, which clients drop, and blanks do not count."""
    sum_ = hashlib.blake2b(turn.role.encode(), digest_size=16)
    for piece in turn.pieces:
        if piece.kind != "thinking":
            sum_.update(f"\0{piece.kind}\0{piece.name}\0{''.join(piece.text.split())}".encode("utf-8", "replace"))
    return sum_.digest()

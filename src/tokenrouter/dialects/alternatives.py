"""Several alternatives (`n`) from a provider that gives one at a time: asked that many times, put together here."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from tokenrouter.dialects.hub import StreamDecoder
from tokenrouter.domain.answers import (
    Answer,
    Begun,
    Ended,
    Failed,
    ItemBegun,
    Stopped,
    StreamEvent,
    UsageReported,
)
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.prices import total_of


def joined_answer(answers: Sequence[Answer]) -> Answer:
    """Return one answer with the alternatives of all; its usage is theirs together, as each was billed."""
    choices = tuple(choice for answer in answers for choice in answer.choices)
    return replace(answers[0], choices=choices, usage=total_usage([answer.usage for answer in answers]))


def total_usage(usages: Sequence[Usage | None]) -> Usage | None:
    """Return the sum of what was reported, None where nothing was."""
    reported = [usage for usage in usages if usage is not None]
    return total_of(reported) if reported else None


class AlternativesDecoder:
    """Decodes several streams as one with several alternatives; see `hub.StreamDecoder`.

    Attributes:
        turn: which stream the next bytes are from.
    """

    __slots__ = ("_decoders", "_ended", "_has_begun", "_usages", "turn")

    def __init__(self, decoders: Sequence[StreamDecoder]) -> None:
        self._decoders = decoders
        self._usages: list[Usage | None] = [None] * len(decoders)
        self._ended = 0
        self._has_begun = False
        self.turn = 0

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        return self._joined(self.turn, self._decoders[self.turn].feed(chunk))

    def close(self) -> list[StreamEvent]:
        """As in `hub.StreamDecoder`; `Ended` comes when all streams came to their end."""
        return [event for turn, each in enumerate(self._decoders) for event in self._joined(turn, each.close())]

    def _joined(self, turn: int, events: list[StreamEvent]) -> list[StreamEvent]:
        out: list[StreamEvent] = []
        for event in events:
            if isinstance(event, Begun | UsageReported):
                self._usages[turn] = event.usage or self._usages[turn]
                self._tell_usage(event, out)
            elif isinstance(event, Ended):
                self._ended += 1
                out += [event] if self._ended == len(self._decoders) else []
            elif isinstance(event, Stopped):
                out.append(Stopped(event.stop, turn))
            else:
                out.append(self._moved(event, turn))
        return out

    def _tell_usage(self, event: Begun | UsageReported, out: list[StreamEvent]) -> None:
        usage = total_usage(self._usages)
        if isinstance(event, Begun) and not self._has_begun:
            self._has_begun = True
            out.append(event)
        elif usage is not None:
            out.append(UsageReported(usage))

    def _moved(self, event: Any, turn: int) -> StreamEvent:
        """Return an event about an item with a number that no other stream's items have."""
        if isinstance(event, Failed):
            return event
        index = event.index * len(self._decoders) + turn
        if isinstance(event, ItemBegun):
            return ItemBegun(index, event.item, turn)
        moved: StreamEvent = replace(event, index=index)
        return moved

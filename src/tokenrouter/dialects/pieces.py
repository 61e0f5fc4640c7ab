"""Which fields of a stream's events are pieces of one text: what each dialect knows of its own."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from tokenrouter.hooks import TextKind

Event = dict[str, Any]
"""One event's JSON, decoded; nothing is known of its types."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a text.

    Attributes:
        channel: of which text; stays the same from its first to its last piece.
        holder: `id()` of the object that has it, under `name`.
        is_json: whether the text is JSON, like a tool call's arguments.
    """

    channel: Hashable
    holder: int
    name: str
    kind: TextKind
    is_json: bool = False


class PieceReading(Protocol):
    """How one dialect's streams cut texts."""

    def pieces(self, event: Event) -> Iterator[Piece]:
        """Yield the pieces in an event; what is no text is left out."""

    def closes(self, event: Event, channel: Any) -> bool:
        """Whether no more of `channel` comes after `event`."""

    def carrier(self, channel: Any, text: str, last: Event) -> Event:
        """Return an event with one more piece; `last` is the one that had the piece before."""


def objects(value: Any) -> Iterator[Event]:
    """Yield the objects of a list; of anything else nothing."""
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def object_in(holder: Event, name: str) -> Event:
    """Return the object under `name`, or an empty one."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}

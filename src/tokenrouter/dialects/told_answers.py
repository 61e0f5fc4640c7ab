"""What a stream of events came to: the answer that they tell, as far as they tell it.

A stream that was cut, or that ends with an error, is an answer too: what its client has read.
"""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from tokenrouter.dialects.hub import StreamDecoder
from tokenrouter.domain.answers import (
    Answer,
    ArgumentsGrew,
    Begun,
    Choice,
    Failed,
    ItemBegun,
    PartAdded,
    ReasoningGrew,
    RefusalGrew,
    Stop,
    Stopped,
    StreamEvent,
    TextGrew,
)
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.items import Call, Item, Message, Part, Reasoning, Refusal, Text

_FEED_BYTES: Final = 16 * 2**10
"""Events are decoded in pieces, so that one that cannot be read does not take those before it along."""


def told_answer(decoder: StreamDecoder, events: bytes) -> tuple[Answer, str]:
    """Return the answer that `events` tell, and the error that they end with, or ""."""
    telling = _Telling()
    try:
        for at in range(0, len(events), _FEED_BYTES):
            telling.take(decoder.feed(events[at : at + _FEED_BYTES]))
        telling.take(decoder.close())
    except (GatewayError, msgspec.MsgspecError, ValueError, RecursionError):
        pass  # what came before it stands
    return telling.answer(), telling.problem


@dataclass(slots=True)
class _Growing:
    """An item under way, with the words of it so far."""

    item: Item
    choice: int
    words: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    sections: dict[int, list[str]] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)

    def whole(self) -> Item:
        """Return it with everything that came."""
        match self.item:
            case Message():
                said = "".join(self.words)
                texts = (Text(said),) if said else ()
                refusals = (Refusal("".join(self.refusal)),) if self.refusal else ()
                parts = (*self.item.parts, *texts, *refusals, *self.parts)
                return msgspec.structs.replace(self.item, parts=parts)
            case Reasoning():
                grown = tuple("".join(self.sections[number]) for number in sorted(self.sections))
                return msgspec.structs.replace(self.item, texts=(*self.item.texts, *grown))
            case Call():
                return msgspec.structs.replace(self.item, arguments=self.item.arguments + "".join(self.words))
            case _:
                return self.item


class _Telling:
    """Takes events, keeps what they say."""

    def __init__(self) -> None:
        self._begun = Begun()
        self._items: dict[int, _Growing] = {}
        self._stops: dict[int, Stop] = {}
        self.problem = ""

    def take(self, events: list[StreamEvent]) -> None:
        for event in events:
            match event:
                case Begun():
                    self._begun = event
                case ItemBegun(index, item, choice):
                    self._items[index] = _Growing(item, choice)
                case Stopped(stop, choice):
                    self._stops[choice] = stop
                case Failed(message):
                    self.problem = message
                case TextGrew() | ArgumentsGrew() | RefusalGrew() | ReasoningGrew() | PartAdded():
                    self._grow(event)

    def _grow(self, event: TextGrew | ArgumentsGrew | RefusalGrew | ReasoningGrew | PartAdded) -> None:
        item = self._items.get(event.index)
        if item is None:
            return
        match event:
            case RefusalGrew():
                item.refusal.append(event.text)
            case ReasoningGrew():
                item.sections.setdefault(event.section, []).append(event.text)
            case PartAdded():
                item.parts.append(event.part)
            case _:
                item.words.append(event.text)

    def answer(self) -> Answer:
        """Return what was told so far."""
        choices: dict[int, list[Item]] = {}
        for growing in self._items.values():
            choices.setdefault(growing.choice, []).append(growing.whole())
        told = tuple(
            Choice(tuple(items), self._stops.get(number, Stop("error"))) for number, items in sorted(choices.items())
        )
        return Answer(told, self._begun.id, self._begun.model)

"""An answer turned back into what the client asked for, where its request was emulated.

The provider was told plain functions; here their calls become calls of the tools that the client declared, and
the arguments of the function that stood for a schema become the answer's text. What one dialect cannot be asked
(more stop sequences) is done here as well. Between decoder and encoder, so it is the same for all dialects.
"""

from typing import Final

from msgspec.structs import replace

from tokenrouter.dialects.free_text import FreeText, free_text_of
from tokenrouter.dialects.hub import Undo
from tokenrouter.domain.answers import (
    Answer,
    ArgumentsGrew,
    Choice,
    Ended,
    Failed,
    ItemBegun,
    ItemEnded,
    Stop,
    Stopped,
    StreamEvent,
    TextGrew,
    UsageReported,
)
from tokenrouter.domain.items import Call, Item, Message, Text

_SAYS: Final = Message("assistant", ())


def restored_answer(answer: Answer, undo: Undo) -> Answer:
    """Return a whole answer as the client is to see it."""
    return replace(answer, choices=tuple(_choice(choice, undo) for choice in answer.choices))


def _choice(choice: Choice, undo: Undo) -> Choice:
    items = tuple(_item(item, undo) for item in choice.items)
    stop = choice.stop
    if stop.reason == "tool" and not any(isinstance(item, Call) for item in items):
        stop = Stop("end", native=stop.native)
    cut = _first_stop(items, undo.stop)
    return Choice(items, stop, choice.logprobs) if cut is None else Choice(*cut, logprobs=choice.logprobs)


def _item(item: Item, undo: Undo) -> Item:
    if not isinstance(item, Call):
        return item
    if undo.format_tool and item.name == undo.format_tool:
        return Message("assistant", (Text(item.arguments),))
    call = _renamed(item, undo)
    return replace(call, arguments=free_text_of(item.arguments)) if call.kind != item.kind else call


def _renamed(call: Call, undo: Undo) -> Call:
    meant = undo.names.get(call.name)
    if meant is None:
        return call
    return replace(call, name=meant.name, namespace=meant.namespace, kind=meant.kind)


def _first_stop(items: tuple[Item, ...], stops: tuple[str, ...]) -> tuple[tuple[Item, ...], Stop] | None:
    """Cut at the first of `stops` in the words of `items`: what comes after it was never asked for."""
    for number, item in enumerate(items):
        if not isinstance(item, Message):
            continue
        for place, part in enumerate(item.parts):
            found = _earliest(part.text, stops) if isinstance(part, Text) else None
            if found is not None and isinstance(part, Text):
                kept = (*item.parts[:place], Text(part.text[: found[0]]))
                return (*items[:number], replace(item, parts=kept)), Stop("stop_sequence", found[1])
    return None


def _earliest(text: str, stops: tuple[str, ...]) -> tuple[int, str] | None:
    found = [(at, stop) for stop in stops if stop and (at := text.find(stop)) >= 0]
    return min(found) if found else None


class Restorer:
    """Turns back the events of one stream."""

    def __init__(self, undo: Undo) -> None:
        self._undo = undo
        self._texts: dict[int, FreeText] = {}
        self._formats: set[int] = set()
        self._calling: set[int] = set()
        self._choices: dict[int, int] = {}
        self._held: dict[int, str] = {}
        self._open: dict[int, int] = {}
        self._stopped: set[int] = set()
        self._reach = max((len(stop) for stop in undo.stop), default=1) - 1

    def restore(self, events: list[StreamEvent]) -> list[StreamEvent]:
        """Return the events as the client is to see them; a few characters may be held back."""
        out: list[StreamEvent] = []
        for event in events:
            self._take(event, out)
        return out

    def _take(self, event: StreamEvent, out: list[StreamEvent]) -> None:
        if isinstance(event, ItemBegun):
            self._begin(event, out)
        elif isinstance(event, Stopped):
            self._stop(event, out)
        elif isinstance(event, UsageReported | Ended | Failed) or (index := getattr(event, "index", None)) is None:
            out.append(event)
        elif self._open.get(index) not in self._stopped and index in self._open:
            self._grow(event, index, out)

    def _begin(self, begun: ItemBegun, out: list[StreamEvent]) -> None:
        index, item = begun.index, begun.item
        if begun.choice in self._stopped:
            return
        self._open[index] = begun.choice
        if isinstance(item, Call):
            if self._undo.format_tool and item.name == self._undo.format_tool:
                self._formats.add(index)
                item = _SAYS
            else:
                self._calling.add(begun.choice)
                call = _renamed(item, self._undo)
                if call.kind != item.kind:
                    self._texts[index] = FreeText()
                item = call
        out.append(ItemBegun(index, item, begun.choice))

    def _grow(self, event: StreamEvent, index: int, out: list[StreamEvent]) -> None:
        if isinstance(event, ArgumentsGrew):
            self._grow_call(event, out)
        elif isinstance(event, TextGrew) and self._undo.stop:
            self._watch(event, out)
        elif isinstance(event, ItemEnded):
            self._end(index, out)
        else:
            out.append(event)

    def _grow_call(self, grew: ArgumentsGrew, out: list[StreamEvent]) -> None:
        if grew.index in self._formats:
            out.append(TextGrew(grew.index, grew.text))
        elif (text := self._texts.get(grew.index)) is None:
            out.append(grew)
        elif told := text.feed(grew.text):
            out.append(ArgumentsGrew(grew.index, told))

    def _watch(self, grew: TextGrew, out: list[StreamEvent]) -> None:
        """Hold back what may be the beginning of a stop sequence; end the alternative where one is whole."""
        index = grew.index
        text = self._held.pop(index, "") + grew.text
        found = _earliest(text, self._undo.stop)
        told = text[: found[0]] if found is not None else text[: len(text) - self._reach]
        if told:
            out.append(TextGrew(index, told))
        if found is None:
            self._held[index] = text[len(told) :]
            return
        choice = self._open[index]
        out += [ItemEnded(number) for number, each in self._open.items() if each == choice]
        self._stopped.add(choice)
        out.append(Stopped(Stop("stop_sequence", found[1]), choice))

    def _end(self, index: int, out: list[StreamEvent]) -> None:
        if held := self._held.pop(index, ""):
            out.append(TextGrew(index, held))
        if (text := self._texts.pop(index, None)) is not None and (told := text.close()):
            out.append(ArgumentsGrew(index, told))
        self._formats.discard(index)
        del self._open[index]
        out.append(ItemEnded(index))

    def _stop(self, stopped: Stopped, out: list[StreamEvent]) -> None:
        if stopped.choice in self._stopped:
            return
        if stopped.stop.reason == "tool" and stopped.choice not in self._calling:
            stopped = Stopped(Stop("end", native=stopped.stop.native), stopped.choice)
        out.append(stopped)

"""The recorded answers, and what tests of any codec do with a stream."""

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from tokenrouter.dialects.hub import StreamDecoder
from tokenrouter.domain.answers import (
    Answer,
    ArgumentsGrew,
    Begun,
    Choice,
    CitationAdded,
    Ended,
    Failed,
    ItemBegun,
    ItemEnded,
    PartAdded,
    ReasoningGrew,
    RefusalGrew,
    StateArrived,
    Stop,
    Stopped,
    StreamEvent,
    TextGrew,
    UsageReported,
)
from tokenrouter.domain.items import Call, Item, Message, Part, Reasoning, Refusal, Text
from tokenrouter.domain.ledger import Usage

RECORDINGS = Path(__file__).parent / "recordings"


CHAT = ("deepseek--", "groq--", "mistral--", "openai--")
"""Recordings of providers that speak Chat Completions."""


def wholes(*prefixes: str) -> list[Path]:
    """Return the recorded whole answers whose names begin with one of `prefixes`."""
    return sorted(path for prefix in prefixes for path in RECORDINGS.glob(f"{prefix}*.json"))


def streams(*prefixes: str) -> list[Path]:
    """Return the recorded streams whose names begin with one of `prefixes`."""
    return sorted(path for prefix in prefixes for path in RECORDINGS.glob(f"{prefix}*.chunks.txt"))


def data_frames(path: Path, last: bytes = b"") -> bytes:
    """Return a recorded stream framed as `data:` lines."""
    return b"".join(b"data: " + line + b"\n\n" for line in path.read_bytes().splitlines() if line) + last


def event_frames(path: Path) -> bytes:
    """Return a recorded stream framed as events that have their `type` as a name."""
    lines = [line for line in path.read_bytes().splitlines() if line]
    return b"".join(b"event: %b\ndata: %b\n\n" % (json.loads(line)["type"].encode(), line) for line in lines)


RUBBISH: tuple[object, ...] = (None, 7, -1, 1.5, True, "", "x", [], {}, [7], [None], {"type": "x"}, [{}])
"""Values that may stand anywhere in JSON of somebody else's."""


def spoiled(value: Any, data: st.DataObject) -> Any:
    """Return JSON with one value in it, at any depth, replaced by rubbish."""
    if isinstance(value, dict | list) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(list(value) if isinstance(value, dict) else range(len(value))))
        copy = value.copy()
        copy[key] = spoiled(value[key], data)
        return copy
    return data.draw(st.sampled_from(RUBBISH))


def decoded(decoder: StreamDecoder, wire: bytes, cuts: Iterable[int] = ()) -> list[StreamEvent]:
    """Return the events of `wire`, fed in the pieces that `cuts` make."""
    edges = [0, *sorted(cuts), len(wire)]
    events = [event for a, b in pairwise(edges) for event in decoder.feed(wire[a:b])]
    return events + decoder.close()


def require_order(events: Sequence[StreamEvent]) -> None:
    """Assert what `domain/answers.py` promises of the order of events."""
    opened: set[int] = set()
    seen: set[int] = set()
    assert isinstance(events[0], Begun)
    assert isinstance(events[-1], Ended | Failed)
    for number, event in enumerate(events):
        if isinstance(event, ItemBegun):
            assert event.index == len(seen), "items are numbered in the order of their beginning"
            seen.add(event.index)
            opened.add(event.index)
        elif isinstance(event, ItemEnded):
            opened.remove(event.index)
        elif isinstance(event, Stopped):
            assert not any(isinstance(later, ItemBegun) for later in events[number:])
        elif isinstance(event, Ended):
            assert not opened
            assert number == len(events) - 1
        elif not isinstance(event, Begun | UsageReported | Failed):
            assert event.index in opened


def gathered(events: Sequence[StreamEvent]) -> Answer:
    """Return the answer that a stream amounts to."""
    gatherer = _Gatherer()
    for event in events:
        gatherer.take(event)
    return gatherer.answer()


class _Gatherer:
    def __init__(self) -> None:
        self.begun = Begun()
        self.items: dict[int, Item] = {}
        self.choices: dict[int, int] = {}
        self.stops: dict[int, Stop] = {}
        self.usage: Usage | None = None

    def take(self, event: StreamEvent) -> None:
        if isinstance(event, Begun):
            self.begun = event
        elif isinstance(event, ItemBegun):
            self.items[event.index] = event.item
            self.choices[event.index] = event.choice
        elif isinstance(event, UsageReported):
            self.usage = event.usage
        elif isinstance(event, Stopped):
            self.stops[event.choice] = event.stop
        elif not isinstance(event, ItemEnded | Ended | Failed):
            self.items[event.index] = grown(self.items[event.index], event)

    def answer(self) -> Answer:
        choices = tuple(
            Choice(tuple(item for index, item in self.items.items() if self.choices[index] == number), stop)
            for number, stop in sorted(self.stops.items())
        )
        return Answer(choices, self.begun.id, self.begun.model, self.begun.created_s, self.usage, self.begun.tier)


def grown(item: Item, event: StreamEvent) -> Item:
    """Return `item` with what `event` adds to it."""
    if isinstance(item, Call):
        if isinstance(event, ArgumentsGrew):
            return replace(item, arguments=item.arguments + event.text)
        assert isinstance(event, StateArrived)
        return replace(item, state=event.state)
    if isinstance(item, Reasoning):
        if isinstance(event, StateArrived):
            return replace(item, state=event.state)
        assert isinstance(event, ReasoningGrew)
        texts = [*item.texts, *[""] * (event.section + 1 - len(item.texts))]
        texts[event.section] += event.text
        return replace(item, texts=tuple(texts))
    assert isinstance(item, Message)
    return replace(item, parts=_grown_parts(item.parts, event))


def _grown_parts(parts: tuple[Part, ...], event: StreamEvent) -> tuple[Part, ...]:
    last = parts[-1] if parts else None
    if isinstance(event, TextGrew):
        if isinstance(last, Text):
            return (*parts[:-1], replace(last, text=last.text + event.text))
        return (*parts, Text(event.text))
    if isinstance(event, RefusalGrew):
        before = last.text if isinstance(last, Refusal) else ""
        return (*(parts[:-1] if before else parts), Refusal(before + event.text))
    if isinstance(event, CitationAdded) and isinstance(last, Text):
        return (*parts[:-1], replace(last, citations=(*last.citations, event.citation)))
    if isinstance(event, StateArrived):
        return (
            (*parts[:-1], replace(last, state=event.state))
            if isinstance(last, Text)
            else (*parts, Text("", state=event.state))
        )
    assert isinstance(event, PartAdded)
    return (*parts, event.part)

import pytest

from tokenrouter.dialects.alternatives import AlternativesDecoder, joined_answer, total_usage
from tokenrouter.domain.answers import (
    Answer,
    Begun,
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
from tokenrouter.domain.items import Message
from tokenrouter.domain.ledger import Usage

SAYS = Message("assistant", ())
STOP = Stop("end")


class Told:
    """A decoder that tells what it was given."""

    def __init__(self, events: list[StreamEvent]) -> None:
        self._events = events

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        count = len(chunk)
        told, self._events = self._events[:count], self._events[count:]
        return told

    def close(self) -> list[StreamEvent]:
        return self._events


def events(text: str) -> list[StreamEvent]:
    said: list[StreamEvent] = [Begun(text), ItemBegun(0, SAYS), TextGrew(0, text), ItemEnded(0)]
    return [*said, UsageReported(Usage(5, 2)), Stopped(STOP), Ended()]


def test_streams_are_told_apart_by_alternative_and_item_and_end_together() -> None:
    decoder = AlternativesDecoder([Told(events("a")), Told(events("b"))])
    told = decoder.feed(b"...")
    decoder.turn = 1
    told += decoder.feed(b".......")
    decoder.turn = 0
    told += decoder.feed(b"....")

    assert [event for event in told if isinstance(event, Begun)] == [Begun("a")]
    assert [(event.index, event.choice) for event in told if isinstance(event, ItemBegun)] == [(0, 0), (1, 1)]
    assert [(event.index, event.text) for event in told if isinstance(event, TextGrew)] == [(0, "a"), (1, "b")]
    assert [event.choice for event in told if isinstance(event, Stopped)] == [1, 0]
    assert [event.usage for event in told if isinstance(event, UsageReported)] == [
        Usage(5, 2),
        Usage(10, 4, provider_requests=2),
    ]
    assert told[-1] == Ended()
    assert told.count(Ended()) == 1


def test_without_the_end_of_one_there_is_no_end() -> None:
    decoder = AlternativesDecoder([Told(events("a")), Told(events("b")[:3])])

    assert Ended() not in decoder.close()


def test_a_failure_passes_as_it_is() -> None:
    failed = Failed("no", b"{}")

    assert AlternativesDecoder([Told([failed])]).close() == [failed]


def test_whole_answers_are_joined_in_their_order() -> None:
    first, second = (Answer((Choice((Message("assistant", (), id=name),), STOP),), usage=Usage(3, 1)) for name in "ab")
    joined = joined_answer([first, second])

    assert joined.choices == (*first.choices, *second.choices)
    assert joined.usage == Usage(6, 2, provider_requests=2)


@pytest.mark.parametrize(("usages", "total"), [([None, None], None), ([None, Usage(1, 2)], Usage(1, 2)), ([], None)])
def test_usage_that_was_not_reported_is_not_made_up(usages: list[Usage | None], total: Usage | None) -> None:
    assert total_usage(usages) == total

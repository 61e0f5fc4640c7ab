import json

from tests.dialects.responses import events_of
from tokenrouter.dialects.openai_responses.output import Manner
from tokenrouter.dialects.openai_responses.stream_items import EventWriter, OpenCall, OpenMessage, OpenReasoning
from tokenrouter.domain.items import Call, Message, Reasoning

MANNER = Manner("r1", tells_state=True)


def test_every_event_has_the_next_number() -> None:
    events = EventWriter()
    message = OpenMessage(events, MANNER, 0, Message("assistant", ()))
    told = (
        message.begin() + message.grow("a", None) + message.grow("b", b'[{"token":"b"}]') + message.end("completed")[0]
    )

    assert [event["sequence_number"] for event in events_of(told)] == list(range(7))


def test_the_item_that_ends_is_the_item_that_is_returned() -> None:
    events = EventWriter()
    message = OpenMessage(events, MANNER, 0, Message("assistant", (), phase="commentary"))
    reasoning = OpenReasoning(events, MANNER, 1, Reasoning())
    call = OpenCall(events, MANNER, 2, Call("a", "f", ""))
    for item in (message, reasoning, call):
        item.begin()
    message.decline("No.")
    reasoning.grow("hm", 0)

    for item in (message, reasoning, call):
        told, whole = item.end("incomplete")
        assert events_of(told)[-1]["item"] == json.loads(bytes(whole))
        assert events_of(told)[-1]["output_index"] == item.index


def test_an_empty_message_is_one_without_content() -> None:
    _, whole = OpenMessage(EventWriter(), MANNER, 0, Message("assistant", ())).end("completed")

    assert json.loads(bytes(whole))["content"] == []

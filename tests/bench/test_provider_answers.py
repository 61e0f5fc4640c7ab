import pytest

from bench.provider_answers import ANSWER_CHARS, CHUNKS, TOOL, provider_answer, provider_stream
from bench.translation import PROVIDERS
from tokenrouter.dialects.hub import Target
from tokenrouter.domain.answers import Ended, StreamEvent, TextGrew
from tokenrouter.domain.items import Call, Message, text_of

TARGET = Target("bench", "m", "o")
each_dialect = pytest.mark.parametrize("dialect", list(PROVIDERS))


@each_dialect
def test_a_stream_has_its_words_in_chunks_of_twenty_characters(dialect: str) -> None:
    decoder = PROVIDERS[dialect].stream_decoder(TARGET)

    events: list[StreamEvent] = [event for chunk in provider_stream(dialect) for event in decoder.feed(chunk)]
    events += decoder.close()

    words = [event.text for event in events if isinstance(event, TextGrew)]
    assert type(events[-1]) is Ended
    assert {len(text) for text in words} == {20}
    assert 0.75 * CHUNKS < len(words) < len(list(provider_stream(dialect))) < CHUNKS + 20


@each_dialect
def test_a_whole_answer_says_something_and_calls_a_tool(dialect: str) -> None:
    (choice,) = PROVIDERS[dialect].decode_answer(provider_answer(dialect), TARGET).choices

    said, called = choice.items
    assert isinstance(said, Message)
    assert len(text_of(said.parts)) == ANSWER_CHARS
    assert isinstance(called, Call)
    assert called.name == TOOL

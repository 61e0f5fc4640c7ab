import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.array_relay import ArrayRelay
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.relay import Relay, StreamRelay
from tokenrouter.domain.errors import ProviderCut

ONE = b'data: {"candidates":[{"content":{"parts":[{"text":"one "}]}}]}\r\n\r\n'
TWO = (
    b'data: {"candidates":[{"content":{"parts":[{"text":"two"}]},"finishReason":"STOP"}],'
    b'"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5}}\r\n\r\n'
)


def relay() -> Relay:
    return ArrayRelay(StreamRelay(GENERATE_CONTENT.reading, strip_usage=False, tell=GENERATE_CONTENT.error_event))


@given(st.lists(st.integers(0, len(ONE + TWO)), max_size=8))
def test_a_stream_becomes_one_array_however_it_is_cut(cuts: list[int]) -> None:
    relaying, wire = relay(), ONE + TWO
    out = b"".join(relaying.feed(wire[a:b]) for a, b in pairwise([0, *sorted(cuts), len(wire)]))
    last = relaying.close()

    assert last is not None
    first, second = json.loads(out + last)
    assert first["candidates"][0]["content"]["parts"][0]["text"] == "one "
    assert second["candidates"][0]["finishReason"] == "STOP"
    assert relaying.usage is not None
    assert relaying.usage.output_tokens == 2
    assert relaying.content_bytes == len("one two")


def test_a_stream_that_fails_is_still_an_array_and_its_last_element_tells_why() -> None:
    relaying = relay()
    out = relaying.feed(ONE) + relaying.fail(ProviderCut("it ended early", provider="acme"), "req_1")

    _, failed = json.loads(out)
    assert failed["error"]["message"] == "it ended early"


def test_a_stream_that_fails_at_once_is_an_array_of_one() -> None:
    (failed,) = json.loads(relay().fail(ProviderCut("it ended early", provider="acme"), "req_1"))

    assert failed["error"]["code"] == 502


def test_a_cut_stream_is_not_closed() -> None:
    relaying = relay()
    relaying.feed(ONE)

    assert relaying.close() is None

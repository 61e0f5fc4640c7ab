import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.recorded import data_frames, streams
from tokenrouter.dialects.gemini.array import ArrayFraming
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.domain.errors import ProviderCut

WIRE = data_frames(streams("google--text")[0]).replace(b"\n\n", b"\r\n\r\n")
EVENTS = [json.loads(line[6:]) for line in WIRE.splitlines() if line]


def framed(wire: bytes, cuts: list[int] | None = None) -> bytes:
    framing = ArrayFraming()
    edges = [0, *sorted(cuts or []), len(wire)]
    return b"".join(framing.feed(wire[a:b]) for a, b in pairwise(edges)) + framing.close()


@given(st.lists(st.integers(0, len(WIRE)), max_size=12))
def test_events_become_the_elements_of_one_array_wherever_they_are_cut(cuts: list[int]) -> None:
    assert json.loads(framed(WIRE, cuts)) == EVENTS


def test_an_element_goes_out_as_soon_as_its_event_is_whole() -> None:
    framing = ArrayFraming()
    first, second = framing.feed(b'data: {"a":1}\r\n\r\ndata: {"b"'), framing.feed(b":2}\r\n\r\n")

    assert (first, second, framing.close()) == (b'[{"a":1}\n', b',\r\n{"b":2}\n', b"]")


def test_a_last_event_without_its_blank_line_is_an_element_too() -> None:
    assert json.loads(framed(b'data: {"a":1}\n\ndata: {"b":2}')) == [{"a": 1}, {"b": 2}]


def test_a_stream_without_events_is_an_empty_array() -> None:
    assert framed(b"") == b"[]"


def test_an_error_in_the_middle_is_the_last_element() -> None:
    error = GENERATE_CONTENT.error_event(ProviderCut("Gone.", provider="p"), "r1")

    assert json.loads(framed(WIRE + error))[-1]["error"]["code"] == 502

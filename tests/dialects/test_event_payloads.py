from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.event_payloads import MAX_EVENT_BYTES, EventPayloads
from tokenrouter.domain.errors import ProviderProtocolError

WIRE = b': hi\n\ndata: {"a":1}\n\nevent: x\r\ndata: {"b":\r\ndata: 2}\r\n\r\n'
WIRE += b'data:{"c":"\xc3\xbc"}\n\nid: 7\n\ndata: [DONE]'


@given(st.lists(st.integers(0, len(WIRE)), max_size=12))
def test_where_the_bytes_are_cut_does_not_matter(cuts: list[int]) -> None:
    payloads = EventPayloads("acme")
    edges = [0, *sorted(cuts), len(WIRE)]

    told = [payload for a, b in pairwise(edges) for payload in payloads.feed(WIRE[a:b])] + payloads.close()

    assert told == [b'{"a":1}', b'{"b":\n2}', b'{"c":"\xc3\xbc"}', b"[DONE]"]


def test_an_event_without_end_is_the_providers_fault() -> None:
    payloads = EventPayloads("acme")
    payloads.feed(b"x" * MAX_EVENT_BYTES)

    with pytest.raises(ProviderProtocolError, match="'acme'"):
        payloads.feed(b"x")

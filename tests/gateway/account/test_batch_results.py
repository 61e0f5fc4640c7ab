from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.prices import MILLION, flat_price, rates_of
from tokenrouter.gateway.account.batch_results import ResultCounter

CHAT = b'{"response":{"status_code":200,"body":{"usage":{"prompt_tokens":9,"completion_tokens":3}}},"error":null}'
THOUGHT = b'"usage":{"input_tokens":4,"output_tokens":2,"output_tokens_details":{"reasoning_tokens":1}}'
RESPONSES = b'{"response":{"body":{%b}}}' % THOUGHT
FAILED = b'{"response":null,"error":{"code":"batch_expired"}}'
SILENT = b'{"response":{"body":{"object":"list"}}}'
FILE = b"\n".join([CHAT, RESPONSES, b"", FAILED, SILENT])


@given(st.lists(st.integers(0, len(FILE)), max_size=8))
def test_where_the_file_is_cut_does_not_matter(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(FILE)]
    counter = ResultCounter("acme")
    for start, end in pairwise(edges):
        counter.feed(FILE[start:end])
    counter.close()

    assert counter.usage == Usage(13, 5, reasoning_tokens=1, provider_requests=2)
    assert (counter.lines, counter.silent) == (4, 1)


def test_each_line_is_priced_by_itself_for_it_is_not_longer_because_there_are_others() -> None:
    long = rates_of(1000 * MILLION, 1000 * MILLION)
    price = flat_price(1, 1)._replace(above=((9, long),), request_nano=5)
    counter = ResultCounter("acme", price)
    counter.feed(CHAT + b"\n" + CHAT.replace(b":9,", b":10,") + b"\n" + FAILED + b"\n")

    assert counter.usage == Usage(19, 6, provider_requests=2)
    assert counter.spent == (9 + 3 + 5) + (10_000 + 3000 + 5)
    assert ResultCounter("acme").spent == 0


@pytest.mark.parametrize("line", [b"<html>\n", b"[]\n", b'{"response":7}\n'])
def test_what_is_no_result_is_the_providers_fault(line: bytes) -> None:
    with pytest.raises(ProviderProtocolError, match="Line 2"):
        ResultCounter("acme").feed(CHAT + b"\n" + line)


def test_a_line_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokenrouter.gateway.account.batch_results.MAX_LINE_BYTES", 100)
    with pytest.raises(ProviderProtocolError, match="no end"):
        ResultCounter("acme").feed(b"x" * 101)

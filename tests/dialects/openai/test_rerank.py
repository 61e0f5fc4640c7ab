import pytest

from tokenrouter.dialects.openai.rerank import RERANK
from tokenrouter.domain.errors import InvalidRequest, ProviderProtocolError
from tokenrouter.domain.ledger import Usage


@pytest.mark.parametrize(
    ("answer", "usage"),
    [
        (b'{"results":[],"usage":{"total_tokens":42}}', Usage(42, 0)),
        (b'{"results":[],"usage":{"prompt_tokens":40,"completion_tokens":0,"total_tokens":40}}', Usage(40, 0)),
        (b'{"results":[],"meta":{"tokens":{"input_tokens":1250.0,"output_tokens":0}}}', Usage(1250, 0)),
        (b'{"results":[],"meta":{"billed_units":{"search_units":1}}}', None),
        (b'{"results":[]}', None),
    ],
)
def test_tokens_are_found_where_each_vendor_has_them(answer: bytes, usage: Usage | None) -> None:
    assert RERANK.whole_usage(answer) == usage


def test_an_answer_that_is_no_json_is_told() -> None:
    with pytest.raises(ProviderProtocolError):
        RERANK.whole_usage(b"<html>")


@pytest.mark.parametrize("body", [b'{"model":"m","query":"q"}', b'{"model":"m","query":"q","documents":"d"}'])
def test_documents_are_needed_as_a_list(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="documents"):
        RERANK.peek(body)

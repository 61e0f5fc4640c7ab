import pytest

from tokenrouter.dialects.openai import usage as openai_usage
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.ledger import Usage


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            b'{"prompt_tokens":10,"completion_tokens":4,"total_tokens":14,"prompt_tokens_details":{"cached_tokens":6},'
            b'"completion_tokens_details":{"reasoning_tokens":3}}',
            Usage(10, 4, cached_input_tokens=6, reasoning_tokens=3),
        ),
        (
            b'{"input_tokens":10,"output_tokens":4,"input_tokens_details":{"cached_tokens":6,"cache_write_tokens":2}}',
            Usage(10, 4, cached_input_tokens=6, cache_write_tokens=2),
        ),
        (b'{"prompt_tokens":10,"completion_tokens":4,"prompt_tokens_details":null}', Usage(10, 4)),
        (b'{"prompt_tokens":10,"total_tokens":10}', Usage(10, 0)),
        (
            b'{"prompt_tokens":10,"completion_tokens":4,"prompt_cache_hit_tokens":8}',
            Usage(10, 4, cached_input_tokens=8),
        ),
        (
            b'{"prompt_tokens":10,"completion_tokens":4,"total_tokens":19,"completion_tokens_details":{"reasoning_tokens":5}}',
            Usage(10, 9, reasoning_tokens=5),
        ),
        (b"{}", None),
        (b"null", None),
    ],
)
def test_every_vendors_usage_is_read_in_our_terms(usage: bytes, expected: Usage | None) -> None:
    assert openai_usage.usage_of(b'{"id":"x","usage":' + usage + b"}") == expected
    assert openai_usage.usage_at_end(b'...tail of it","usage": ' + usage + b"}}") == expected


def test_an_answer_that_is_not_json_is_the_providers_fault() -> None:
    with pytest.raises(ProviderProtocolError, match="cannot be read"):
        openai_usage.whole_usage(b'{"id": "x", "choices": [')


def test_the_word_usage_in_a_text_is_no_usage() -> None:
    assert openai_usage.usage_at_end(rb'{"text":"the \"usage\":{\"prompt_tokens\":1}"}') is None

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
        (
            b'{"prompt_tokens":100,"completion_tokens":60,"prompt_tokens_details":{"audio_tokens":80,"image_tokens":7},'
            b'"completion_tokens_details":{"audio_tokens":50}}',
            Usage(100, 60, audio_tokens=130, audio_output_tokens=50, image_input_tokens=7),
        ),
        (
            b'{"input_tokens":50,"output_tokens":1056,"input_tokens_details":{"text_tokens":10,"image_tokens":40},'
            b'"output_tokens_details":{"image_tokens":1056}}',
            Usage(50, 1056, image_input_tokens=40, image_output_tokens=1056),
        ),
        (
            b'{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":4,"audio_tokens":10},'
            b'"output_tokens":45,"total_tokens":59}',
            Usage(14, 45, audio_tokens=10),
        ),
        (b"{}", None),
        (b"null", None),
    ],
)
def test_every_vendors_usage_is_read_in_our_terms(usage: bytes, expected: Usage | None) -> None:
    assert openai_usage.usage_of(b'{"id":"x","usage":' + usage + b"}") == expected
    assert openai_usage.usage_at_end(b'...tail of it","usage": ' + usage + b"}}") == expected


@pytest.mark.parametrize(
    ("told", "tier"),
    [(b'"flex"', "flex"), (b'"Priority"', "priority"), (b'"default"', ""), (b'"auto"', ""), (b"null", ""), (b"7", "")],
)
def test_the_tier_that_served_stands_beside_the_usage(told: bytes, tier: str) -> None:
    body = b'{"service_tier":%b,"usage":{"prompt_tokens":10,"completion_tokens":4}}' % told

    assert openai_usage.whole_usage(body) == Usage(10, 4, tier=tier)


def test_an_answer_that_is_not_json_is_the_providers_fault() -> None:
    with pytest.raises(ProviderProtocolError, match="cannot be read"):
        openai_usage.whole_usage(b'{"id": "x", "choices": [')


def test_the_word_usage_in_a_text_is_no_usage() -> None:
    assert openai_usage.usage_at_end(rb'{"text":"the \"usage\":{\"prompt_tokens\":1}"}') is None

import pytest

from tokenrouter.dialects.openai import fields as openai_fields
from tokenrouter.domain.errors import InvalidRequest, MissingModel, ProviderProtocolError
from tokenrouter.domain.ledger import Usage


def peek(body: bytes) -> object:
    return openai_fields.peek_head(
        body, arrays=(), bounds=frozenset({"max_tokens", "max_completion_tokens"}), required=()
    )


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"model":1}', "model"),
        (b'{"model":"m","stream":1}', "stream"),
        (b'{"model":"m","max_tokens":"1"}', "max_tokens"),
        (b'{"model":"m","max_completion_tokens":1.5}', "max_completion_tokens"),
        (b'{"model":"m","n":-1}', "n"),
        (b'{"model":"m","stream":true,"stream_options":[]}', "stream_options"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(body: bytes, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        peek(body)
    assert caught.value.param == param


@pytest.mark.parametrize("body", [b"{}", b'{"model":""}', b'{"model":"' + b"x" * 300 + b'"}'])
def test_a_missing_or_endless_model_is_told(body: bytes) -> None:
    with pytest.raises(MissingModel):
        peek(body)


def test_null_is_as_good_as_absent() -> None:
    head = openai_fields.peek_head(
        b'{"model":"m","stream":null,"max_tokens":null,"stream_options":null,"n":null}',
        arrays=(),
        bounds=frozenset({"max_tokens"}),
        required=(),
    )
    assert (head.stream, head.max_output_tokens, head.wants_usage, head.answers) == (False, None, True, 1)


def test_the_stricter_of_two_bounds_counts() -> None:
    head = openai_fields.peek_head(
        b'{"model":"m","max_tokens":9,"max_completion_tokens":5}',
        arrays=(),
        bounds=frozenset({"max_tokens", "max_completion_tokens"}),
        required=(),
    )
    assert head.max_output_tokens == 5


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
    assert openai_fields.usage_of(b'{"id":"x","usage":' + usage + b"}") == expected
    assert openai_fields.usage_at_end(b'...tail of it","usage": ' + usage + b"}}") == expected


def test_an_answer_that_is_not_json_is_the_providers_fault() -> None:
    with pytest.raises(ProviderProtocolError, match="cannot be read"):
        openai_fields.whole_usage(b'{"id": "x", "choices": [')


def test_the_word_usage_in_a_text_is_no_usage() -> None:
    assert openai_fields.usage_at_end(rb'{"text":"the \"usage\":{\"prompt_tokens\":1}"}') is None


@pytest.mark.parametrize(
    ("payload", "expected"), [(b'{"error":{"a":1}}', True), (b'{"error":null}', False), (b"{}", False), (b"x", False)]
)
def test_an_error_is_a_top_level_field_that_is_not_null(payload: bytes, expected: bool) -> None:
    assert openai_fields.has_error(payload) is expected

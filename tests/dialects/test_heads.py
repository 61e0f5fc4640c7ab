import pytest

from tokenrouter.dialects.heads import peek_head
from tokenrouter.domain.errors import InvalidRequest, MissingModel


def peek(body: bytes) -> object:
    return peek_head(body, arrays=(), bounds=frozenset({"max_tokens", "max_completion_tokens"}), required=())


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
    head = peek_head(
        b'{"model":"m","stream":null,"max_tokens":null,"stream_options":null,"n":null}',
        arrays=(),
        bounds=frozenset({"max_tokens"}),
        required=(),
    )
    assert (head.stream, head.max_output_tokens, head.wants_usage, head.answers) == (False, None, True, 1)


def test_the_stricter_of_two_bounds_counts() -> None:
    head = peek_head(
        b'{"model":"m","max_tokens":9,"max_completion_tokens":5}',
        arrays=(),
        bounds=frozenset({"max_tokens", "max_completion_tokens"}),
        required=(),
    )
    assert head.max_output_tokens == 5

import json
from typing import Any

import pytest

from tokenrouter.domain.errors import InvalidRequest, ModelNotAllowed
from tokenrouter.domain.ownership import BatchInput
from tokenrouter.gateway.account.batch_input import BatchReader


def resolve(name: str) -> tuple[str, str]:
    if name == "forbidden":
        raise ModelNotAllowed("no")
    return f"acme/{name}", name.removeprefix("acme/")


def unchecked(_: bytes) -> None: ...


def read(*bodies: dict[str, Any], url: str = "/v1/chat/completions") -> tuple[BatchInput, bytes]:
    content = b"".join(compact({"custom_id": "1", "url": url, "body": body}) + b"\n" for body in bodies)
    return BatchReader(resolve, unchecked).read(content)


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def test_what_lines_may_consume_is_added_up() -> None:
    first = {"model": "m", "max_tokens": 10, "n": 3}
    second = {"model": "m", "max_completion_tokens": 7, "max_tokens": 9}
    third = {"model": "m", "max_tokens": None}
    asks, _ = read(first, second, third)

    size = sum(len(compact(body)) for body in (first, second, third))
    assert asks == BatchInput("acme/m", "m", 3, size, 37, 1)


def test_embeddings_have_no_output() -> None:
    asks, _ = read({"model": "m", "input": "x"}, url="/v1/embeddings")
    assert asks.unlimited == 0

    asks, _ = read({"model": "m", "input": "x"}, url="/v1/responses")
    assert asks.unlimited == 1


def test_only_names_of_models_change() -> None:
    body = {"model": "acme/m", "messages": [{"content": "acme/m"}]}
    _, sent = read(body, body)

    line = compact({"custom_id": "1", "url": "/v1/chat/completions", "body": {**body, "model": "m"}}) + b"\n"
    assert sent == line * 2


def test_a_file_whose_names_are_the_providers_stays_as_it_is() -> None:
    content = b'  {"url": "/v1/x", "body": {"model": "m"}}  \r\n\r\n{"url":"/v1/x","body":{"model":"m"}}'

    assert BatchReader(resolve, unchecked).read(content)[1] == content


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no requests"),
        (b"\n\n", "no requests"),
        (b"not json\n", "Line 1"),
        (b'{"url":"/v1/x","body":{"model":"m"}}\n[]\n', "Line 2"),
        (b'{"url":"/v1/x","body":{}}', "Line 1"),
        (b'{"body":{"model":"m"}}', "Line 1"),
        (b'{"url":"/v1/x","body":{"model":"m","model":"n"}}', "Line 1"),
        (b'{"url":"/v1/x","body":{"model":"m","max_tokens":-1}}', "max_tokens"),
        (b'{"url":"/v1/x","body":{"model":"m","max_tokens":"9"}}', "max_tokens"),
        (b'{"url":"/v1/x","body":{"model":"m"}}\n{"url":"/v1/x","body":{"model":"n"}}', "another model"),
    ],
)
def test_what_is_no_batch_is_refused_with_its_line(content: bytes, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why):
        BatchReader(resolve, unchecked).read(content)


def test_a_model_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(ModelNotAllowed):
        read({"model": "forbidden"})

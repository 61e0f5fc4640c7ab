import base64
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.gemini.embeddings import (
    MAX_BATCH,
    batch_request,
    gemini_answer,
    openai_answer,
    openai_request,
)
from tokenrouter.domain.errors import InvalidRequest, ProviderProtocolError
from tokenrouter.domain.ledger import Usage

VECTORS = {"embeddings": [{"values": [0.5, -0.25]}, {"values": [1, 0]}]}


def asked(**fields: Any) -> Any:
    return json.loads(batch_request(json.dumps({"model": "m", **fields}).encode(), "embed-1").body)


def answered(body: Any, *, packed: bool = False, usage: Usage | None = None) -> Any:
    raw = json.dumps(body).encode()
    return json.loads(openai_answer(raw, packed=packed, model="m", usage=usage, provider="acme"))


def test_each_text_is_a_request_of_the_batch() -> None:
    assert asked(input=["a", "b"], dimensions=3)["requests"] == [
        {"model": "models/embed-1", "content": {"parts": [{"text": text}]}, "outputDimensionality": 3} for text in "ab"
    ]
    assert asked(input="a") == {"requests": [{"model": "models/embed-1", "content": {"parts": [{"text": "a"}]}}]}


@pytest.mark.parametrize(("encoding", "packed"), [("base64", True), ("float", False), (None, False)])
def test_how_the_client_wants_its_vectors_is_remembered(encoding: str | None, packed: bool) -> None:
    body = json.dumps({"model": "m", "input": "a", "encoding_format": encoding}).encode()

    assert batch_request(body, "e").packed is packed


@pytest.mark.parametrize("value", [[], ["a"] * (MAX_BATCH + 1), [1, 2], [[1, 2]], 7])
def test_what_gemini_cannot_embed_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        asked(input=value)
    assert caught.value.param == "input"


def test_vectors_are_told_in_openais_shape() -> None:
    told = answered(VECTORS, usage=Usage(7))

    assert told == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, -0.25]},
            {"object": "embedding", "index": 1, "embedding": [1.0, 0.0]},
        ],
        "model": "m",
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    }
    assert answered({"embedding": {"values": [1]}})["data"][0]["embedding"] == [1.0]


def test_packed_vectors_are_little_endian_float32() -> None:
    packed = answered(VECTORS, packed=True)["data"][0]["embedding"]

    assert struct.unpack("<2f", base64.b64decode(packed)) == (0.5, -0.25)


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=8), st.booleans())
def test_a_vector_survives_the_way_there_and_back(values: list[float], packed: bool) -> None:
    there = json.dumps(answered({"embeddings": [{"values": values}]}, packed=packed)).encode()

    assert json.loads(gemini_answer(there, batch=True, provider="acme"))["embeddings"] == [{"values": values}]


@pytest.mark.parametrize("body", [{}, {"embeddings": []}, {"embeddings": [{"values": ["x"]}]}])
def test_an_answer_without_vectors_is_the_named_providers_fault(body: Any) -> None:
    with pytest.raises(ProviderProtocolError, match="'acme'"):
        answered(body)


def test_a_geminis_clients_texts_are_one_input() -> None:
    one = {"content": {"parts": [{"text": "a"}, {"text": "b"}]}, "output_dimensionality": 3, "taskType": "X"}
    two = {"content": {"parts": [{"text": "c"}]}, "outputDimensionality": 3}

    assert json.loads(openai_request(json.dumps({"requests": [one, two]}).encode(), "e", batch=True)) == {
        "model": "e",
        "input": ["a\nb", "c"],
        "dimensions": 3,
        "encoding_format": "float",
    }
    alone = json.loads(openai_request(b'{"content":{"parts":[{"text":"a"}]}}', "e", batch=False))
    assert alone == {"model": "e", "input": ["a"], "encoding_format": "float"}


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [{"content": {"parts": [{"text": "a"}]}, "outputDimensionality": n} for n in (3, 4)],
        [{"content": {"parts": []}}],
        [{"content": {"parts": [{"inlineData": {"data": "AAAA"}}]}}],
        [{}],
    ],
)
def test_what_openai_cannot_embed_is_refused(requests: Any) -> None:
    with pytest.raises(InvalidRequest):
        openai_request(json.dumps({"requests": requests}).encode(), "e", batch=True)


def test_openais_vectors_are_told_in_their_order() -> None:
    data = [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}]
    body = json.dumps({"data": data, "usage": {"prompt_tokens": 7}}).encode()
    usage = {"promptTokenCount": 7, "totalTokenCount": 7}

    assert json.loads(gemini_answer(body, batch=True, provider="acme")) == {
        "embeddings": [{"values": [1.0]}, {"values": [2.0]}],
        "usageMetadata": usage,
    }
    assert json.loads(gemini_answer(body, batch=False, provider="acme"))["embedding"] == {"values": [1.0]}


@pytest.mark.parametrize("data", [[], [{"embedding": "AAA"}], [{"embedding": "AAAA"}], [{"embedding": 7}]])
def test_an_answer_that_is_no_vector_is_the_named_providers_fault(data: Any) -> None:
    with pytest.raises(ProviderProtocolError, match="'acme'"):
        gemini_answer(json.dumps({"data": data}).encode(), batch=True, provider="acme")

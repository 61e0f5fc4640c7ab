"""Embeddings as the vendor's SDK sees them."""

import math

import pytest
from openai import BadRequestError, OpenAI


def test_both_encodings_say_the_same(client: OpenAI) -> None:
    floats = client.embeddings.create(model="embed-small", input="text", encoding_format="float")
    packed = client.embeddings.create(model="embed-small", input="text")  # the SDK asks for base64 by itself

    assert packed.data[0].embedding == pytest.approx(floats.data[0].embedding, abs=1e-7)
    assert floats.usage == packed.usage


@pytest.mark.parametrize(("model", "dimensions"), [("embed-small", 1536), ("embed-large", 3072)])
def test_vectors_have_length_one_and_the_models_dimensions(client: OpenAI, model: str, dimensions: int) -> None:
    numbers = client.embeddings.create(model=model, input="text").data[0].embedding

    assert len(numbers) == dimensions
    assert math.hypot(*numbers) == pytest.approx(1.0, abs=1e-4)


def test_equal_inputs_have_equal_vectors_and_others_do_not(client: OpenAI) -> None:
    first, same, other = client.embeddings.create(model="embed-small", input=["a", "a", "b"], dimensions=8).data

    assert first.embedding == same.embedding != other.embedding
    assert [first.index, same.index, other.index] == [0, 1, 2]
    assert len(first.embedding) == 8


def test_usage_counts_every_input(client: OpenAI) -> None:
    answer = client.embeddings.create(model="embed-small", input=["x" * 8, "x" * 9])

    assert answer.usage.prompt_tokens == answer.usage.total_tokens == 2 + 3


def test_token_numbers_count_as_they_are(client: OpenAI) -> None:
    assert client.embeddings.create(model="embed-small", input=[[1, 2, 3], [4]]).usage.prompt_tokens == 4


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": None}, "input"),
        ({"input": [{}]}, "input"),
        ({"dimensions": 1537}, "dimensions"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"model": "echo"}, "model"),
    ],
)
def test_a_wrong_field_is_named(client: OpenAI, body: dict[str, object], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.embeddings.create(model="embed-small", input="x", extra_body=body)

    assert caught.value.param == param

"""Moderations as the vendor's SDK sees them."""

from typing import Any

import pytest
from openai import BadRequestError, OpenAI


def test_a_text_is_flagged_for_what_it_names(client: OpenAI) -> None:
    answer = client.moderations.create(model="lorem", input="graphic VIOLENCE and hate")

    [result] = answer.results
    assert result.flagged
    assert result.categories.violence
    assert result.categories.hate
    assert not result.categories.sexual
    assert result.category_scores.violence > 0.5 > result.category_scores.sexual


def test_each_text_has_a_result_and_parts_have_one_together(client: OpenAI) -> None:
    image: Any = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    texts = client.moderations.create(input=["fine", "harassment"])
    parts = client.moderations.create(input=[{"type": "text", "text": "fine"}, image])

    assert [result.flagged for result in texts.results] == [False, True]
    assert [result.category_applied_input_types.violence for result in parts.results] == [["text", "image"]]
    assert parts.results[0].category_applied_input_types.hate == ["text"]


@pytest.mark.parametrize(
    ("body", "param"),
    [({"input": []}, "input"), ({"input": 5}, "input"), ({"input": [{"type": "file"}]}, "input[0].type"),
     ({"temperature": 1}, "temperature")],
)  # fmt: skip
def test_a_wrong_field_is_named(client: OpenAI, body: dict[str, object], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.moderations.create(input="x", extra_body=body)

    assert caught.value.param == param


def test_it_is_noted_and_costs_nothing(client: OpenAI) -> None:
    before = books(client)
    client.moderations.create(model="wide", input="x" * 1000)

    assert books(client) == before


def books(client: OpenAI) -> Any:
    """What the model `wide` has been billed so far."""
    address = str(client.base_url).removesuffix("/v1/") + "/books/summary"
    summary: Any = client.get(address, cast_to=object)
    total = summary["models"].get("wide", {})
    return total.get("prompt_tokens", 0), total.get("completion_tokens", 0)

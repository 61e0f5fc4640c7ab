"""Text completions as the vendor's SDK sees them."""

import pytest
from openai import BadRequestError, OpenAI


def test_the_same_words_arrive_whole_and_streamed(client: OpenAI) -> None:
    whole = client.completions.create(model="lorem", prompt="x", max_tokens=20)
    chunks = list(
        client.completions.create(
            model="lorem", prompt="x", max_tokens=20, stream=True, stream_options={"include_usage": True}
        )
    )

    text = "".join(chunk.choices[0].text for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].text
    assert whole.choices[0].finish_reason == "length"
    assert chunks[-1].usage == whole.usage
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 20


def test_several_prompts_and_choices_are_numbered_through(client: OpenAI) -> None:
    answer = client.completions.create(model="echo", prompt=["a", "b"], n=2)

    assert [(choice.index, choice.text) for choice in answer.choices] == [(0, "a"), (1, "a"), (2, "b"), (3, "b")]


def test_the_prompt_is_repeated_on_request(client: OpenAI) -> None:
    assert client.completions.create(model="echo", prompt="again ", echo=True).choices[0].text == "again again "


def test_a_prompt_of_token_numbers_weighs_what_it_is(client: OpenAI) -> None:
    usages = [client.completions.create(model="lorem-1", prompt=prompt).usage for prompt in ([7], [7] * 11)]

    assert [usage and usage.prompt_tokens for usage in usages] == [3 + 3 + 1, 3 + 3 + 11]


@pytest.mark.parametrize("prompt", [None, 5, {}, ["a", 1]])
def test_a_wrong_prompt_is_named(client: OpenAI, prompt: object) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.completions.create(model="echo", prompt="", extra_body={"prompt": prompt})

    assert caught.value.param == "prompt"

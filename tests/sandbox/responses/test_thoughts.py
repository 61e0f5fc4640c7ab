"""What was sealed is opened by the model that sealed it, unchanged, or not at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.sandbox.responses.thoughts import Sealer, followed_by

SEALER = Sealer("thinker")


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers() | st.none() | st.booleans()))
def test_what_was_sealed_can_be_opened(content: dict[str, Any]) -> None:
    assert SEALER.open(SEALER.seal(content)) == content


@given(st.data())
def test_a_changed_one_stays_shut(data: st.DataObject) -> None:
    sealed = SEALER.seal({"next": "call_1", "tokens": 32})
    position = data.draw(st.integers(0, len(sealed.rstrip("=")) - 2))
    other = data.draw(st.sampled_from("abcXYZ019-_").filter(lambda letter: letter != sealed[position]))

    assert SEALER.open(sealed[:position] + other + sealed[position + 1 :]) is None


@given(st.text())
def test_an_invented_one_stays_shut(text: str) -> None:
    assert SEALER.open(text) is None


def test_another_model_cannot_open_it() -> None:
    assert Sealer("thinker-open").open(SEALER.seal({})) is None


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ({"type": "function_call", "call_id": "call_1"}, "call_1"),
        ({"type": "custom_tool_call", "call_id": "call_2"}, "call_2"),
        ({"type": "function_call_output", "call_id": "call_1"}, ""),
        ({"type": "message", "role": "assistant"}, "message"),
        ({"role": "assistant"}, "message"),
        ({"role": "user"}, ""),
        ({}, ""),
    ],
)
def test_a_thought_leads_to_a_call_or_to_what_the_model_says(item: dict[str, object], name: str) -> None:
    assert followed_by(item) == name

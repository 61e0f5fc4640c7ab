"""AWS's reading of JSON: types at once, constraints together."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.sandbox.aws.errors import AwsError
from tokenrouter.sandbox.aws.json import read
from tokenrouter.sandbox.aws.shapes import CONVERSE


def refused(body: dict[str, Any]) -> AwsError:
    with pytest.raises(AwsError) as caught:
        read(CONVERSE, "ConverseRequest", body)
    assert caught.value.status == 400
    return caught.value


def block(content: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [content]}]}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (block({}), "The ContentBlock object at messages.0.content.0 must set one of the following keys: text, image"),
        (block({"text": "x", "image": None}), "must set one of the following keys"),
        (block({"cache_control": {}}), "Unknown member 'cache_control' at 'messages.0.content.0'"),
        ({"messages": [{"role": "user"}]}, "Value null at 'messages.0.content' failed to satisfy constraint"),
        (
            {"messages": [{"role": "model", "content": []}]},
            "Member must satisfy enum value set: [user, assistant, system]",
        ),
        ({"inferenceConfig": {"maxTokens": 0}}, "Value '0' at 'inferenceConfig.maxTokens'"),
        ({"inferenceConfig": {"temperature": 1.5}}, "less than or equal to 1"),
        ({"inferenceConfig": {"stopSequences": [""]}}, "length greater than or equal to 1"),
        (block({"toolUse": {"toolUseId": "a b", "name": "f", "input": {}}}), "regular expression pattern"),
        (block({"toolUse": {"toolUseId": "x" * 65, "name": "f", "input": {}}}), "length less than or equal to 64"),
        (block({"image": {"format": "png", "source": {"bytes": ""}}}), "length greater than or equal to 1"),
        (block({"image": {"format": "bmp", "source": {"bytes": "QQ=="}}}), "[png, jpeg, gif, webp]"),
        ({"system": [{"cachePoint": {"type": "ephemeral"}}]}, "[default]"),
    ],
)
def test_a_constraint_is_told_with_its_place(body: dict[str, Any], told: str) -> None:
    error = refused(body)

    assert error.kind == "ValidationException"
    assert told in error.message


def test_constraints_are_counted() -> None:
    assert refused({"inferenceConfig": {"maxTokens": 0, "topP": 2}}).message.startswith(
        "2 validation errors detected: "
    )


@pytest.mark.parametrize(
    "body",
    [
        {"messages": "hello"},
        {"messages": ["hello"]},
        {"system": "be kind"},
        {"inferenceConfig": {"maxTokens": "5"}},
        {"inferenceConfig": {"maxTokens": 1.5}},
        block({"text": 5}),
        block({"image": {"format": "png", "source": {"bytes": "?"}}}),
    ],
)
def test_a_wrong_type_cannot_be_read(body: dict[str, Any]) -> None:
    assert refused(body).kind == "SerializationException"


NAMES = st.sampled_from(["messages", "content", "role", "text", "toolUse"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
)


@given(VALUES)
def test_whatever_comes_is_read_or_refused(value: object) -> None:
    with suppress(AwsError):
        read(CONVERSE, "ConverseRequest", {"messages": value, "toolConfig": value, "system": value})

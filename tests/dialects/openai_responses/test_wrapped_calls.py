import json
from typing import Any

import pytest

from tokenrouter.dialects.openai_responses.wrapped_calls import may_wrap, unwrapped
from tokenrouter.domain.items import Call


def wrapping(*uses: dict[str, Any], name: str = "multi_tool_use.parallel") -> Call:
    return Call("a", name, json.dumps({"tool_uses": list(uses)}), id="fc_1")


def test_the_calls_inside_are_told_in_its_place() -> None:
    call = wrapping(
        {"recipient_name": "functions.f", "parameters": {"x": 1}},
        {"recipient_name": "agents.wait", "parameters": {}},
        {"recipient_name": "g"},
    )

    assert unwrapped(call) == [
        Call("a", "f", '{"x": 1}'),
        Call("a_1", "wait", "{}", namespace="agents"),
        Call("a_2", "g", "{}"),
    ]


@pytest.mark.parametrize(
    "call",
    [
        Call("a", "f", '{"tool_uses":[]}'),
        Call("a", "parallel", '{"lanes":2}'),
        Call("a", "parallel", '{"tool_uses":[{"recipient_name":"f"}],"lanes":2}'),
        Call("a", "parallel", "not json"),
        Call("a", "parallel", "x", "custom"),
        wrapping(),
    ],
)
def test_a_call_of_its_own_kind_stays(call: Call) -> None:
    assert unwrapped(call) == [call]


def test_only_two_names_are_waited_for() -> None:
    assert may_wrap("parallel")
    assert may_wrap("multi_tool_use.parallel")
    assert not may_wrap("parallel_search")

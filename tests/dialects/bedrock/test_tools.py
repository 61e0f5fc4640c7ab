import json
from typing import Any

import pytest

from tokenrouter.dialects.bedrock.losses import REQUEST_LOSSES
from tokenrouter.dialects.bedrock.models import ModelTraits
from tokenrouter.dialects.bedrock.tools import FORMAT_TOOL, ToolPlan, plan_tools
from tokenrouter.dialects.losses import Losses
from tokenrouter.domain.requests import HostedTool, OutputFormat, Request, Tool, ToolChoice

CLAUDE = ModelTraits(forces="tool", one_call=True, schemas=True, cache="all", cache_1h=True)
OLDER = ModelTraits(forces="tool", cache="prompt")
ANY = ModelTraits(forces="any")
POOR = ModelTraits()
SCHEMA = b'{"type":"object","properties":{"x":{"const":7}}}'
WANTED = OutputFormat("json_schema", SCHEMA, description="A number.")
TOOLS = (Tool("f"), Tool("g", "Gets.", SCHEMA))


def plan(traits: ModelTraits = CLAUDE, **more: Any) -> tuple[ToolPlan, set[str]]:
    losses = Losses(REQUEST_LOSSES)
    planned = plan_tools(Request("m", (), **more), traits, losses)
    return planned, {loss.feature for loss in losses.noted()}


def config(traits: ModelTraits = CLAUDE, **more: Any) -> dict[str, Any]:
    planned = plan(traits, **more)[0]
    told: dict[str, Any] = json.loads(json.dumps(planned.config, default=lambda raw: json.loads(bytes(raw))))
    return told


def names(traits: ModelTraits = CLAUDE, **more: Any) -> list[str]:
    return [tool["toolSpec"]["name"] for tool in config(traits, **more)["tools"] if "toolSpec" in tool]


def test_a_tool_has_an_object_as_its_schema() -> None:
    assert config(tools=TOOLS) == {
        "tools": [
            {"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object", "properties": {}}}}},
            {"toolSpec": {"name": "g", "description": "Gets.", "inputSchema": {"json": json.loads(SCHEMA)}}},
        ]
    }


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (b"{}", {"type": "object"}),
        (b'{"type":["object","null"],"x":1}', {"type": "object", "x": 1}),
        (b'{"anyOf":[{}]}', {"anyOf": [{}], "type": "object"}),
        (b"true", {"type": "object", "properties": {}}),
    ],
)
def test_a_schema_of_anything_else_is_made_one_of_an_object(schema: bytes, told: object) -> None:
    assert config(tools=(Tool("f", parameters=schema),))["tools"][0]["toolSpec"]["inputSchema"]["json"] == told


def test_names_and_kinds_that_bedrock_does_not_know_become_functions() -> None:
    tools = (Tool("get weather!"), Tool("patch", kind="custom", namespace="n"), Tool("d", deferred=True))

    assert plan(tools=tools)[1] == {"tool.name", "tool.custom", "tool.namespace", "tool.deferred"}
    assert names(tools=tools)[1:] == ["n__patch", "d"]


def test_hosted_tools_are_left_out_and_nothing_is_declared_for_them() -> None:
    assert plan(tools=(HostedTool("web_search", "openai-responses", b"{}"),)) == (ToolPlan(), {"tool.hosted"})


def test_strictness_is_told_where_the_model_knows_it() -> None:
    tools = (Tool("a", strict=True), Tool("b", strict=False), Tool("c"))

    assert [tool["toolSpec"].get("strict") for tool in config(tools=tools)["tools"]] == [True, False, None]
    assert "strict" not in config(OLDER, tools=tools)["tools"][0]["toolSpec"]
    assert plan(OLDER, tools=tools)[1] == {"tool.strict"}


def test_cache_marks_behind_tools_are_for_models_that_cache_them() -> None:
    tools = (Tool("a", cache="1h"),)

    assert config(tools=tools)["tools"][1] == {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert plan(OLDER, tools=tools)[1] == {"cache.marks"}


@pytest.mark.parametrize(
    ("traits", "choice", "told", "lost"),
    [
        (CLAUDE, ToolChoice("auto"), None, set()),
        (CLAUDE, ToolChoice("required"), {"any": {}}, set()),
        (CLAUDE, ToolChoice("required", ("g",)), {"tool": {"name": "g"}}, set()),
        (ANY, ToolChoice("required"), {"any": {}}, set()),
        (ANY, ToolChoice("required", ("g",)), {"any": {}}, {"tool_choice"}),
        (POOR, ToolChoice("required"), None, {"tool_choice"}),
    ],
)
def test_a_choice_is_told_as_far_as_the_model_can_be_made_to(
    traits: ModelTraits, choice: ToolChoice, told: object, lost: set[str]
) -> None:
    assert config(traits, tools=TOOLS, tool_choice=choice).get("toolChoice") == told
    assert plan(traits, tools=TOOLS, tool_choice=choice)[1] == lost


def test_tools_that_must_not_be_called_are_not_declared() -> None:
    assert plan(tools=TOOLS, tool_choice=ToolChoice("none")) == (ToolPlan(), {"tool_choice.none"})
    several = (*TOOLS, Tool("h"))
    assert names(tools=several, tool_choice=ToolChoice("required", ("f", "h"))) == ["f", "h"]
    assert names(tools=several, tool_choice=ToolChoice("auto", ("h",))) == ["h"]


def test_one_call_at_a_time_is_told_to_models_that_understand_it() -> None:
    told, lost = plan(tools=TOOLS, parallel_calls=False)
    assert (told.one_call, lost) == (True, set())
    assert plan(POOR, tools=TOOLS, parallel_calls=False)[1] == {"parallel_calls"}
    forced = plan(tools=TOOLS, parallel_calls=False, tool_choice=ToolChoice("required"))
    assert (forced[0].one_call, forced[1]) == (False, {"parallel_calls"})


def test_a_schema_is_a_tool_that_must_be_called_where_the_model_knows_none() -> None:
    planned = plan(OLDER, output_format=WANTED)[0]

    assert planned.format_tool == FORMAT_TOOL
    assert config(OLDER, output_format=WANTED)["toolChoice"] == {"tool": {"name": FORMAT_TOOL}}
    assert config(OLDER, output_format=WANTED)["tools"][0]["toolSpec"]["description"].startswith("A number.")
    assert config(ANY, output_format=WANTED)["toolChoice"] == {"any": {}}


def test_beside_other_tools_the_answer_is_one_of_them() -> None:
    assert names(OLDER, output_format=WANTED, tools=TOOLS) == ["f", "g", FORMAT_TOOL]
    assert config(OLDER, output_format=WANTED, tools=TOOLS)["toolChoice"] == {"any": {}}
    assert names(OLDER, output_format=WANTED, tools=TOOLS, tool_choice=ToolChoice("none")) == [FORMAT_TOOL]


@pytest.mark.parametrize("traits", [CLAUDE, POOR])
def test_no_tool_stands_for_a_schema_where_there_is_a_better_way_or_none(traits: ModelTraits) -> None:
    assert plan(traits, output_format=WANTED)[0] == ToolPlan()

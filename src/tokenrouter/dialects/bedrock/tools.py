"""The hub's tools as Converse's `toolConfig`, and structured output where it has to be a tool.

`toolChoice` has no word for "none", and `tools` may not be empty, so a request whose tools must not be called declares
none at all (API reference, "ToolConfiguration" and "ToolChoice", read 2026-11).
"""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tokenrouter.dialects.bedrock.messages import cache_point
from tokenrouter.dialects.bedrock.models import ModelTraits
from tokenrouter.dialects.losses import Losses
from tokenrouter.dialects.tool_names import plain_name, plain_tool
from tokenrouter.domain.requests import Request, Tool, ToolChoice

Wire = dict[str, Any]

FORMAT_TOOL: Final = "structured_answer"
"""The tool whose arguments are the answer, where the model knows no schemas."""
_FORMAT_TOLD: Final = "Gives the final answer. Call it once, when you are ready to answer."
_EMPTY_SCHEMA: Final = msgspec.Raw(b'{"type":"object","properties":{}}')

_OF_OBJECT: Final = b'{"type":"object"'
"""How most schemas begin; those need no look inside."""
_schema: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class ToolPlan:
    """What is declared.

    Attributes:
        config: `toolConfig`, None where there are no tools.
        forces: whether a tool must be called.
        one_call: whether the model is told to call one tool at a time, in its vendor's own words.
        format_tool: the tool that stands for the answer's schema, or empty.
    """

    config: Wire | None = None
    forces: bool = False
    one_call: bool = False
    format_tool: str = ""


def plan_tools(request: Request, traits: ModelTraits, losses: Losses) -> ToolPlan:
    """Return what to declare for `request`. Raises: InvalidRequest, as the loss table says."""
    choice = request.tool_choice
    tools = _callable(request, losses)
    format_tool = _format_tool(request, traits)
    if format_tool is not None:
        tools = [*tools, format_tool]
    if not tools:
        return ToolPlan()
    wires: list[Wire] = []
    for tool in tools:
        wires.append({"toolSpec": _spec(tool, traits, losses)})
        if tool.cache and (point := cache_point(tool.cache, traits, losses, behind_tools=True)) is not None:
            wires.append(point)
    config: Wire = {"tools": wires}
    forced = _forced(choice, tools, format_tool, traits, losses)
    if forced is not None:
        config["toolChoice"] = forced
    one_call = request.parallel_calls is False and traits.one_call and forced is None
    if request.parallel_calls is False and not one_call:
        losses.note("parallel_calls")
    return ToolPlan(config, forced is not None, one_call, "" if format_tool is None else format_tool.name)


def _callable(request: Request, losses: Losses) -> list[Tool]:
    choice = request.tool_choice
    tools = [tool for tool in request.tools if isinstance(tool, Tool)]
    if len(tools) < len(request.tools):
        losses.note("tool.hosted")
    if choice is None or not tools:
        return tools
    if choice.mode == "none":
        losses.note("tool_choice.none")
        return []
    if len(choice.names) > 1 or (choice.names and choice.mode == "auto"):
        losses.note("tool_choice.names")
        return [tool for tool in tools if tool.name in choice.names]
    return tools


def _format_tool(request: Request, traits: ModelTraits) -> Tool | None:
    wanted = request.output_format
    if wanted is None or wanted.kind != "json_schema" or traits.schemas or traits.forces == "none":
        return None
    described = f"{wanted.description}\n\n{_FORMAT_TOLD}" if wanted.description else _FORMAT_TOLD
    return Tool(FORMAT_TOOL, described, wanted.schema)


def _forced(
    choice: ToolChoice | None, tools: list[Tool], format_tool: Tool | None, traits: ModelTraits, losses: Losses
) -> Wire | None:
    """Return `toolChoice` where a tool must be called; `auto` is what models do unasked."""
    if format_tool is not None:
        only = len(tools) == 1 and traits.forces == "tool"
        return {"tool": {"name": format_tool.name}} if only else {"any": {}}
    if choice is None or choice.mode != "required":
        return None
    if traits.forces == "none":
        losses.note("tool_choice")
        return None
    named = [tool for tool in tools if tool.name in choice.names]
    if len(named) == 1:
        if traits.forces == "tool":
            return {"tool": {"name": plain_name(named[0].name, named[0].namespace)}}
        if len(tools) > 1:
            losses.note("tool_choice")
    return {"any": {}}


def _spec(tool: Tool, traits: ModelTraits, losses: Losses) -> Wire:
    if tool.deferred:
        losses.note("tool.deferred")
    if tool.extra:
        losses.note_only_there(tool)
    plain = plain_tool(tool)
    if plain is not tool:
        _note(tool, losses)
    spec: Wire = {"name": plain.name, "inputSchema": {"json": _object_schema(plain.parameters)}}
    if plain.description.strip():
        spec["description"] = plain.description
    if plain.strict is not None:
        if traits.schemas:
            spec["strict"] = plain.strict
        elif plain.strict:
            losses.note("tool.strict")
    return spec


def _note(tool: Tool, losses: Losses) -> None:
    if tool.kind == "custom":
        losses.note("tool.custom")
    if tool.namespace:
        losses.note("tool.namespace")
    elif plain_name(tool.name) != tool.name:
        losses.note("tool.name")


def _object_schema(parameters: bytes | None) -> msgspec.Raw | dict[str, msgspec.Raw]:
    """Return a schema that says it is of an object, as Bedrock demands of every tool's."""
    if parameters is None:
        return _EMPTY_SCHEMA
    if parameters.startswith(_OF_OBJECT):
        return msgspec.Raw(parameters)
    try:
        fields = _schema.decode(parameters)
    except (msgspec.DecodeError, RecursionError):
        return _EMPTY_SCHEMA
    if bytes(fields.get("type", b"")) == b'"object"':
        return msgspec.Raw(parameters)
    return {**fields, "type": msgspec.Raw(b'"object"')}

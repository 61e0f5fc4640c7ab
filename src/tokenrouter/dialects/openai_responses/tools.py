"""Tools as the Responses API declares them, read into the hub's terms and written from them.

Functions and free-text tools stand flat or in namespaces; whatever else has a `type` is run by the provider, but
for one: a search for tools that the client runs (`tool_search`, execution `client`). To the hub that is a function
like any other; its mark in `Tool.extra` lets the answer show its calls as what the client expects.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal

import msgspec

from tokenrouter.dialects.losses import TOOL_MARK, Losses
from tokenrouter.dialects.openai_responses.losses import ResponsesQuirks
from tokenrouter.dialects.openai_responses.wire import (
    FAMILY,
    WireGrammar,
    WireKind,
    WireSearchTool,
    WireTool,
    WireToolChoice,
)
from tokenrouter.dialects.tool_names import is_plain, plain_name, plain_tool
from tokenrouter.dialects.web_search import search_settings
from tokenrouter.dialects.wire_reading import raw_value, read_request
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import Call, RawJson
from tokenrouter.domain.requests import HostedKind, HostedTool, Request, Tool, ToolChoice

Wire = dict[str, Any]
TOOL_SEARCH: Final = "tool_search"
"""Name of the function that stands for the client's search for tools."""
_SEARCH_TOLD: Final = "Finds tools that can be called afterwards."
_SEARCH_SCHEMA: Final = b'{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}'
_EMPTY_SCHEMA: Final = msgspec.Raw(b'{"type":"object","properties":{}}')
_HOSTED: Final[tuple[tuple[str, HostedKind], ...]] = (
    ("web_search", "web_search"),
    ("file_search", "file_search"),
    ("code_interpreter", "code_execution"),
    ("image_generation", "image_generation"),
    ("computer", "computer"),
    ("shell", "shell"),
    ("local_shell", "shell"),
    ("apply_patch", "text_editor"),
    ("mcp", "mcp"),
    ("tool_search", "tool_search"),
)
"""By the beginning of their types, which may end in a date or in `_preview`."""
_MODES: Final[dict[str, Literal["auto", "none", "required"]]] = {
    "auto": "auto",
    "none": "none",
    "required": "required",
}
_NO_GRAMMAR: Final = WireGrammar()
_FUNCTION: Final = re.compile(rb'\{"type": ?"function"')
"""How nearly all tools begin; of others it has to be seen what they are."""
_kind: Final = msgspec.json.Decoder(WireKind)
_tool: Final = msgspec.json.Decoder(WireTool)
_tools: Final = msgspec.json.Decoder(list[WireTool])
_search: Final = msgspec.json.Decoder(WireSearchTool)
_choice: Final = msgspec.json.Decoder(str | WireToolChoice)


def read_plain_tools(raw: msgspec.Raw | None) -> list[Tool] | None:
    """Return functions, read in one go; None where a tool is anything else, or wrong in any way."""
    try:
        wires = [] if raw is None else _tools.decode(raw)
        return [_declared(wire, "") for wire in wires] if all(wire.type == "function" for wire in wires) else None
    except (msgspec.DecodeError, InvalidRequest, RecursionError):
        return None


def read_tools(raws: Iterable[msgspec.Raw], where: str) -> Iterator[Tool | HostedTool]:
    """Yield the tools that are declared at `where`, those in namespaces one by one.

    Raises:
        InvalidRequest: a field has the wrong type, or a tool has no type or no name.
    """
    for index, raw in enumerate(raws):
        at = f"{where}[{index}]"
        if _FUNCTION.match(raw):
            yield _declared(read_request(_tool, raw, at), at)
            continue
        kind = read_request(_kind, raw, at)
        if kind.type in ("function", "custom"):
            yield _declared(read_request(_tool, raw, at), at)
        elif kind.type == "namespace":
            yield from _in_namespace(read_request(_tool, raw, at), at)
        elif kind.type == TOOL_SEARCH and kind.execution == "client":
            yield _searching(read_request(_tool, raw, at))
        elif kind.type:
            yield HostedTool(_hosted_kind(kind.type, raw), FAMILY, bytes(raw))
        else:
            raise InvalidRequest("A tool needs a 'type'.", param=at)


def _declared(wire: WireTool, where: str, space: WireTool | None = None) -> Tool:
    told = wire.function or wire
    if not told.name:
        raise InvalidRequest("A tool needs a 'name'.", param=f"{where}.name")
    grammar = wire.format or _NO_GRAMMAR
    return Tool(
        told.name,
        told.description or "",
        raw_value(told.parameters),
        told.strict,
        "custom" if wire.type == "custom" else "function",
        (space and space.name) or "",
        (space and space.description) or "",
        grammar.syntax or "",
        grammar.definition or "",
        bool(wire.defer_loading),
        extra=_only_here(wire),
    )


def _only_here(wire: WireTool) -> dict[str, RawJson]:
    if not wire.allowed_callers and not wire.output_schema:
        return {}
    fields = {"allowed_callers": wire.allowed_callers, "output_schema": wire.output_schema}
    return {name: value for name, raw in fields.items() if (value := raw_value(raw)) is not None}


def _in_namespace(space: WireTool, where: str) -> Iterator[Tool]:
    for index, raw in enumerate(space.tools or ()):
        at = f"{where}.tools[{index}]"
        yield _declared(read_request(_tool, raw, at), at, space)


def _searching(wire: WireTool) -> Tool:
    parameters = raw_value(wire.parameters) or _SEARCH_SCHEMA
    return Tool(TOOL_SEARCH, wire.description or _SEARCH_TOLD, parameters, extra={TOOL_MARK: b'"tool_search"'})


def _hosted_kind(kind: str, raw: msgspec.Raw) -> HostedKind:
    """A search that may not leave OpenAI's store must not become another vendor's search of the web."""
    found: HostedKind = next((hosted for lead, hosted in _HOSTED if kind.startswith(lead)), "other")
    if found == "web_search" and read_request(_search, raw).external_web_access is False:
        return "other"
    return found


def searches_tools(request: Request) -> bool:
    """Whether the client has declared that it searches for tools itself."""
    tools = [tool for tool in request.tools if isinstance(tool, Tool)]
    return any(tool.name == TOOL_SEARCH and TOOL_MARK in tool.extra for tool in tools)


def told_names(tools: Iterable[Tool | HostedTool]) -> str:
    """Return words by which a model learns what it may call now; what the tools do is told where they are declared."""
    names = [plain_name(tool.name, tool.namespace) for tool in tools if isinstance(tool, Tool)]
    return f"These tools can be called now: {', '.join(names)}" if names else "No tool was found."


def read_tool_choice(raw: RawJson) -> ToolChoice | None:
    """Return the choice, None where it names a tool that the provider runs: such a choice has meaning only here.

    Raises:
        InvalidRequest: it is no choice, or names nothing.
    """
    wire = read_request(_choice, raw, "tool_choice")
    if isinstance(wire, str):
        if wire in _MODES:
            return ToolChoice(_MODES[wire])
        raise InvalidRequest(f"The tool choice {wire!r} is not known here.", param="tool_choice")
    if wire.type == "allowed_tools":
        names = tuple(tool.name for tool in wire.tools or () if tool.name)
        return ToolChoice(_MODES.get(wire.mode or "auto", "auto"), names)
    if wire.type not in ("function", "custom"):
        return None
    if not wire.name:
        raise InvalidRequest("The tool choice names no tool.", param="tool_choice.name")
    return ToolChoice("required", (wire.name,))


def is_native(tool: Tool | Call, quirks: ResponsesQuirks) -> bool:
    """Whether the vendor can be told a tool, or of its call, as what it is."""
    if tool.kind != "function" and not quirks.custom_tools:
        return False
    if tool.namespace and not (quirks.namespaces and is_plain(tool.namespace)):
        return False
    return is_plain(tool.name)


def write_tools(request: Request, quirks: ResponsesQuirks, losses: Losses) -> list[Wire | msgspec.Raw]:
    """Return the tools as the vendor takes them; those of one namespace together, where its first stands."""
    wires: list[Wire | msgspec.Raw] = []
    spaces: dict[str, Wire] = {}
    is_own = request.family == FAMILY
    for tool in request.tools:
        if isinstance(tool, HostedTool):
            wires += _hosted(tool, quirks, losses)
        elif tool.namespace and is_native(tool, quirks):
            if tool.namespace not in spaces:
                spaces[tool.namespace] = _space(tool)
                wires.append(spaces[tool.namespace])
            spaces[tool.namespace]["tools"].append(_written(tool, losses, is_own=is_own))
        else:
            wires.append(_written(_plain(tool, quirks, losses), losses, is_own=is_own))
    return wires


def _space(tool: Tool) -> Wire:
    told = tool.namespace_description or f"Tools of {tool.namespace}."
    return {"type": "namespace", "name": tool.namespace, "description": told, "tools": []}


def _plain(tool: Tool, quirks: ResponsesQuirks, losses: Losses) -> Tool:
    if is_native(tool, quirks):
        return tool
    if tool.kind == "custom":
        losses.note("tool.custom")
    if tool.namespace:
        losses.note("tool.namespace")
    elif plain_name(tool.name) != tool.name:
        losses.note("tool.name")
    return plain_tool(tool)


def _written(tool: Tool, losses: Losses, *, is_own: bool) -> Wire:
    if tool.cache:
        losses.note("cache.marks")
    wire: Wire = {"type": tool.kind, "name": tool.name}
    if is_own:
        wire |= {name: msgspec.Raw(raw) for name, raw in tool.extra.items() if name != TOOL_MARK}
    elif tool.extra:
        losses.note_only_there(tool)
    if tool.deferred and is_own:
        wire["defer_loading"] = True
    elif tool.deferred:
        losses.note("tool.deferred")
    if tool.description:
        wire["description"] = tool.description
    if tool.kind == "custom":
        if tool.grammar:
            wire["format"] = {"type": "grammar", "syntax": tool.syntax or "lark", "definition": tool.grammar}
        return wire
    wire["parameters"] = _EMPTY_SCHEMA if tool.parameters is None else msgspec.Raw(tool.parameters)
    if tool.strict is not None or not is_own:
        # OpenAI takes a strictness that nobody spoke of for true, and refuses most schemas then.
        wire["strict"] = bool(tool.strict)
    return wire


def _hosted(tool: HostedTool, quirks: ResponsesQuirks, losses: Losses) -> list[Wire | msgspec.Raw]:
    if tool.family == FAMILY and quirks.hosted_tools:
        return [msgspec.Raw(tool.json)]
    settings = search_settings(tool) if tool.kind == "web_search" and tool.kind in quirks.hosted_tools else None
    if settings is not None:
        losses.note("tool.hosted.other")
        return [_search_of(settings)]
    losses.note("tool.hosted")
    return []


def _search_of(settings: Wire) -> Wire:
    domains = settings.pop("allowed_domains", None)
    return {"type": "web_search", **({} if domains is None else {"filters": {"allowed_domains": domains}}), **settings}


def write_tool_choice(choice: ToolChoice, request: Request, quirks: ResponsesQuirks) -> str | Wire:
    """Return the choice, by the names that the vendor was told."""
    tools = {tool.name: tool for tool in request.tools if isinstance(tool, Tool)}
    named = [_chosen(tools[name], quirks) for name in choice.names if name in tools]
    if not named or choice.mode == "none":
        return choice.mode
    if choice.mode == "required" and len(named) == 1:
        return named[0]
    return {"type": "allowed_tools", "mode": choice.mode, "tools": named}


def _chosen(tool: Tool, quirks: ResponsesQuirks) -> Wire:
    if is_native(tool, quirks):
        return {"type": tool.kind, "name": tool.name}
    return {"type": "function", "name": plain_name(tool.name, tool.namespace)}

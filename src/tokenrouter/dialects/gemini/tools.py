"""Tools for Gemini: functions under names it allows, whether they must be called, and those that Google runs itself."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tokenrouter.dialects.gemini.losses import GeminiQuirks, is_among
from tokenrouter.dialects.gemini.schema import google_schema
from tokenrouter.dialects.gemini.signatures import FAMILY
from tokenrouter.dialects.hub import CalledAs
from tokenrouter.dialects.losses import Losses
from tokenrouter.dialects.tool_names import is_plain, plain_call, plain_name, plain_tool
from tokenrouter.dialects.web_search import search_settings
from tokenrouter.domain.items import Call
from tokenrouter.domain.requests import HostedKind, HostedTool, Request, Tool, ToolChoice

Wire = dict[str, Any]
_HOSTED: Final[Mapping[HostedKind, str]] = {
    "web_search": "googleSearch",
    "code_execution": "codeExecution",
    "url_context": "urlContext",
    "web_fetch": "urlContext",
}
"""Google's own tools that do what another vendor's do."""


def function_name(name: str, namespace: str = "") -> str:
    """Return a name that Gemini allows: it begins with a letter or an underscore (API reference, read 2026-11)."""
    plain = plain_name(name, namespace) if namespace or not is_plain(name) else name
    return plain if plain[:1].isalpha() or plain[:1] == "_" else f"_{plain[:63]}"


def function_call(call: Call) -> Call:
    """Return `call` as the call of a plain function with a name that Gemini allows."""
    name = function_name(call.name, call.namespace)
    if call.kind == "function" and not call.namespace:
        return call if call.name == name else replace(call, name=name)
    return replace(plain_call(call), name=name)


def names_to_undo(tools: Iterable[Tool | HostedTool]) -> dict[str, CalledAs]:
    """Return what the names that Gemini is told stand for, where that is something else; for `Undo.names`."""
    return {
        told: CalledAs(tool.name, tool.namespace, tool.kind)
        for tool in tools
        if isinstance(tool, Tool)
        and ((told := function_name(tool.name, tool.namespace)) != tool.name or tool.kind == "custom")
    }


def declared(request: Request, losses: Losses) -> list[Tool]:
    """Return the functions to declare: a choice of some that need not be called leaves only those."""
    tools = [tool for tool in request.tools if isinstance(tool, Tool)]
    choice = request.tool_choice
    if choice is None or not choice.names or choice.mode == "required":
        return tools
    losses.note("tool_choice.names")
    return [tool for tool in tools if tool.name in choice.names]


def add_tools(wire: Wire, request: Request, model: str, quirks: GeminiQuirks, losses: Losses) -> None:
    """Declare tools and say whether one must be called. Without functions no choice is allowed."""
    functions = declared(request, losses)
    tools: list[Wire | msgspec.Raw] = []
    if functions:
        own_schema = is_among(model, quirks.own_schema_models)
        tools.append({"functionDeclarations": [_function(tool, losses, own_schema=own_schema) for tool in functions]})
    for tool in request.tools:
        if isinstance(tool, HostedTool):
            _add_hosted(tools, tool, losses, beside_functions=bool(functions))
    if tools:
        wire["tools"] = tools
    if functions and request.tool_choice is not None:
        _add_choice(wire, request.tool_choice, functions)


def _function(tool: Tool, losses: Losses, *, own_schema: bool) -> Wire:
    name = function_name(tool.name, tool.namespace)
    _note_tool(tool, name, losses)
    plain = plain_tool(tool) if tool.kind == "custom" else tool
    function: Wire = {"name": name}
    if plain.description:
        function["description"] = plain.description
    if plain.parameters is not None:
        if not own_schema:
            function["parametersJsonSchema"] = msgspec.Raw(plain.parameters)
        elif (parameters := google_schema(plain.parameters)) is not None:
            losses.note("schema")
            function["parameters"] = msgspec.Raw(parameters)
    if tool.extra:
        function |= {field: msgspec.Raw(raw) for field, raw in tool.extra.items() if field in _OWN_FIELDS}
        losses.note_only_there(tool, _OWN_FIELDS)
    return function


_OWN_FIELDS: Final = frozenset(("behavior", "response", "responseJsonSchema"))


def _note_tool(tool: Tool, name: str, losses: Losses) -> None:
    if tool.deferred:
        losses.note("tool.deferred")
    if tool.cache:
        losses.note("cache.marks")
    if tool.strict:
        losses.note("tool.strict")
    if tool.kind == "custom":
        losses.note("tool.custom")
    if tool.namespace:
        losses.note("tool.namespace")
    elif name != tool.name:
        losses.note("tool.name")


def _add_hosted(tools: list[Wire | msgspec.Raw], tool: HostedTool, losses: Losses, *, beside_functions: bool) -> None:
    """Another vendor's tool becomes Google's own, but not beside functions, which most models refuse.

    Google's search is bound to no domains, so it takes the place of none that is.
    """
    own = _HOSTED.get(tool.kind)
    if tool.family == FAMILY:
        tools.append(msgspec.Raw(tool.json))
        return
    settings = search_settings(tool)
    if own is None or beside_functions or settings is None or "allowed_domains" in settings:
        losses.note("tool.hosted")
    elif {own: {}} not in tools:
        losses.note("tool.hosted.other")
        tools.append({own: {}})


def _add_choice(wire: Wire, choice: ToolChoice, functions: list[Tool]) -> None:
    if choice.mode == "auto":
        return
    calling: Wire = {"mode": "NONE" if choice.mode == "none" else "ANY"}
    allowed = [function_name(tool.name, tool.namespace) for tool in functions if tool.name in choice.names]
    if allowed and choice.mode == "required":
        calling["allowedFunctionNames"] = allowed
    wire["toolConfig"] = {"functionCallingConfig": calling}

"""The tools of a Gemini request: declared functions, and whether one has to be called.

From the Gemini API reference ("Caching": Tool, FunctionDeclaration, ToolConfig; read 2026-11). Tools that Google runs
itself are accepted and never called.
"""

import json
import re
from typing import Final, cast

from tokenrouter.sandbox.google import schema as gemini_schema
from tokenrouter.sandbox.google.errors import invalid
from tokenrouter.sandbox.google.json import Message
from tokenrouter.sandbox.prompt import Tool

MAX_FUNCTIONS: Final = 512
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}")
_NAME_RULE: Final = (
    "Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), "
    "underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64."
)
_EMPTY: Final[dict[str, object]] = {"type": "object", "properties": {}}


def read_tools(tools: list[Message]) -> tuple[Tool, ...]:
    """The declared functions. Raises: GoogleError 400, with a line for each mistake in them."""
    read: list[Tool] = []
    wrong: list[str] = []
    for number, tool in enumerate(tools):
        for index, function in enumerate(cast(list[Message], tool.get("function_declarations") or [])):
            path = f"GenerateContentRequest.tools[{number}].function_declarations[{index}]"
            read.append(_read_function(function, path, wrong))
    names = [tool.name for tool in read]
    for name in {name for name in names if names.count(name) > 1}:
        raise invalid(f"Duplicate function declaration found: {name}")
    if len(read) > MAX_FUNCTIONS:
        raise invalid(f"* GenerateContentRequest.tools: at most {MAX_FUNCTIONS} function declarations are supported\n")
    _refuse(wrong)
    return tuple(read)


def read_choice(config: Message, tools: tuple[Tool, ...]) -> tuple[str, tuple[Tool, ...]]:
    """The choice in the words of `Ask`, and the tools it leaves. Raises: GoogleError 400."""
    calling = cast(Message, config.get("function_calling_config") or {})
    mode = str(calling.get("mode") or "AUTO")
    allowed = cast(list[str], calling.get("allowed_function_names") or [])
    if mode == "ANY" and not tools:
        raise invalid("Function calling config is set without function_declarations.")
    if allowed and mode not in ("ANY", "VALIDATED"):
        raise invalid("Please set allowed_function_names only when function calling mode is ANY or VALIDATED.")
    unknown = [name for name in allowed if name not in {tool.name for tool in tools}]
    if unknown:
        raise invalid(f"The allowed function name {unknown[0]} is not among the function declarations.")
    left = tuple(tool for tool in tools if tool.name in allowed) if allowed else tools
    return {"ANY": "required", "NONE": "none"}.get(mode, "auto"), left


def tools_json(tools: list[Message]) -> list[object] | None:
    """The tools as something that can be counted."""
    return cast(list[object], json.loads(json.dumps(tools, default=repr))) or None


def _read_function(function: Message, path: str, wrong: list[str]) -> Tool:
    name = str(function.get("name") or "")
    if not _NAME.fullmatch(name):
        wrong.append(f"{path}.name: {_NAME_RULE}")
    parameters = cast(Message | None, function.get("parameters"))
    as_json = function.get("parameters_json_schema")
    if parameters is not None and as_json is not None:
        wrong.append(f"{path}: only one of parameters and parameters_json_schema may be set")
    if as_json is not None:
        return Tool(name, as_json)
    if parameters is None:
        return Tool(name, _EMPTY)
    wrong += gemini_schema.problems(parameters, f"{path}.parameters")
    return Tool(name, gemini_schema.json_schema(parameters))


def _refuse(wrong: list[str]) -> None:
    if wrong:
        raise invalid("".join(f"* {line}\n" for line in wrong))

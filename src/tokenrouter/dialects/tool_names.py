"""Tools for dialects that know plain functions only, and the way back.

Namespaces and free-text ("custom") tools are OpenAI's Responses API's. Elsewhere `ns` and `name` become one
function `ns__name`, and a free-text tool becomes a function with the one argument `input`, its grammar
told in the description. `Undo.names` holds what a call of such a function really means.
"""

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec
from msgspec.structs import replace

from tokenrouter.dialects.hub import CalledAs
from tokenrouter.domain.items import Call
from tokenrouter.domain.requests import HostedTool, Tool

_ILLEGAL: Final = re.compile(r"[^A-Za-z0-9_-]")
MAX_NAME_CHARS: Final = 64
"""OpenAI's and Gemini's bound; Anthropic allows 128."""
INPUT_FIELD: Final = "input"
"""The one argument of the function that stands for a free-text tool."""
_INPUT_SCHEMA: Final = msgspec.json.encode(
    {
        "type": "object",
        "properties": {INPUT_FIELD: {"type": "string"}},
        "required": [INPUT_FIELD],
        "additionalProperties": False,
    }
)


def is_plain(name: str) -> bool:
    """Whether every dialect accepts `name` as it is."""
    return len(name) <= MAX_NAME_CHARS and _is_legal(name)


@lru_cache(maxsize=1024)
def _is_legal(name: str) -> bool:
    """Remembered, because each name of a tool is looked at several times in each request."""
    return _ILLEGAL.search(name) is None


def plain_name(name: str, namespace: str = "") -> str:
    """Return a name that every dialect accepts; deterministic, so that history and declaration agree."""
    if not namespace and len(name) <= MAX_NAME_CHARS and _is_legal(name):
        return name
    whole = f"{namespace}__{name}" if namespace else name
    if is_plain(whole):
        return whole
    legal = _ILLEGAL.sub("_", whole)
    mark = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"{legal[: MAX_NAME_CHARS - 9]}_{mark}"


def plain_tool(tool: Tool) -> Tool:
    """Return `tool` as a plain function."""
    name = plain_name(tool.name, tool.namespace)
    if tool.kind == "custom":
        return replace(
            tool, name=name, namespace="", kind="function", parameters=_INPUT_SCHEMA, description=_told(tool)
        )
    return tool if name == tool.name and not tool.namespace else replace(tool, name=name, namespace="")


def _told(tool: Tool) -> str:
    lines = [tool.description] if tool.description else []
    lines.append(f"Put the whole text into the argument `{INPUT_FIELD}`.")
    if tool.grammar:
        lines.append(f"The text must match this {tool.syntax or 'lark'} grammar:\n{tool.grammar}")
    return "\n\n".join(lines)


def plain_call(call: Call) -> Call:
    """Return `call` as the call of a plain function."""
    name = plain_name(call.name, call.namespace)
    if call.kind == "custom":
        arguments = msgspec.json.encode({INPUT_FIELD: call.arguments}).decode()
        return replace(call, name=name, namespace="", kind="function", arguments=arguments)
    return call if name == call.name and not call.namespace else replace(call, name=name, namespace="")


def called_as(tools: Iterable[Tool | HostedTool], *, keeps_custom: bool = False) -> dict[str, CalledAs]:
    """Return what the plain names stand for, where that is something else; for `Undo.names`."""
    names: dict[str, CalledAs] = {}
    for tool in tools:
        if isinstance(tool, Tool):
            name = plain_name(tool.name, tool.namespace)
            if name != tool.name or (tool.kind == "custom" and not keeps_custom):
                names[name] = CalledAs(tool.name, tool.namespace, tool.kind)
    return names

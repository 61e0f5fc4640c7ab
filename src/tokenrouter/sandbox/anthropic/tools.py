"""The tools of a Messages request: which there are, which are loaded, and whether one has to be called.

From the guides "Define tools" and "Tool search" (platform.claude.com, as of 2026-11). A tool with `defer_loading` is
not in the prompt until a `tool_reference` in the conversation names it; its definition has to be sent all the same.
Tools of Anthropic's own are accepted and never called: a question that forces one is answered with text.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, cast

from tokenrouter.sandbox.anthropic.errors import refuse
from tokenrouter.sandbox.anthropic.json import Block
from tokenrouter.sandbox.anthropic.schema import check_schema
from tokenrouter.sandbox.prompt import Tool

_NOT_AT_THE_TOP: Final = ("oneOf", "allOf", "anyOf")
_CHOICES: Final = {"auto": "auto", "any": "required", "none": "none"}


@dataclass(frozen=True, slots=True)
class Tools:
    """What may be called, in the words of `Ask`.

    Attributes:
        loaded: the definitions that are in the prompt, as received.
        is_forced: a tool has to be used, so the model cannot think first.
    """

    callable: tuple[Tool, ...]
    loaded: tuple[Block, ...]
    choice: str
    parallel: bool
    is_forced: bool


def read_tools(body: Block, referenced: AbstractSet[str]) -> Tools:
    """The tools of a request whose conversation references some. Raises: AnthropicError 400."""
    listed = cast(list[Block], body.get("tools") or [])
    _check(listed, referenced)
    loaded = tuple(tool for tool in listed if not tool.get("defer_loading") or tool.get("name") in referenced)
    callable_ = tuple(Tool(str(tool["name"]), tool["input_schema"]) for tool in loaded if is_custom(tool))
    choice = cast(Block, body.get("tool_choice") or {"type": "auto"})
    if "tool_choice" in body and not listed:
        refuse("tool_choice: tool_choice may only be specified while providing tools")
    parallel = not choice.get("disable_parallel_tool_use")
    named = _choice(choice, listed, callable_)
    return Tools(callable_, loaded, named, parallel, choice["type"] in ("any", "tool"))


def is_custom(tool: Block) -> bool:
    """Whether the tool is the caller's own."""
    return tool.get("type") in (None, "custom")


def _check(listed: list[Block], referenced: AbstractSet[str]) -> None:
    names = [str(tool.get("name")) for tool in listed if "name" in tool]
    if len(set(names)) < len(names):
        refuse("tools: Tool names must be unique.")
    for name in sorted(referenced - set(names)):
        refuse(f"Tool reference '{name}' not found in available tools")
    deferred = [tool for tool in listed if tool.get("defer_loading")]
    if listed and len(deferred) == len(listed):
        refuse("At least one tool must have defer_loading=false. All tools cannot be deferred.")
    for tool in deferred:
        if tool.get("cache_control"):
            refuse(f"Tool '{tool.get('name')}' cannot have both defer_loading=true and cache_control set.")
    for number, tool in enumerate(listed):
        if is_custom(tool):
            _check_custom(tool, f"tools.{number}.custom")


def _check_custom(tool: Block, path: str) -> None:
    schema = cast(Block, tool["input_schema"])
    if any(name in schema for name in _NOT_AT_THE_TOP):
        refuse(f"{path}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level")
    if tool.get("strict"):
        check_schema(schema, path)


def _choice(choice: Block, listed: list[Block], callable_: tuple[Tool, ...]) -> str:
    if choice["type"] != "tool":
        return _CHOICES[str(choice["type"])]
    name = str(choice["name"])
    if name not in {tool.get("name") for tool in listed}:
        refuse(f"Tool '{name}' not found in provided tools")
    return name if name in {tool.name for tool in callable_} else "none"

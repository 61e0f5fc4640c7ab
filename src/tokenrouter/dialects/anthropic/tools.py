"""The tools of a request and the choice among them, as Anthropic has both.

What other dialects have besides functions becomes a function, and for a model without schemas the shape of the answer
becomes one too. Each of these is turned back in the answer (`hub.Undo`).
"""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tokenrouter.dialects.anthropic.losses import MessagesQuirks, ModelTraits
from tokenrouter.dialects.anthropic.schemas import answer_schema, input_schema
from tokenrouter.dialects.anthropic.turns import CacheMarks
from tokenrouter.dialects.anthropic.wire import FAMILY
from tokenrouter.dialects.losses import Losses
from tokenrouter.dialects.tool_names import plain_name, plain_tool
from tokenrouter.dialects.web_search import search_settings
from tokenrouter.domain.requests import HostedTool, Request, Tool

Wire = dict[str, Any]
FORMAT_TOOL: Final = "structured_answer"
"""The tool whose arguments are the answer, for models without schemas."""
_FORMAT_TOLD: Final = "Give your answer by calling this tool."


@dataclass(frozen=True, slots=True)
class DeclaredTools:
    """What goes into `tools` and `tool_choice`; `format_tool` names the one that stands for a schema, or is empty."""

    tools: list[Any]
    choice: Wire | None = None
    format_tool: str = ""

    @property
    def forces_call(self) -> bool:
        """Whether the model is made to call a tool."""
        return self.choice is not None and self.choice["type"] in ("any", "tool")


def declared_tools(
    request: Request, quirks: MessagesQuirks, traits: ModelTraits, losses: Losses, marks: CacheMarks
) -> DeclaredTools:
    """Return what `request` says of tools, for a model with `traits`."""
    return _Declaring(request, quirks, traits, losses, marks).declared()


class _Declaring:
    def __init__(
        self, request: Request, quirks: MessagesQuirks, traits: ModelTraits, losses: Losses, marks: CacheMarks
    ) -> None:
        self._request = request
        self._quirks = quirks
        self._traits = traits
        self._losses = losses
        self._marks = marks
        self._is_own = request.family == FAMILY

    def declared(self) -> DeclaredTools:
        choice = self._request.tool_choice
        wanted = list(self._request.tools)
        if choice is not None and len(choice.names) > 1:
            self._losses.note("tool_choice.names")
            wanted = [tool for tool in wanted if isinstance(tool, Tool) and tool.name in choice.names]
        names = {tool.name for tool in wanted if isinstance(tool, Tool)}
        tools = [wire for tool in wanted if (wire := self._tool(tool, names)) is not None]
        format_tool = self._format_tool()
        if format_tool is not None:
            tools.append(format_tool)
        if not tools:
            return DeclaredTools([])
        told = self._choice(format_tool is not None, is_alone=len(tools) == 1)
        return DeclaredTools(tools, told, "" if format_tool is None else FORMAT_TOOL)

    def _tool(self, tool: Tool | HostedTool, names: set[str]) -> Any:
        if isinstance(tool, HostedTool):
            return self._hosted(tool, names)
        plain = plain_tool(tool)
        self._note_tool(tool, plain)
        wire: Wire = {"name": plain.name}
        if plain.description:
            wire["description"] = plain.description
        wire["input_schema"] = input_schema(plain.parameters)
        if plain.strict and self._traits.schemas:
            wire["strict"] = True
            wire["input_schema"], has_told = answer_schema(bytes(wire["input_schema"]))
            if has_told:
                self._losses.note("tool.keywords")
        if self._is_own:
            wire |= {name: msgspec.Raw(value) for name, value in tool.extra.items()}
            if tool.deferred:
                wire["defer_loading"] = True
        elif tool.extra:
            self._losses.note_only_there(tool)
        return self._marks.put(wire, tool.cache)

    def _note_tool(self, tool: Tool, plain: Tool) -> None:
        losses = self._losses
        if tool.kind == "custom":
            losses.note("tool.custom")
        if tool.namespace:
            losses.note("tool.namespace")
        elif plain.name != tool.name:
            losses.note("tool.name")
        if tool.strict and not self._traits.schemas:
            losses.note("tool.strict")
        if tool.deferred and not self._is_own:
            losses.note("tool.deferred")

    def _hosted(self, tool: HostedTool, names: set[str]) -> Any:
        """Return a tool that the vendor runs: its own, or its search in the place of another vendor's."""
        if tool.family == FAMILY:
            return msgspec.Raw(tool.json)
        settings = search_settings(tool) if tool.kind == "web_search" else None
        search = self._traits.web_search if self._quirks.runs_search else ""
        if settings is not None and search and "web_search" not in names:
            self._losses.note("tool.hosted.other")
            return {"type": search, "name": "web_search", **settings}
        self._losses.note("tool.hosted")
        return None

    def _format_tool(self) -> Wire | None:
        wanted = self._request.output_format
        if wanted is None or wanted.kind != "json_schema" or self._traits.schemas:
            return None
        self._losses.note("output_format")
        told = f"{_FORMAT_TOLD} {wanted.description}" if wanted.description else _FORMAT_TOLD
        return {"name": FORMAT_TOOL, "description": told, "input_schema": input_schema(wanted.schema)}

    def _choice(self, has_format_tool: bool, *, is_alone: bool) -> Wire | None:
        """Return `tool_choice`; some models answer 400 where they are made to call."""
        choice, wire = self._request.tool_choice, {"type": "auto"}
        if has_format_tool:
            is_only = is_alone or (choice is not None and choice.mode == "none")
            wire = {"type": "tool", "name": FORMAT_TOOL} if is_only else {"type": "any"}
        elif choice is not None and choice.mode == "none":
            return {"type": "none"}
        elif choice is not None and choice.mode == "required":
            wire = {"type": "any"}
            if len(choice.names) == 1:
                wire = {"type": "tool", "name": self._told_name(choice.names[0])}
        if wire["type"] != "auto" and not self._traits.forced_calls:
            self._losses.note("tool_choice.required")
            wire = {"type": "auto"}
        if self._request.parallel_calls is False:
            return {**wire, "disable_parallel_tool_use": True}
        return wire if choice is not None or has_format_tool else None

    def _told_name(self, name: str) -> str:
        """Return what the tool `name` is called here."""
        named = (tool for tool in self._request.tools if isinstance(tool, Tool) and tool.name == name)
        return next((plain_name(tool.name, tool.namespace) for tool in named), name)

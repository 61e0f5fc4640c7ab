"""Which tools a user's words ask for, and what they are to be called with.

`use tool` in the last user message asks for one tool, `use tools` for two at once: those it names, or any.
`use tool NAME with {…}` asks for exactly that one, with that JSON object as its arguments, as it stands: a program that
runs what a model calls needs arguments that do something, and a model may be wrong. Several of these are as many calls,
in their order. The object may be quoted once more, with its quotation marks escaped, as some programs pass on what they
were given on the command line.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tokenrouter.sandbox.prompt import Ask, Tool

_WITH: Final = re.compile(r"use tool (?P<name>\S+) with (?=\{)", re.IGNORECASE)
_DECODER: Final = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Wish:
    """One call asked for; without `arguments` (JSON) the model makes up its own."""

    tool: Tool
    arguments: str | None = None


def wishes(ask: Ask) -> list[Wish]:
    """Return the calls that the user's last words and `tool_choice` ask for, in their order."""
    if not ask.tools or ask.tool_choice == "none":
        return []
    if ask.user_spoke_last:
        spelled = list(_spelled_out(ask))
        if spelled:
            return spelled if ask.parallel_tools else spelled[:1]
    return [Wish(tool) for tool in _tools_to_call(ask)]


def _spelled_out(ask: Ask) -> Iterator[Wish]:
    """The calls whose arguments the user gives, to tools that are there and may be chosen."""
    tools = {tool.name.lower(): tool for tool in ask.tools if ask.tool_choice in ("auto", "required", tool.name)}
    for match in _WITH.finditer(ask.user_text):
        tool = tools.get(match["name"].lower())
        arguments = _object(ask.user_text[match.end() :])
        if tool is not None and tool.free_text is None and arguments is not None:
            yield Wish(tool, arguments)


def _object(text: str) -> str | None:
    """The JSON object with which `text` begins, on one line of JSON; None if it begins with none."""
    for written in (text, text.replace('\\"', '"')):
        try:
            found, _ = _DECODER.raw_decode(written)
        except ValueError:
            continue
        return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return None


def _tools_to_call(ask: Ask) -> list[Tool]:
    named = [tool for tool in ask.tools if tool.name == ask.tool_choice]
    if named:
        return named
    wish = ask.user_text.lower() if ask.user_spoke_last else ""
    if ask.tool_choice != "required" and "use tool" not in wish:
        return []
    mentioned = [tool for tool in ask.tools if tool.name.lower() in wish] or list(ask.tools)
    if "use tools" not in wish or not ask.parallel_tools:
        return mentioned[:1]
    others = [tool for tool in ask.tools if tool not in mentioned]
    return [*mentioned, *others, *mentioned][:2]

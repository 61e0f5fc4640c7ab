"""The tools of a Responses request: functions, free-form tools, namespaces, a search for more, the vendor's own.

From OpenAI's API reference ("Create a model response", `tools`, `tool_choice`) and the guides "Function calling" and
"Tool search" (read 2026-11). The vendor's own tools are accepted and never used: the model answers in plain words. A
function with `defer_loading` can be called only once a search of the client's has brought it.

What a free-form tool is called with stands in a fenced block (```) of the user's message; without one, a tool named
`apply_patch` gets a patch, a regular expression what fits it, and anything else the word `text`.
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.prompt import Tool
from tokenrouter.sandbox.responses.strict import made_strict, root_problem, strict_problem
from tokenrouter.sandbox.responses.thoughts import Json
from tokenrouter.sandbox.schema_values import ImpossibleSchema, string

Kind = Literal["function", "custom", "tool_search"]

SEARCH: Final = "tool_search"
HOSTED: Final = (
    "web_search", "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11", "file_search",
    "code_interpreter", "image_generation", "mcp", "computer", "computer_use_preview", "local_shell", "shell",
    "apply_patch", "programmatic_tool_calling",
)  # fmt: skip
TYPES: Final = ("function", "custom", "namespace", SEARCH, *HOSTED)
PATCH: Final = "*** Begin Patch\n*** Add File: sandbox.txt\n+sandbox\n*** End Patch\n"

_NAME: Final = re.compile(r"[a-zA-Z0-9_-]+")
_FENCED: Final = re.compile(r"```(?:\w*\n)?(.*?)```", re.DOTALL)
_EMPTY: Final[Json] = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True)
class Declared:
    """One tool that may be called: `name` in its `namespace`, or in none. `tool` is what the model knows of it."""

    kind: Kind
    name: str
    namespace: str | None
    tool: Tool
    is_deferred: bool = False


@dataclass(frozen=True, slots=True)
class Toolbox:
    """What may be called, and how the request's tools are repeated in the response."""

    declared: tuple[Declared, ...]
    repeated: list[Json]

    def callable(self, wish: str) -> tuple[Tool, ...]:
        """What the model may call; a wish for a deferred tool leaves only the search for it."""
        search = [each for each in self.declared if each.kind == SEARCH]
        if not search:
            return tuple(each.tool for each in self.declared)
        wishes_search = [each for each in self.declared if each.is_deferred or each.kind == SEARCH]
        if any(each.name.lower() in wish.lower() for each in wishes_search):
            return (search[0].tool,)
        return tuple(each.tool for each in self.declared if not each.is_deferred and each.kind != SEARCH) or (
            search[0].tool,
        )

    def find(self, name: str) -> Declared:
        """The declaration behind the name by which the model knows a tool."""
        return next(each for each in self.declared if each.tool.name == name)


def read_tools(given: Sequence[Fields], brought: Sequence[Fields], wish: str, *, searched: bool) -> Toolbox:
    """The tools of the request and those that items of its input have `brought`, which are no longer deferred.

    After a search that has just been answered (`searched`) the model does not search again. Raises: ApiError 400.
    """
    read = [_read(tool, wish) for tool in given]
    declared = [each for tools, _ in read for each in tools if not (searched and each.kind == SEARCH)]
    loaded = [dataclasses.replace(each, is_deferred=False) for tool in brought for each in _read(tool, wish)[0]]
    names = {(each.namespace, each.name) for each in loaded}
    known = [each for each in declared if not each.is_deferred or (each.namespace, each.name) not in names]
    held = {(each.namespace, each.name) for each in known}
    known += [each for each in loaded if (each.namespace, each.name) not in held]
    return Toolbox(tuple(_told_apart(known)), [repeated for _, repeated in read])


def read_choice(fields: Fields, toolbox: Toolbox) -> tuple[str, Toolbox]:
    """What `tool_choice` says: `auto`, `none`, `required` or a tool's name, and what is left to choose from.

    Raises: ApiError 400.
    """
    choice = fields.values.get("tool_choice")
    if choice is None:
        return "auto", toolbox
    if isinstance(choice, str):
        mode = fields.choice("tool_choice", ("none", "auto", "required"))
        if mode == "required" and not toolbox.declared and not toolbox.repeated:
            fields.refuse("tool_choice", "Tool choice 'required' must be specified with 'tools' parameter.")
        return mode, toolbox
    named = fields.required_member("tool_choice")
    kind = named.choice("type", ("function", "custom", "allowed_tools", *TYPES[3:]))
    if kind == "allowed_tools":
        allowed = [_chosen(fields, each, toolbox) for each in named.objects("tools")]
        left = tuple(each for each in toolbox.declared if each in allowed)
        return named.choice("mode", ("auto", "required")), Toolbox(left, toolbox.repeated)
    chosen = _chosen(fields, named, toolbox)
    return (chosen.tool.name if chosen else "auto"), toolbox


def _chosen(fields: Fields, named: Fields, toolbox: Toolbox) -> Declared | None:
    """The tool that a choice names; None for one of the vendor's own."""
    kind = named.required_text("type")
    if kind not in ("function", "custom"):
        if not any(str(tool["type"]).startswith(kind) for tool in toolbox.repeated):
            fields.refuse("tool_choice", f"Tool choice '{kind}' not found in 'tools' parameter.")
        return None
    name = named.required_text("name")
    for each in toolbox.declared:
        if (each.kind, each.name) == (kind, name) and named.text("namespace") in (None, each.namespace):
            return each
    return fields.refuse("tool_choice", f"Tool choice '{name}' not found in 'tools' parameter.")


def _read(tool: Fields, wish: str) -> tuple[list[Declared], Json]:
    """What one tool declares, and how the response repeats it."""
    kind = tool.choice("type", TYPES)
    if kind == "namespace":
        tool.required_text("description")
        name = _name(tool)
        members = [_member(each, name, wish) for each in tool.objects("tools")]
        return [each for each, _ in members], {**tool.values, "tools": [repeated for _, repeated in members]}
    if kind == SEARCH:
        by_client = tool.present("execution") and tool.choice("execution", ("server", "client")) == "client"
        parameters = tool.member("parameters")
        known = Tool(SEARCH, parameters.values if parameters else _EMPTY)
        return ([Declared(SEARCH, SEARCH, None, known)] if by_client else []), tool.values
    if kind in HOSTED:
        return [], tool.values
    declared, repeated = _member(tool, None, wish)
    return [declared], repeated


def _member(tool: Fields, namespace: str | None, wish: str) -> tuple[Declared, Json]:
    """A function or a free-form tool; the repetition of a function says how strict it has become."""
    kind, name = tool.choice("type", ("function", "custom")), _name(tool)
    deferred = tool.flag("defer_loading") is True
    if kind == "custom":
        known = Tool(name, True, _free_text(tool, name, wish))
        return Declared("custom", name, namespace, known, deferred), tool.values
    schema, strict = _parameters(tool, name)
    repeated = {"description": None, **tool.values, "parameters": schema, "strict": strict}
    return Declared("function", name, namespace, Tool(name, schema), deferred), repeated


def _name(tool: Fields) -> str:
    name = tool.required_text("name")
    if len(name) > 128 or not _NAME.fullmatch(name):
        message = (
            f"Invalid '{tool.path('name')}': string does not match pattern. Expected a string that matches the pattern "
            "'^[a-zA-Z0-9_-]+$'."
        )
        tool.refuse("name", message, "invalid_value")
    return name


def _parameters(tool: Fields, name: str) -> tuple[Json, bool]:
    """The schema of a function as it holds, and whether it is strict."""
    given = tool.member("parameters")
    wished = tool.flag("strict")
    schema = given.values if given else _EMPTY
    problem = root_problem(schema) or (strict_problem(schema) if wished and given else None)
    if problem is not None:
        message = f"Invalid schema for function '{name}': {problem}"
        tool.refuse("parameters", message, "invalid_function_parameters")
    if wished is not None:
        return schema, wished
    made = made_strict(schema)
    return (schema, False) if made is None else (made, True)


def _free_text(tool: Fields, name: str, wish: str) -> str:
    pattern = _pattern(tool)
    fenced = _FENCED.search(wish)
    if fenced:
        return fenced[1]
    if name == "apply_patch":
        return PATCH
    try:
        return string({"pattern": pattern}) if pattern is not None else "text"
    except ImpossibleSchema:
        return "text"


def _pattern(tool: Fields) -> str | None:
    """The regular expression that a free-form tool's text has to match, if its format is one."""
    form = tool.member("format")
    if form is None or form.choice("type", ("text", "grammar")) == "text":
        return None
    definition = form.required_text("definition")
    if form.choice("syntax", ("lark", "regex")) == "lark":
        return None
    try:
        re.compile(definition)
    except re.error as error:
        raise ApiError(400, f"Invalid grammar: {error}", param=form.path("definition")) from error
    return f"^(?:{definition})$"


def _told_apart(declared: Sequence[Declared]) -> list[Declared]:
    """The same tools; those whose name another one has too are known to the model by namespace and name."""
    counts = Counter(each.name for each in declared)
    return [each if counts[each.name] == 1 or each.namespace is None else _qualified(each) for each in declared]


def _qualified(each: Declared) -> Declared:
    return dataclasses.replace(each, tool=dataclasses.replace(each.tool, name=f"{each.namespace}.{each.name}"))

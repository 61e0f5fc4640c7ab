"""An Anthropic Messages request, read into the hub's terms.

Clients send more than the reference shows: Claude Code puts system turns between the others, a first system block
that changes with every request, and a placeholder among its tools. What would only harm another provider is left
out here, because a request of this dialect for a provider of this dialect does not come this way.
"""

import re
from typing import Final, Literal

import msgspec

from tokenrouter.dialects.anthropic.blocks import cache_ttl, placed, said_items, text_parts, user_items
from tokenrouter.dialects.anthropic.plain_turns import read_plain_turns
from tokenrouter.dialects.anthropic.wire import (
    ABSENT,
    FAMILY,
    WireFormat,
    WireKnownTool,
    WireMessage,
    WireMetadata,
    WireOutputConfig,
    WireRequest,
    WireThinking,
    WireTool,
    WireToolChoice,
)
from tokenrouter.dialects.effort import BUDGETS
from tokenrouter.dialects.json import RawObject, peek_object
from tokenrouter.dialects.wire_reading import raw_value, read_request, with_empty
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import Item, Message, Part, RawJson, Text
from tokenrouter.domain.requests import (
    Effort,
    HostedKind,
    HostedTool,
    OutputFormat,
    ReasoningControl,
    Request,
    Sampling,
    Service,
    Tool,
    ToolChoice,
)

_BILLING: Final = "x-anthropic-billing-header:"
"""Lead of Claude Code's first system block; it changes with every request and so defeats every prefix cache."""
_PLACEHOLDER: Final = "DeferredToolPlaceholder"
"""A tool that Claude Code declares only so that one is deferred."""
_SESSION: Final = re.compile(r'session(?:_|_id"\s*:\s*")([0-9a-fA-F-]{36})')
"""Claude Code's session in `metadata.user_id`: JSON, or in older versions words joined by underscores."""
_ROLES: Final[dict[str, Literal["user", "assistant", "system"]]] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
}
_MODES: Final[dict[str, Literal["auto", "none", "required"]]] = {
    "auto": "auto",
    "any": "required",
    "tool": "required",
    "none": "none",
}
_OWN: Final = (None, "custom")
"""The `type` of the client's own tools."""
_EFFORTS: Final[dict[str, Effort]] = {word: word for word in BUDGETS}
_SHOWN: Final = {"summarized": True, "omitted": False}
_HOSTED: Final[tuple[tuple[str, HostedKind], ...]] = (
    ("web_search", "web_search"),
    ("web_fetch", "web_fetch"),
    ("code_execution", "code_execution"),
    ("computer", "computer"),
    ("bash", "shell"),
    ("text_editor", "text_editor"),
    ("mcp", "mcp"),
    ("tool_search", "tool_search"),
    ("memory", "memory"),
)
"""By what the versioned `type` begins with."""
_KNOWN: Final = frozenset(field.encode_name for field in msgspec.structs.fields(WireRequest))
_INSIDE: Final = {
    outer: frozenset(field.encode_name for field in msgspec.structs.fields(kind))
    for outer, kind in (("output_config", WireOutputConfig), ("metadata", WireMetadata))
}
"""Objects whose unknown fields count too, and the names that are known in them."""
_KNOWN_OF_TOOL: Final = frozenset(field.encode_name for field in msgspec.structs.fields(WireTool))
_request: Final = msgspec.json.Decoder(WireRequest)
_tool_decoder: Final = msgspec.json.Decoder(WireTool)
_known_tool: Final = msgspec.json.Decoder(WireKnownTool)
_known_tools: Final = msgspec.json.Decoder(list[WireKnownTool])
_fields: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def decode_request(
    body: bytes, *, model: str | None = None, stream: bool | None = None, fields: RawObject | None = None
) -> Request:
    """Return the request in `body`.

    Raises:
        InvalidRequest: names the field that is missing, of the wrong type, or has a value nobody knows.
    """
    fields = peek_object(body).fields if fields is None else fields
    turns = read_plain_turns(fields.get("messages", ABSENT))
    tools = _plain_tools(fields.get("tools"))
    read = [name for name, found in (("messages", turns), ("tools", tools)) if found is not None]
    wire = read_request(_request, with_empty(fields, read) if read else body)
    choice = wire.tool_choice
    no_parallel = choice is not None and bool(choice.disable_parallel_tool_use)
    return Request(
        model=model or wire.model or "",
        items=_items(wire, turns),
        family=FAMILY,
        stream=bool(wire.stream) if stream is None else stream,
        max_output_tokens=wire.max_tokens,
        tools=_tools(wire.tools or []) if tools is None else tools,
        tool_choice=None if choice is None else _tool_choice(choice),
        parallel_calls=False if no_parallel else None,
        output_format=_output_format(wire),
        reasoning=_reasoning(wire.thinking, wire.output_config),
        sampling=Sampling(wire.temperature, wire.top_p, wire.top_k, tuple(wire.stop_sequences or ())),
        service=_service(wire),
        cache=cache_ttl(wire.cache_control),
        extra=_extra(fields),
    )


def _extra(fields: RawObject) -> dict[str, RawJson]:
    """Return what has no place in the hub; what stands inside another object goes by `object.field`."""
    extra = {name: value for name, raw in fields.items() if name not in _KNOWN and (value := raw_value(raw))}
    for outer, known in _INSIDE.items():
        config = fields.get(outer)
        if config is not None and raw_value(config) is not None:
            for name, raw in _fields.decode(config).items():
                if name not in known and (value := raw_value(raw)):
                    extra[f"{outer}.{name}"] = value
    return extra


def _items(wire: WireRequest, turns: list[Item] | None) -> tuple[Item, ...]:
    """Return system and turns; `turns` are those that were read already, if they were."""
    items: list[Item] = []
    try:
        system = _without_billing(text_parts(wire.system))
    except InvalidRequest as error:
        raise placed(error, "system") from None
    if system:
        items.append(Message("system", system))
    if turns is not None:
        return (*items, *turns)
    for index, message in enumerate(wire.messages):
        try:
            items += _turn(message)
        except InvalidRequest as error:
            raise placed(error, f"messages[{index}].{'role' if message.role not in _ROLES else 'content'}") from None
    return tuple(items)


def _without_billing(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    if parts and isinstance(first := parts[0], Text) and first.text.startswith(_BILLING):
        return parts[1:]
    return parts


def _turn(message: WireMessage) -> list[Item]:
    role, content = _ROLES.get(message.role), message.content
    if role is None:
        raise InvalidRequest(f"The role {message.role!r} is not known here.")
    if role == "system" or not isinstance(content, list):
        parts = text_parts(content)
        return [Message(role, parts)] if parts else []
    return user_items(content) if role == "user" else said_items(content)


def _plain_tools(raw: msgspec.Raw | None) -> tuple[Tool, ...] | None:
    """Return tools of the client's own, read in one go; None where one is anything else, or wrong in any way."""
    try:
        wires = [] if raw is None else _known_tools.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not all(wire.type in _OWN and wire.name and wire.name != _PLACEHOLDER for wire in wires):
        return None
    return tuple([_own_tool(wire, {}) for wire in wires])


def _tools(raws: list[msgspec.Raw]) -> tuple[Tool | HostedTool, ...]:
    tools: list[Tool | HostedTool] = []
    for index, raw in enumerate(raws):
        try:
            tool = _tool(raw)
        except InvalidRequest as error:
            raise placed(error, f"tools[{index}]") from None
        if not (isinstance(tool, Tool) and tool.deferred and tool.name == _PLACEHOLDER):
            tools.append(tool)
    return tuple(tools)


def _tool(raw: msgspec.Raw) -> Tool | HostedTool:
    wire, extra = _read_tool(raw)
    if wire.type not in _OWN:
        return HostedTool(_hosted_kind(wire.type or ""), FAMILY, bytes(raw))
    if not wire.name:
        raise InvalidRequest("A tool needs a name.", param="name")
    return _own_tool(wire, extra)


def _own_tool(wire: WireTool, extra: dict[str, RawJson]) -> Tool:
    return Tool(
        wire.name,
        wire.description or "",
        raw_value(wire.input_schema),
        wire.strict,
        deferred=bool(wire.defer_loading),
        cache=cache_ttl(wire.cache_control),
        extra=extra,
    )


def _read_tool(raw: msgspec.Raw) -> tuple[WireTool, dict[str, RawJson]]:
    """Return a tool, and its fields that we do not know: most have none, and are read in one go."""
    try:
        return _known_tool.decode(raw), {}
    except msgspec.ValidationError:
        wire = read_request(_tool_decoder, raw)
    return wire, {name: bytes(value) for name, value in _fields.decode(raw).items() if name not in _KNOWN_OF_TOOL}


def _hosted_kind(kind: str) -> HostedKind:
    return next((known for lead, known in _HOSTED if kind.startswith(lead)), "other")


def _tool_choice(wire: WireToolChoice) -> ToolChoice:
    mode = _MODES.get(wire.type)
    if mode is None:
        raise InvalidRequest(f"The tool choice {wire.type!r} is not known here.", param="tool_choice.type")
    if wire.type == "tool" and not wire.name:
        raise InvalidRequest("The tool choice names no tool.", param="tool_choice.name")
    return ToolChoice(mode, (wire.name,) if wire.type == "tool" and wire.name else ())


def _output_format(wire: WireRequest) -> OutputFormat | None:
    wanted: WireFormat | None = wire.output_format
    if wire.output_config is not None and wire.output_config.format is not None:
        wanted = wire.output_config.format
    if wanted is None:
        return None
    if wanted.type != "json_schema":
        raise InvalidRequest(f"The output format {wanted.type!r} is not known here.", param="output_config.format.type")
    return OutputFormat("json_schema", raw_value(wanted.schema) or b"{}")


def _reasoning(thinking: WireThinking | None, config: WireOutputConfig | None) -> ReasoningControl | None:
    effort = _effort(None if config is None else config.effort)
    if thinking is None:
        return None if effort is None else ReasoningControl(effort)
    shown = None if thinking.display is None else _SHOWN.get(thinking.display)
    if thinking.type == "disabled":
        return ReasoningControl(budget_tokens=0)
    if thinking.type == "enabled":
        return ReasoningControl(effort, thinking.budget_tokens, shown=shown)
    if thinking.type in ("adaptive", "between_tools"):
        return ReasoningControl(effort, adaptive=True, shown=shown)
    raise InvalidRequest(f"Thinking of type {thinking.type!r} is not known here.", param="thinking.type")


def _effort(word: str | None) -> Effort | None:
    if word is None:
        return None
    if word not in _EFFORTS:
        raise InvalidRequest(f"The effort {word!r} is not known here.", param="output_config.effort")
    return _EFFORTS[word]


def _service(wire: WireRequest) -> Service:
    user = (wire.metadata and wire.metadata.user_id) or ""
    session = _SESSION.search(user)
    tier = "default" if wire.service_tier == "standard_only" else wire.service_tier or ""
    return Service(user=user, tier=tier, cache_key=session.group(1) if session else "")

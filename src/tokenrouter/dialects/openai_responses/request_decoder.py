"""A request to the Responses API, read into the hub's terms.

Tools are declared in three places: in `tools`, in an input item (`additional_tools`, which is where Codex puts them
for its own models), and in what the client found when the model searched for tools. All of them are the request's
tools here. What an answer repeats of its request is kept as it was sent.
"""

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec.structs import replace

from tokenrouter.dialects.effort import BUDGETS
from tokenrouter.dialects.json import RawObject, peek_object
from tokenrouter.dialects.openai_responses.items import kind_of, read_item, read_parts
from tokenrouter.dialects.openai_responses.plain_input import read_plain_input
from tokenrouter.dialects.openai_responses.state import read_bound_state
from tokenrouter.dialects.openai_responses.tools import read_plain_tools, read_tool_choice, read_tools, told_names
from tokenrouter.dialects.openai_responses.wire import (
    ABSENT,
    FAMILY,
    WireDeclaring,
    WireFormat,
    WireMessage,
    WireReasoningControl,
    WireRequest,
)
from tokenrouter.dialects.wire_reading import raw_value, read_request, with_empty
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import Call, CallOutput, Item, Message, ProviderState, RawJson, Reasoning, Text
from tokenrouter.domain.requests import (
    Effort,
    HostedTool,
    OutputFormat,
    ReasoningControl,
    Request,
    Sampling,
    Service,
    Tool,
    ToolChoice,
)

ECHOED: Final = (
    "include",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
)
"""What `Request.echo` keeps. `include` is not repeated, but says what the answer shall hold."""
ENCRYPTED_INCLUDED: Final = "reasoning.encrypted_content"
LOGPROBS_INCLUDED: Final = "message.output_text.logprobs"
_READ_INCLUDED: Final = frozenset((ENCRYPTED_INCLUDED, LOGPROBS_INCLUDED))
_EFFORTS: Final[dict[str, Effort]] = {**{word: word for word in BUDGETS}, "ultra": "max"}
"""`ultra` is what Codex 0.169 offers above `max` for some of its models; nobody else has it."""
_KNOWN: Final = frozenset(field.encode_name for field in msgspec.structs.fields(WireRequest))
_ELSEWHERE: Final = {
    "conversation": "conversations are kept by OpenAI; send their items as 'input'",
    "prompt": "prompt templates are kept by OpenAI; send what they say",
}
_request: Final = msgspec.json.Decoder(WireRequest)
_declaring: Final = msgspec.json.Decoder(WireDeclaring)
_instructions: Final = msgspec.json.Decoder(WireMessage)


def decode_request(
    body: bytes, *, model: str | None = None, stream: bool | None = None, fields: RawObject | None = None
) -> Request:
    """Return the request in `body`.

    Raises:
        InvalidRequest: names the field that is missing, of the wrong type, or has a value that cannot be served.
    """
    fields = peek_object(body).fields if fields is None else fields
    plain = read_plain_input(fields.get("input", ABSENT))
    tools = read_plain_tools(fields.get("tools"))
    read = [name for name, found in (("input", plain), ("tools", tools)) if found is not None]
    wire = read_request(_request, with_empty(fields, read) if read else body)
    _refuse(wire)
    reading = _Reading()
    reading.take_instructions(wire.instructions)
    if tools is None:
        reading.take_tools(wire.tools or [], "tools")
    else:
        reading.declare(tools)
    if plain is None:
        reading.take_input(wire.input)
    else:
        reading.take_plain(plain)
    choice = raw_value(wire.tool_choice)
    tool_choice = None if choice is None else read_tool_choice(choice)
    return Request(
        model=model or wire.model or "",
        items=reading.items(),
        family=FAMILY,
        stream=bool(wire.stream) if stream is None else stream,
        max_output_tokens=wire.max_output_tokens,
        tools=tuple(reading.tools.values()),
        tool_choice=tool_choice,
        parallel_calls=wire.parallel_tool_calls,
        output_format=None if wire.text is None else _output_format(wire.text.format),
        reasoning=_reasoning(wire.reasoning),
        sampling=_sampling(wire),
        service=_service(wire),
        verbosity=(wire.text and wire.text.verbosity) or "",
        extra=_extra(fields, wire, tool_choice),
        echo={name: bytes(fields[name]) for name in ECHOED if name in fields},
    )


def _refuse(wire: WireRequest) -> None:
    for name, instead in _ELSEWHERE.items():
        if raw_value(getattr(wire, name)) is not None:
            raise InvalidRequest(f"The field {name!r} cannot be served here: {instead}.", param=name)
    if wire.background:
        raise InvalidRequest(
            "Responses are not made in the background here; leave 'background' out.", param="background"
        )


class _Reading:
    """Gathers the items and tools of one request.

    Attributes:
        tools: by namespace and name; a tool that is declared again keeps its place.
    """

    def __init__(self) -> None:
        self.tools: dict[tuple[str, str], Tool | HostedTool] = {}
        self._items: list[Item] = []
        self._states: dict[str, ProviderState] = {}

    def items(self) -> tuple[Item, ...]:
        """Return the items; calls get back what travelled beside them, and the namespace of their tool."""
        spaces = self._spaces()
        if not self._states and not spaces:
            return tuple(self._items)
        return tuple([self._called(item, spaces) if type(item) is Call else item for item in self._items])

    def _spaces(self) -> dict[str, str]:
        """Return the namespaces of the tools that are known by their names alone, which is what Codex calls some by."""
        return {name: space for space, name in self.tools if space not in ("", FAMILY) and ("", name) not in self.tools}

    def _called(self, call: Call, spaces: dict[str, str]) -> Call:
        state = self._states.get(call.call_id)
        space = call.namespace or spaces.get(call.name, "")
        return call if state is None and space == call.namespace else replace(call, state=state, namespace=space)

    def take_instructions(self, instructions: str | list[msgspec.Raw] | None) -> None:
        """They are what a system turn at the very beginning is elsewhere."""
        if not isinstance(instructions, str):
            self.take_input(instructions, "instructions")
        elif instructions:
            self._items.append(Message("system", (Text(instructions),)))

    def take_tools(self, raws: list[msgspec.Raw], where: str, *, found: bool = False) -> list[Tool | HostedTool]:
        """Declare the tools at `where`, and return them; what was `found` is not to be looked for any more."""
        declared = list(read_tools(raws, where))
        self.declare(declared, found=found)
        return declared

    def declare(self, tools: Iterable[Tool | HostedTool], *, found: bool = False) -> None:
        """Add `tools` to those that may be called."""
        for tool in tools:
            if isinstance(tool, Tool):
                self.tools[tool.namespace, tool.name] = replace(tool, deferred=False) if found else tool
            else:
                self.tools[FAMILY, tool.json.decode()] = tool

    def take_input(self, given: str | list[msgspec.Raw] | None, where: str = "input") -> None:
        """Take the input: one user's words, or items."""
        if isinstance(given, str):
            self._items.append(Message("user", read_parts(given, where)))
            return
        for index, raw in enumerate(given or ()):
            self._take(raw, f"{where}[{index}]")

    def take_plain(self, items: list[Item]) -> None:
        """Take an input that is read already."""
        for item in items:
            if type(item) is Reasoning:
                self._add(item)
            else:
                self._items.append(item)

    def _take(self, raw: msgspec.Raw, where: str) -> None:
        kind = kind_of(raw, where)
        if kind.type == "additional_tools":
            self.take_tools(read_request(_declaring, raw, where).tools or [], f"{where}.tools")
        elif kind.type == "tool_search_output" and kind.execution != "server":
            self._take_found(raw, where)
        elif kind.type == "item_reference":
            raise InvalidRequest("Items are not kept here; send the item instead of a reference.", param=where)
        else:
            self._add(read_item(raw, where, kind))

    def _take_found(self, raw: msgspec.Raw, where: str) -> None:
        wire = read_request(_declaring, raw, where)
        found = self.take_tools(wire.tools or [], f"{where}.tools", found=True)
        self._items.append(CallOutput(wire.call_id or "", (Text(told_names(found)),), id=wire.id or ""))

    def _add(self, item: Item) -> None:
        bound = None
        if isinstance(item, Reasoning) and item.state is not None:
            bound = read_bound_state(item.state.value)
        if bound is None:
            self._items.append(item)
        elif bound[0]:
            self._states[bound[0]] = bound[1]
        else:
            self._sign_words(bound[1])

    def _sign_words(self, state: ProviderState) -> None:
        last = self._items[-1] if self._items else None
        if not isinstance(last, Message) or not last.parts or not isinstance(text := last.parts[-1], Text):
            return
        self._items[-1] = replace(last, parts=(*last.parts[:-1], replace(text, state=state)))


def _output_format(wire: WireFormat | None) -> OutputFormat | None:
    if wire is None or wire.type in (None, "text"):
        return None
    if wire.type == "json_object":
        return OutputFormat("json_object")
    if wire.type != "json_schema":
        raise InvalidRequest(f"The text format {wire.type!r} is not known here.", param="text.format.type")
    schema = raw_value(wire.schema) or b"{}"
    return OutputFormat("json_schema", schema, wire.name or "", wire.description or "", wire.strict)


def _reasoning(wire: WireReasoningControl | None) -> ReasoningControl | None:
    if wire is None:
        return None
    summary = wire.summary or wire.generate_summary or ""
    if wire.effort is not None and wire.effort not in _EFFORTS:
        raise InvalidRequest(f"The reasoning effort {wire.effort!r} is not known here.", param="reasoning.effort")
    if wire.effort is None and not summary:
        return None
    effort = None if wire.effort is None else _EFFORTS[wire.effort]
    return ReasoningControl(effort, shown=True if summary else None, summary=summary)


def _sampling(wire: WireRequest) -> Sampling:
    logprobs = bool(wire.top_logprobs) or LOGPROBS_INCLUDED in (wire.include or ())
    return Sampling(wire.temperature, wire.top_p, logprobs=logprobs, top_logprobs=wire.top_logprobs or None)


def _service(wire: WireRequest) -> Service:
    return Service(
        user=wire.safety_identifier or wire.user or "",
        metadata=raw_value(wire.metadata),
        tier="" if wire.service_tier in (None, "auto") else wire.service_tier,
        cache_key=wire.prompt_cache_key or "",
        cache_retention=wire.prompt_cache_retention or "",
        stored=wire.store,
        previous_id=wire.previous_response_id or "",
    )


def _extra(fields: RawObject, wire: WireRequest, choice: ToolChoice | None) -> dict[str, RawJson]:
    """Return what has no place in the hub; what asks for nothing that is not so anyway is left out."""
    extra = {
        name: value for name, raw in fields.items() if name not in _KNOWN and (value := raw_value(raw)) is not None
    }
    if wire.truncation not in (None, "disabled"):
        extra["truncation"] = bytes(fields["truncation"])
    if choice is None and (chosen := raw_value(wire.tool_choice)) is not None:
        extra["tool_choice"] = chosen
    if included := [name for name in wire.include or () if name not in _READ_INCLUDED]:
        extra["include"] = msgspec.json.encode(included)
    control = wire.reasoning or WireReasoningControl()
    for name, raw in (("reasoning.context", control.context), ("reasoning.mode", control.mode)):
        if (value := raw_value(raw)) is not None:
            extra[name] = value
    return extra

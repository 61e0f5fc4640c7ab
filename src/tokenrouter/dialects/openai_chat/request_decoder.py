"""A Chat Completions request, read into the hub's terms.

One assistant message becomes several items: reasoning, words, calls, in the order in which models make
them. The legacy `functions` are read as tools, since old programs still send them.
"""

from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from tokenrouter.dialects import data_urls
from tokenrouter.dialects.effort import BUDGETS
from tokenrouter.dialects.json import RawObject, peek_object
from tokenrouter.dialects.openai_chat.wire import (
    Content,
    WireAnnotation,
    WireCacheControl,
    WireCall,
    WireFunction,
    WireImageUrl,
    WireMessage,
    WireName,
    WirePart,
    WireRequest,
    WireResponseFormat,
    WireSaid,
    WireTool,
    WireToolChoice,
    WireToolFunction,
)
from tokenrouter.dialects.wire_reading import raw_value, read_request
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import (
    Audio,
    CacheTtl,
    Call,
    CallOutput,
    Citation,
    Document,
    FileId,
    Image,
    Inline,
    Item,
    Message,
    Part,
    ProviderState,
    Reasoning,
    Refusal,
    Role,
    Text,
    Video,
)
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

FAMILY: Final = "openai-chat"
_LEGACY_CALL: Final = "call_legacy"
_ROLES: Final[dict[str, Role]] = {"user": "user", "system": "system", "developer": "developer"}
_MODES: Final[dict[str, Literal["auto", "none", "required"]]] = {
    "auto": "auto",
    "none": "none",
    "required": "required",
}
_EFFORTS: Final[dict[str, Effort]] = {word: word for word in BUDGETS}
_KNOWN: Final = frozenset(field.encode_name for field in msgspec.structs.fields(WireRequest))
_decoder: Final = msgspec.json.Decoder(WireRequest)


def decode_request(
    body: bytes, *, model: str | None = None, stream: bool | None = None, fields: RawObject | None = None
) -> Request:
    """Return the request in `body`.

    Raises:
        InvalidRequest: names the field that is missing, of the wrong type, or has a value nobody knows.
    """
    fields = peek_object(body).fields if fields is None else fields
    wire = read_request(_decoder, body)
    return Request(
        model=model or wire.model or "",
        items=_items(wire.messages),
        family=FAMILY,
        stream=bool(wire.stream) if stream is None else stream,
        wants_usage=wire.stream_options is not None and bool(wire.stream_options.include_usage),
        max_output_tokens=wire.max_tokens if wire.max_completion_tokens is None else wire.max_completion_tokens,
        tools=_tools(wire),
        tool_choice=_tool_choice(wire),
        parallel_calls=wire.parallel_tool_calls,
        output_format=_output_format(wire.response_format),
        reasoning=_reasoning(wire.reasoning_effort),
        sampling=_sampling(wire),
        service=_service(wire),
        verbosity=wire.verbosity or "",
        modalities=tuple(kind for kind in wire.modalities or () if kind != "text"),
        extra={name: bytes(raw) for name, raw in fields.items() if name not in _KNOWN and bytes(raw) != b"null"},
    )


def _items(messages: list[WireMessage]) -> tuple[Item, ...]:
    items: list[Item] = []
    for index, message in enumerate(messages):
        role = message.role
        if role == "assistant":
            items += said_items(message, f"messages[{index}]", name=message.name or "")
        elif role == "tool":
            items.append(_output(message, message.tool_call_id or "", index))
        elif role == "function":
            items.append(_output(message, f"{_LEGACY_CALL}_{message.name or ''}", index))
        elif role is not None and (known := _ROLES.get(role)) is not None:
            items.append(_message(known, message, index))
        else:
            raise InvalidRequest(f"The role {role!r} is not known here.", param=f"messages[{index}].role")
    return tuple(items)


def _message(role: Role, message: WireMessage, index: int) -> Message:
    content, name = message.content, message.name or ""
    if isinstance(content, str) and message.cache_control is None:
        return Message(role, (Text(content),) if content else (), "", name)
    parts = _parts(content, f"messages[{index}]")
    return Message(role, _marked(parts, message.cache_control), "", name)


def _marked(parts: tuple[Part, ...], mark: WireCacheControl | None) -> tuple[Part, ...]:
    """Some clients put the cache mark on the message: it means its last part."""
    if mark is None or not parts or not isinstance(last := parts[-1], Text):
        return parts
    return (*parts[:-1], Text(last.text, cache=_ttl(mark)))


def _output(message: WireMessage, call_id: str, index: int) -> CallOutput:
    if not call_id:
        raise InvalidRequest("A tool's message needs its 'tool_call_id'.", param=f"messages[{index}].tool_call_id")
    parts = _parts(message.content, f"messages[{index}]")
    mark = None if message.cache_control is None else _ttl(message.cache_control)
    return CallOutput(call_id, parts, name=message.name or "", cache=mark)


def said_items(said: WireSaid, where: str, *, name: str = "") -> list[Item]:
    """Return what an assistant's message holds: reasoning, words, calls."""
    items: list[Item] = []
    thoughts, parts = _thoughts_and_parts(said, where)
    if said.annotations:
        parts = _cited(parts, said.annotations)
    details = _details(said.reasoning_details)
    if thoughts or details is not None:
        items.append(Reasoning(thoughts, state=details))
    if parts:
        items.append(Message("assistant", parts, name=name))
    if said.tool_calls:
        items += [_call(call, where, index) for index, call in enumerate(said.tool_calls)]
    if said.function_call is not None:
        called = said.function_call.name or ""
        items.append(Call(f"{_LEGACY_CALL}_{called}", called, arguments_text(said.function_call)))
    return items


def _cited(parts: tuple[Part, ...], annotations: list[WireAnnotation]) -> tuple[Part, ...]:
    cited = tuple([citation for wire in annotations if (citation := citation_of(wire)) is not None])
    return tuple([replace(part, citations=cited) if isinstance(part, Text) else part for part in parts])


def citation_of(wire: WireAnnotation) -> Citation | None:
    """Return a citation, None for a type of annotation that we do not know."""
    cited = wire.url_citation
    if cited is None:
        return None
    return Citation(cited.url, cited.title or "", start=cited.start_index, end=cited.end_index)


def _thoughts_and_parts(said: WireSaid, where: str) -> tuple[tuple[str, ...], tuple[Part, ...]]:
    thought = said.reasoning_content or said.reasoning or ""
    content = said.content
    if isinstance(content, str) and not (said.refusal or said.audio or said.images):
        return ((thought,) if thought else ()), ((Text(content),) if content else ())
    if isinstance(content, list) and any(part.type == "thinking" for part in content):
        thought += "".join(thinking_text(part) for part in content if part.type == "thinking")
        content = [part for part in content if part.type != "thinking"]
    parts = _parts(content, where)
    if said.refusal:
        parts = (*parts, Refusal(said.refusal))
    if said.audio is not None:
        parts = (*parts, _spoken(said))
    if said.images:
        parts = (*parts, *(_part(part, where) for part in said.images))
    return ((thought,) if thought else ()), parts


def thinking_text(part: WirePart) -> str:
    """Return the words of Mistral's `thinking` part."""
    thinking = part.thinking
    if type(thinking) is list:
        return "".join(inner.text or "" for inner in thinking)
    return thinking if type(thinking) is str else ""


def _spoken(said: WireSaid) -> Audio:
    audio = said.audio
    if audio is None or not audio.data:
        return Audio(FileId((audio and audio.id) or ""), id=(audio and audio.id) or "")
    return Audio(Inline("audio/wav", audio.data), audio.transcript or "", audio.id or "", audio.expires_at)


def _details(raw: msgspec.Raw) -> ProviderState | None:
    """OpenRouter's `reasoning_details`, and Google's `extra_content` of a call, are to come back as they were."""
    value = raw_value(raw) if len(raw) else None
    return None if value is None else ProviderState(FAMILY, "details", value.decode())


def _call(call: WireCall, where: str, index: int) -> Call:
    state = _details(call.extra_content)
    if call.custom is not None:
        return Call(call.id or "", call.custom.name or "", call.custom.input or "", "custom", state=state)
    if call.function is None or not call.function.name:
        where = f"{where}.tool_calls[{index}].function.name"
        raise InvalidRequest("A tool call needs the name of its function.", param=where)
    return Call(call.id or "", call.function.name, arguments_text(call.function), state=state)


def arguments_text(function: WireFunction) -> str:
    """Return the arguments as JSON text; none at all, and blanks, are an empty object."""
    arguments = function.arguments
    if type(arguments) is dict:
        return msgspec.json.encode(arguments).decode()
    return arguments if type(arguments) is str and arguments.strip() else "{}"


def _parts(content: Content, where: str) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Text(content),) if content else ()
    if content is None:
        return ()
    return tuple([_part(part, f"{where}.content[{index}]") for index, part in enumerate(content)])


def _part(part: WirePart, where: str) -> Part:
    kind = part.type
    cache = None if part.cache_control is None else _ttl(part.cache_control)
    if kind in ("text", "input_text", "output_text"):
        return Text(part.text or "", cache=cache)
    if kind == "image_url" and part.image_url is not None:
        image = _url(part.image_url)
        return Image(data_urls.source_of(image.url, "image/png"), image.detail, cache)
    if kind == "file" and part.file is not None:
        return _document(part, cache)
    if kind == "input_audio" and part.input_audio is not None:
        return Audio(Inline(data_urls.audio_type(part.input_audio.format), part.input_audio.data))
    if kind == "refusal":
        return Refusal(part.refusal or "")
    if kind == "video_url" and part.video_url is not None:
        return Video(data_urls.source_of(_url(part.video_url).url, "video/mp4"))
    raise InvalidRequest(f"A content part of type {kind!r} is not known here, or is empty.", param=where)


def _url(value: WireImageUrl | str) -> WireImageUrl:
    return WireImageUrl(value) if isinstance(value, str) else value


def _document(part: WirePart, cache: CacheTtl | None) -> Document:
    file = part.file
    if file is None or not file.file_data:
        return Document(FileId((file and file.file_id) or ""), (file and file.filename) or "", cache=cache)
    source = data_urls.source_of(file.file_data, "application/pdf")
    if not isinstance(source, Inline) and not file.file_data.startswith(("http:", "https:")):
        source = Inline("application/pdf", file.file_data)
    return Document(source, file.filename or "", cache=cache)


def _ttl(mark: WireCacheControl) -> CacheTtl:
    return "1h" if mark.ttl == "1h" else "5m"


def _tools(wire: WireRequest) -> tuple[Tool | HostedTool, ...]:
    tools: list[Tool | HostedTool] = [_tool(tool, index) for index, tool in enumerate(wire.tools or ())]
    return (*tools, *(_function(function) for function in wire.functions or ()))


def _tool(tool: WireTool, index: int) -> Tool | HostedTool:
    cache = None if tool.cache_control is None else _ttl(tool.cache_control)
    if tool.function is not None:
        return _function(tool.function, cache)
    if tool.custom is not None:
        grammar = None if tool.custom.format is None else tool.custom.format.grammar
        syntax, text = ("", "") if grammar is None else (grammar.syntax, grammar.definition)
        return Tool(tool.custom.name, tool.custom.description or "", kind="custom", syntax=syntax, grammar=text)
    raise InvalidRequest(f"A tool of type {tool.type!r} is not known here.", param=f"tools[{index}]")


def _function(function: WireToolFunction, cache: CacheTtl | None = None) -> Tool:
    return Tool(function.name, function.description or "", raw_value(function.parameters), function.strict, cache=cache)


def _tool_choice(wire: WireRequest) -> ToolChoice | None:
    choice = wire.tool_choice if wire.tool_choice is not None else wire.function_call
    if choice is None:
        return None
    if isinstance(choice, str):
        if choice in _MODES:
            return ToolChoice(_MODES[choice])
        raise InvalidRequest(f"The tool choice {choice!r} is not known here.", param="tool_choice")
    if isinstance(choice, WireName):
        return ToolChoice("required", (choice.name,))
    if choice.allowed_tools is not None:
        mode = _MODES.get(choice.allowed_tools.mode, "auto")
        return ToolChoice(mode, tuple(_chosen(tool) for tool in choice.allowed_tools.tools))
    return ToolChoice("required", (_chosen(choice),))


def _chosen(choice: WireToolChoice) -> str:
    named = choice.function or choice.custom
    name = named.name if named is not None else choice.name
    if not name:
        raise InvalidRequest("The tool choice names no tool.", param="tool_choice")
    return name


def _output_format(wire: WireResponseFormat | None) -> OutputFormat | None:
    if wire is None or wire.type == "text":
        return None
    if wire.type == "json_object":
        return OutputFormat("json_object")
    schema = wire.json_schema
    if wire.type != "json_schema" or schema is None:
        raise InvalidRequest(f"The response format {wire.type!r} is not known here.", param="response_format")
    return OutputFormat(
        "json_schema", raw_value(schema.schema) or b"{}", schema.name, schema.description or "", schema.strict
    )


def _reasoning(effort: str | None) -> ReasoningControl | None:
    if effort is None:
        return None
    if effort not in _EFFORTS:
        raise InvalidRequest(f"The reasoning effort {effort!r} is not known here.", param="reasoning_effort")
    return ReasoningControl(_EFFORTS[effort])


def _sampling(wire: WireRequest) -> Sampling:
    stop = wire.stop
    return Sampling(
        wire.temperature,
        wire.top_p,
        wire.top_k,
        (stop,) if isinstance(stop, str) else tuple(stop or ()),
        wire.n or 1,
        wire.seed,
        wire.presence_penalty,
        wire.frequency_penalty,
        bool(wire.logprobs),
        wire.top_logprobs,
        raw_value(wire.logit_bias),
    )


def _service(wire: WireRequest) -> Service:
    return Service(
        user=wire.safety_identifier or wire.user or "",
        metadata=raw_value(wire.metadata),
        tier=wire.service_tier or "",
        cache_key=wire.prompt_cache_key or "",
        cache_retention=wire.prompt_cache_retention or "",
        stored=wire.store,
    )

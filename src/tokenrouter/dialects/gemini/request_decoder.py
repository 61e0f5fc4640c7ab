"""A Gemini request, read into the hub's terms. The conversation itself is read in `turns.py`."""

from typing import Final, Literal

import msgspec

from tokenrouter.dialects.gemini.schema import json_schema
from tokenrouter.dialects.gemini.signatures import FAMILY
from tokenrouter.dialects.gemini.spelling import FUNCTIONS, camel, in_camel_case
from tokenrouter.dialects.gemini.turns import read_turns
from tokenrouter.dialects.gemini.wire import (
    WireConfig,
    WireFunction,
    WireRequest,
    WireThinking,
    WireToolConfig,
)
from tokenrouter.dialects.json import RawObject, peek_object
from tokenrouter.dialects.wire_reading import raw_value, read_request
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import RawJson
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

_HOSTED: Final[dict[str, HostedKind]] = {
    "googleSearch": "web_search",
    "googleSearchRetrieval": "web_search",
    "enterpriseWebSearch": "web_search",
    "codeExecution": "code_execution",
    "urlContext": "url_context",
    "computerUse": "computer",
    "fileSearch": "file_search",
    "retrieval": "file_search",
    "mcpServers": "mcp",
}
_MODES: Final[dict[str, Literal["auto", "none", "required"]]] = {
    "MODE_UNSPECIFIED": "auto",
    "AUTO": "auto",
    "VALIDATED": "auto",
    "NONE": "none",
    "ANY": "required",
}
_EFFORTS: Final[dict[str, Effort | None]] = {
    "THINKING_LEVEL_UNSPECIFIED": None,
    "MINIMAL": "minimal",
    "LOW": "low",
    "MEDIUM": "medium",
    "HIGH": "high",
    "XHIGH": "xhigh",
}
VALIDATED: Final = "functionCallingConfig.mode"
"""Name in `Request.extra` of the mode that holds arguments to their schemas; elsewhere it is `auto`."""
JSON_TYPE: Final = "application/json"
_COUNTED: Final = ("generateContentRequest", "generate_content_request")
"""Where `countTokens` has a whole request, instead of contents alone."""
_KNOWN_TYPES: Final = (None, "", "text/plain", JSON_TYPE)

_decoder: Final = msgspec.json.Decoder(WireRequest)
_functions: Final = msgspec.json.Decoder(list[WireFunction])
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _names(kind: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(field.encode_name for field in msgspec.structs.fields(kind))


_KNOWN: Final = _names(WireRequest)
_FORMAT: Final = frozenset(("responseMimeType", "responseSchema", "responseJsonSchema"))
_NESTED: Final = (("generationConfig", _names(WireConfig)), ("toolConfig", _names(WireToolConfig)))


def decode_request(
    body: bytes, *, model: str | None = None, stream: bool | None = None, fields: RawObject | None = None
) -> Request:
    """Return the request in `body`; Gemini names the model, and whether it streams, in the path.

    Raises:
        InvalidRequest: names the field that is missing, of the wrong type, or has a value nobody knows.
    """
    spelled = in_camel_case(body)
    if fields is None or spelled is not body:
        fields = peek_object(spelled).fields
    counted = next((fields[name] for name in _COUNTED if name in fields), None)
    if counted is not None and "contents" not in fields:
        return decode_request(bytes(counted), model=model, stream=stream)
    wire = read_request(_decoder, spelled)
    config = wire.generation_config or WireConfig()
    service = Service(
        metadata=raw_value(wire.labels), tier=wire.service_tier or "", cached_content=wire.cached_content or ""
    )
    return Request(
        model=model or (wire.model or "").removeprefix("models/"),
        items=read_turns(wire),
        family=FAMILY,
        stream=bool(stream),
        max_output_tokens=config.max_output_tokens,
        tools=_tools(wire),
        tool_choice=_tool_choice(wire.tool_config),
        output_format=_output_format(config),
        reasoning=_reasoning(config.thinking_config),
        sampling=_sampling(config),
        service=service,
        modalities=tuple([kind.lower() for kind in config.response_modalities or () if kind.upper() != "TEXT"]),
        extra={**_extra(fields, wire, config), **_only_of_parts(wire)},
    )


def _extra(fields: dict[str, msgspec.Raw], wire: WireRequest, config: WireConfig) -> dict[str, RawJson]:
    """Return what has no place in the hub; what stands inside an object goes by `object.field`.

    An answer in another format than JSON is one of Gemini's own, with all that describes it.
    """
    extra = {name: value for name, raw in fields.items() if name not in _KNOWN and (value := raw_value(raw))}
    odd = frozenset() if config.response_mime_type in _KNOWN_TYPES else _FORMAT
    for outer, known in _NESTED:
        raw_outer = fields.get(outer)
        if raw_outer is None or raw_value(raw_outer) is None:
            continue
        for name, raw in _object.decode(raw_outer).items():
            if (name not in known or name in odd) and (value := raw_value(raw)):
                extra[f"{outer}.{name}"] = value
    calling = None if wire.tool_config is None else wire.tool_config.function_calling_config
    if calling is not None and (calling.mode or "").upper() == "VALIDATED":
        extra[VALIDATED] = b'"VALIDATED"'
    return extra


def _only_of_parts(wire: WireRequest) -> dict[str, RawJson]:
    """Return what parts say that no other dialect has, by `part.field` or `functionResponse.field`.

    What is absent is one and the same object everywhere, and this is asked of each part of a long history.
    """
    found: dict[str, msgspec.Raw] = {}
    for content in wire.contents:
        for part in content.parts or ():
            if not part.media_resolution is part.video_metadata is part.part_metadata:
                found["part.mediaResolution"] = part.media_resolution
                found["part.videoMetadata"] = part.video_metadata
                found["part.partMetadata"] = part.part_metadata
            result = part.function_response
            if result is not None and result.will_continue is not result.scheduling:
                found["functionResponse.willContinue"] = result.will_continue
                found["functionResponse.scheduling"] = result.scheduling
    return {name: value for name, raw in found.items() if (value := raw_value(raw)) is not None}


def _tools(wire: WireRequest) -> tuple[Tool | HostedTool, ...]:
    tools: list[Tool | HostedTool] = []
    for index, tool in enumerate(wire.tools or ()):
        for name, raw in tool.items():
            spelled = camel(name)
            if spelled == FUNCTIONS:
                tools += [_function(function) for function in _read_functions(raw, index)]
            elif (value := raw_value(raw)) is not None:
                declared = b'{"%b":%b}' % (spelled.encode(), value)
                tools.append(HostedTool(_HOSTED.get(spelled, "other"), FAMILY, declared))
    return tuple(tools)


def _read_functions(raw: msgspec.Raw, index: int) -> list[WireFunction]:
    try:
        return _functions.decode(raw)
    except msgspec.DecodeError as error:
        where = f"tools[{index}].{FUNCTIONS}"
        raise InvalidRequest(f"The field {where!r} is wrong: {error}.", param=where) from None


def _function(wire: WireFunction) -> Tool:
    schema = raw_value(wire.parameters_json_schema)
    if schema is None and (parameters := raw_value(wire.parameters)) is not None:
        schema = json_schema(parameters)
    return Tool(wire.name, wire.description or "", schema, extra=_only_here(wire))


def _only_here(wire: WireFunction) -> dict[str, RawJson]:
    if wire.behavior is wire.response is wire.response_json_schema:
        return {}
    told = {"behavior": wire.behavior, "response": wire.response, "responseJsonSchema": wire.response_json_schema}
    return {name: value for name, raw in told.items() if (value := raw_value(raw)) is not None}


def _tool_choice(config: WireToolConfig | None) -> ToolChoice | None:
    calling = None if config is None else config.function_calling_config
    if calling is None or not (calling.mode or calling.allowed_function_names):
        return None
    mode = (calling.mode or "AUTO").upper()
    if mode not in _MODES:
        raise InvalidRequest(
            f"The mode {calling.mode!r} is not known here.", param="toolConfig.functionCallingConfig.mode"
        )
    return ToolChoice(_MODES[mode], tuple(calling.allowed_function_names or ()))


def _output_format(config: WireConfig) -> OutputFormat | None:
    """A schema without its media type means JSON all the same."""
    schema = raw_value(config.response_json_schema) or raw_value(config.response_schema)
    if config.response_mime_type not in _KNOWN_TYPES:
        return None
    if schema is not None:
        return OutputFormat("json_schema", json_schema(schema))
    return OutputFormat("json_object") if config.response_mime_type == JSON_TYPE else None


def _reasoning(thinking: WireThinking | None) -> ReasoningControl | None:
    """Google shows no thoughts unless it is asked to."""
    if thinking is None:
        return None
    level = thinking.thinking_level
    if level is not None and level.upper() not in _EFFORTS:
        where = "generationConfig.thinkingConfig.thinkingLevel"
        raise InvalidRequest(f"The thinking level {level!r} is not known here.", param=where)
    effort = None if level is None else _EFFORTS[level.upper()]
    if effort is None and thinking.thinking_budget is None and thinking.include_thoughts is None:
        return None
    return ReasoningControl(effort, thinking.thinking_budget, shown=bool(thinking.include_thoughts))


def _sampling(config: WireConfig) -> Sampling:
    return Sampling(
        temperature=config.temperature,
        top_p=config.top_p,
        top_k=None if config.top_k is None else int(config.top_k),
        stop=tuple(config.stop_sequences or ()),
        answers=config.candidate_count or 1,
        seed=config.seed,
        presence_penalty=config.presence_penalty,
        frequency_penalty=config.frequency_penalty,
        logprobs=bool(config.response_logprobs),
        top_logprobs=config.logprobs,
    )

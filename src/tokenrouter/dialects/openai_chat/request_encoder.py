"""The hub's request as a Chat Completions body for one vendor."""

import hashlib
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec

from tokenrouter.dialects.effort import effort_of
from tokenrouter.dialects.hub import EncodedRequest, Target, Undo
from tokenrouter.dialects.losses import Losses
from tokenrouter.dialects.openai_chat.losses import REQUEST_LOSSES, ChatQuirks
from tokenrouter.dialects.openai_chat.messages import MessageWriter
from tokenrouter.dialects.tool_names import called_as, plain_name, plain_tool
from tokenrouter.domain.items import Message, Text
from tokenrouter.domain.requests import OutputFormat, Request, Tool

Wire = dict[str, Any]
MAX_USER_CHARS: Final = 64
"""Bound of `safety_identifier` and `user` (API reference, read 2026-11); longer ones are hashed."""
_EMPTY_SCHEMA: Final = msgspec.Raw(b'{"type":"object","properties":{}}')
_FORMAT_NAME: Final = "answer"
"""OpenAI demands a name for a schema; other dialects have none."""
_SCHEMA_TOLD: Final = "Answer with one JSON object that matches this JSON schema, and with nothing else:\n"


def encode_request(request: Request, target: Target, quirks: ChatQuirks) -> EncodedRequest:
    """Return `request` for a vendor with `quirks`.

    Raises:
        InvalidRequest: it holds what `REQUEST_LOSSES` refuses.
    """
    losses = Losses(REQUEST_LOSSES)
    carried = _carried(request, quirks)
    losses.note_settings(request, carried)
    messages = _messages(request, quirks, losses)
    wire: Wire = {"model": target.model, "messages": messages}
    if quirks.prefill == "open" and _is_prefilled(messages):
        wire |= {"continue_final_message": True, "add_generation_prompt": False}
    if request.stream:
        wire["stream"] = True
        if quirks.asks_usage:
            wire["stream_options"] = {"include_usage": True}
    if request.max_output_tokens is not None:
        wire[quirks.max_tokens_field] = request.max_output_tokens
    _add_tools(wire, request, quirks, losses)
    if request.output_format is not None:
        wire["response_format"] = _response_format(request.output_format, quirks)
    _add_reasoning(wire, request, target, quirks, losses)
    _add_sampling(wire, request, carried, quirks)
    _add_service(wire, request, carried)
    if request.sampling.stop[quirks.stop_limit :]:
        losses.note("sampling.stop")
    repeats = messages[-1]["content"] if quirks.prefill == "prefix" and _is_prefilled(messages) else ""
    return EncodedRequest(msgspec.json.encode(wire), losses.noted(), _undo(request, quirks), repeats=repeats)


def _is_prefilled(messages: list[Wire]) -> bool:
    """Whether the answer is to go on from the assistant's last words."""
    return bool(messages) and messages[-1]["role"] == "assistant" and isinstance(messages[-1]["content"], str)


def _carried(request: Request, quirks: ChatQuirks) -> frozenset[str]:
    """What is told without loss; `output_format` has a loss of its own where the vendor knows no schemas."""
    wanted = request.output_format
    if wanted is not None and wanted.kind == "json_schema" and not quirks.json_schema:
        return quirks.carries - {"output_format"}
    return quirks.carries


def _messages(request: Request, quirks: ChatQuirks, losses: Losses) -> list[Wire]:
    items = request.items
    wanted = request.output_format
    if wanted is not None and wanted.kind == "json_schema" and not quirks.json_schema:
        told = _SCHEMA_TOLD + wanted.schema.decode()
        items = (Message("system", (Text(told),)), *items)
    return MessageWriter(quirks, losses).write(items)


def _add_tools(wire: Wire, request: Request, quirks: ChatQuirks, losses: Losses) -> None:
    """Declare what may be called; without tools neither a choice nor a word on parallel calls is allowed."""
    choice = request.tool_choice
    tools = [tool for tool in request.tools if isinstance(tool, Tool)]
    if len(tools) < len(request.tools):
        losses.note("tool.hosted")
    several = choice is not None and len(choice.names) > 1
    if choice is not None and several and not quirks.allowed_tools:
        losses.note("tool_choice.names")
        tools = [tool for tool in tools if tool.name in choice.names]
    if not tools:
        return
    wire["tools"] = [_tool(tool, quirks, losses) for tool in tools]
    if choice is not None:
        kinds = {tool.name: tool for tool in tools}
        named = [_named(kinds[name], quirks) for name in choice.names if name in kinds]
        wire["tool_choice"] = _tool_choice(choice.mode, named, narrowed=several and quirks.allowed_tools)
    if request.parallel_calls is not None and "parallel_calls" in quirks.carries:
        wire["parallel_tool_calls"] = request.parallel_calls


def _tool(tool: Tool, quirks: ChatQuirks, losses: Losses) -> Wire:
    if tool.deferred:
        losses.note("tool.deferred")
    if tool.extra:
        losses.note_only_there(tool)
    if tool.cache and not quirks.cache_control:
        losses.note("cache.marks")
    if tool.kind == "custom" and quirks.custom_tools and not tool.namespace:
        return {"type": "custom", "custom": _custom(tool)}
    plain = plain_tool(tool)
    if plain is not tool:
        _note_tool(tool, losses)
    function: Wire = {"name": plain.name}
    if plain.description:
        function["description"] = plain.description
    function["parameters"] = _EMPTY_SCHEMA if plain.parameters is None else msgspec.Raw(plain.parameters)
    if plain.strict is not None:
        function["strict"] = plain.strict
    wire: Wire = {"type": "function", "function": function}
    if tool.cache and quirks.cache_control:
        wire["cache_control"] = {"type": "ephemeral"}
    return wire


def _note_tool(tool: Tool, losses: Losses) -> None:
    if tool.kind == "custom":
        losses.note("tool.custom")
    if tool.namespace:
        losses.note("tool.namespace")
    elif plain_name(tool.name) != tool.name:
        losses.note("tool.name")


def _custom(tool: Tool) -> Wire:
    custom: Wire = {"name": tool.name, "description": tool.description}
    if tool.grammar:
        custom["format"] = {
            "type": "grammar",
            "grammar": {"syntax": tool.syntax, "definition": tool.grammar},
        }
    return custom


def _named(tool: Tool, quirks: ChatQuirks) -> Wire:
    if tool.kind == "custom" and quirks.custom_tools and not tool.namespace:
        return {"type": "custom", "custom": {"name": tool.name}}
    return {"type": "function", "function": {"name": plain_name(tool.name, tool.namespace)}}


def _tool_choice(mode: str, named: list[Wire], *, narrowed: bool) -> str | Wire:
    if narrowed:
        return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": named}}
    return named[0] if mode == "required" and len(named) == 1 else mode


def _response_format(wanted: OutputFormat, quirks: ChatQuirks) -> Wire:
    if wanted.kind == "json_object" or not quirks.json_schema:
        return {"type": "json_object"}
    schema: Wire = {"name": wanted.name or _FORMAT_NAME, "schema": msgspec.Raw(wanted.schema)}
    if wanted.description:
        schema["description"] = wanted.description
    if wanted.strict is not None:
        schema["strict"] = wanted.strict
    return {"type": "json_schema", "json_schema": schema}


def _add_reasoning(wire: Wire, request: Request, target: Target, quirks: ChatQuirks, losses: Losses) -> None:
    control = request.reasoning
    effort = None if control is None else effort_of(control)
    if control is not None and control.summary:
        losses.note("reasoning.summary")
    if control is None or effort is None or "reasoning" not in quirks.carries:
        return
    if not any(fnmatchcase(target.model, pattern) for pattern in quirks.effort_models):
        if not control.is_off:
            losses.note("reasoning")
        return
    wire["reasoning_effort"] = effort
    if control.effort is None:
        losses.note("reasoning.budget")


def _add_sampling(wire: Wire, request: Request, carried: frozenset[str], quirks: ChatQuirks) -> None:
    sampling = request.sampling
    told: dict[str, object] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "seed": sampling.seed,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
    }
    for name, value in told.items():
        if value is not None and f"sampling.{name}" in carried:
            wire[name] = value
    if sampling.stop and "sampling.stop" in carried:
        wire["stop"] = sampling.stop[: quirks.stop_limit]
    if sampling.answers > 1 and "sampling.answers" in carried:
        wire["n"] = sampling.answers
    if sampling.logprobs and "sampling.logprobs" in carried:
        wire["logprobs"] = True
        if sampling.top_logprobs is not None:
            wire["top_logprobs"] = sampling.top_logprobs
    if sampling.logit_bias is not None and "sampling.logit_bias" in carried:
        wire["logit_bias"] = msgspec.Raw(sampling.logit_bias)


def _add_service(wire: Wire, request: Request, carried: frozenset[str]) -> None:
    service = request.service
    told: dict[str, tuple[str, str]] = {
        "service.user": ("user", _short(service.user)),
        "service.tier": ("service_tier", service.tier),
        "service.cache_key": ("prompt_cache_key", _short(service.cache_key)),
        "service.cache_retention": ("prompt_cache_retention", service.cache_retention),
        "verbosity": ("verbosity", request.verbosity),
    }
    for feature, (name, value) in told.items():
        if value and feature in carried:
            wire[name] = value
    if service.metadata is not None and "service.metadata" in carried:
        wire["metadata"] = msgspec.Raw(service.metadata)
    if request.modalities and "modalities" in carried:
        wire["modalities"] = ["text", *request.modalities]


def _short(name: str) -> str:
    """Names are only compared, so a hash serves as well where one is too long."""
    return name if len(name) <= MAX_USER_CHARS else hashlib.sha256(name.encode()).hexdigest()


def _undo(request: Request, quirks: ChatQuirks) -> Undo | None:
    names = called_as(request.tools, keeps_custom=quirks.custom_tools) if request.tools else {}
    beyond = request.sampling.stop if "sampling.stop" not in quirks.carries else ()
    beyond = beyond or request.sampling.stop[quirks.stop_limit :]
    return Undo(names, stop=beyond) if names or beyond else None

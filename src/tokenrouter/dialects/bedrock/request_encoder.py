"""The hub's request as a Converse body (API reference, "Converse" and "ConverseStream", read 2026-11).

The model and whether to stream are in the path (`bedrock_codec.target_path`), not in the body. Bedrock's own settings
have fields of their own; what only one vendor's models know goes into `additionalModelRequestFields`.
"""

import re
from typing import Any, Final

import msgspec

from tokenrouter.dialects.bedrock.losses import REQUEST_LOSSES
from tokenrouter.dialects.bedrock.messages import MessageWriter, cache_point, is_unmarkable
from tokenrouter.dialects.bedrock.models import ConverseQuirks, ModelTraits
from tokenrouter.dialects.bedrock.thinking import ThinkingPlan, plan_thinking, top_p_is_allowed, without_thinking
from tokenrouter.dialects.bedrock.tools import ToolPlan, plan_tools
from tokenrouter.dialects.hub import EncodedRequest, Target, Undo
from tokenrouter.dialects.losses import Losses
from tokenrouter.dialects.tool_names import called_as
from tokenrouter.domain.requests import OutputFormat, Request

Wire = dict[str, Any]

MAX_CACHE_POINTS: Final = 4
"""Bound of "Prompt caching", for all models."""
MAX_METADATA: Final = 16
_METADATA: Final = re.compile(r"[A-Za-z0-9\s:_@$#=/+,.-]{0,256}")
"""`ConverseRequest.requestMetadata`: keys and values."""
_TIERS: Final = frozenset(("priority", "default", "flex", "reserved"))
_FORMAT_NAME: Final = "answer"
_CACHE_POINT: Final = b'{"cachePoint":'
_SCHEMA_TOLD: Final = "Answer with one JSON object that matches this JSON schema, and with nothing else:\n"
_JSON_TOLD: Final = "Answer with one JSON object, and with nothing else."
_CARRIED: Final = frozenset(
    {
        "parallel_calls",
        "output_format",
        "reasoning",
        "sampling.temperature",
        "sampling.top_p",
        "sampling.top_k",
        "sampling.stop",
        "service.metadata",
        "service.tier",
        "cache",
    }
)
"""Settings that have a place; whether the model takes them is seen where they are written."""


def encode_request(request: Request, target: Target, quirks: ConverseQuirks) -> EncodedRequest:
    """Return `request` for the model of `target`.

    Raises:
        InvalidRequest: it holds what `REQUEST_LOSSES` refuses.
    """
    losses = Losses(REQUEST_LOSSES)
    losses.note_settings(request, _CARRIED)
    traits = quirks.traits(target.model)
    tools = plan_tools(request, traits, losses)
    thinking = plan_thinking(request, traits, losses, forces_tool=tools.forces)
    wire = _prompt(request, traits, tools, thinking, losses)
    if thinking.is_signed and _has_lost_reasoning(wire["messages"]):
        losses.note("reasoning.interrupted")
        thinking = without_thinking()
    if tools.config is not None:
        wire["toolConfig"] = tools.config
    _add_inference(wire, request, traits, thinking, losses)
    _add_model_fields(wire, request, traits, tools, thinking, losses)
    _add_output(wire, request, traits, thinking)
    _add_service(wire, request, losses)
    body = msgspec.json.encode(wire)
    if body.count(_CACHE_POINT) > MAX_CACHE_POINTS:
        _bound_cache_points(wire, losses)
        body = msgspec.json.encode(wire)
    return EncodedRequest(body, losses.noted(), _undo(request, tools))


def _prompt(request: Request, traits: ModelTraits, tools: ToolPlan, thinking: ThinkingPlan, losses: Losses) -> Wire:
    thinks = "sampling" in thinking.excludes
    writer = MessageWriter(traits, losses, has_tools=tools.config is not None, prefill=traits.prefill and not thinks)
    messages = writer.write(request.items)
    told = _format_in_words(request.output_format, traits, losses)
    if told:
        writer.system.append({"text": told})
    if request.cache is not None:
        content = messages[-1]["content"]
        point = cache_point(request.cache, traits, losses)
        if point is not None and not is_unmarkable(content[-1]):
            content.append(point)
    wire: Wire = {"messages": messages}
    if writer.system:
        wire["system"] = writer.system
    return wire


def _format_in_words(wanted: OutputFormat | None, traits: ModelTraits, losses: Losses) -> str:
    """Return what the system prompt says of the answer's shape, where there is no better way."""
    if wanted is None:
        return ""
    if wanted.kind == "json_object":
        losses.note("output_format.json_object")
        return _JSON_TOLD
    if traits.schemas:
        return ""
    losses.note("output_format")
    return _SCHEMA_TOLD + wanted.schema.decode() if traits.forces == "none" else ""


def _has_lost_reasoning(messages: list[Wire]) -> bool:
    """Whether the turn that goes on has called tools without the reasoning that came before, which Claude refuses."""
    if len(messages) < 2 or not any("toolResult" in block for block in messages[-1]["content"]):
        return False
    return "reasoningContent" not in messages[-2]["content"][0]


def _add_inference(wire: Wire, request: Request, traits: ModelTraits, thinking: ThinkingPlan, losses: Losses) -> None:
    config: Wire = {}
    if request.max_output_tokens is not None:
        if "max_tokens" in thinking.excludes:
            losses.note("max_output_tokens")
        else:
            config["maxTokens"] = request.max_output_tokens
    thinks = "sampling" in thinking.excludes
    sampling = request.sampling
    if sampling.temperature is not None:
        if thinks or not traits.samples or sampling.temperature > 1:
            losses.note("sampling.temperature")
        if not thinks and traits.samples:
            config["temperature"] = min(sampling.temperature, 1)
    if sampling.top_p is not None:
        if not traits.samples or (thinks and not top_p_is_allowed(sampling.top_p)):
            losses.note("sampling.top_p")
        else:
            config["topP"] = sampling.top_p
    if stop := [each for each in sampling.stop if each.strip()]:
        config["stopSequences"] = stop
        wire["additionalModelResponseFieldPaths"] = ["/stop_sequence"]
    if len(stop) < len(sampling.stop):
        losses.note("sampling.stop")
    if config:
        wire["inferenceConfig"] = config


def _add_model_fields(
    wire: Wire, request: Request, traits: ModelTraits, tools: ToolPlan, thinking: ThinkingPlan, losses: Losses
) -> None:
    fields: Wire = dict(thinking.fields)
    top_k = request.sampling.top_k
    if top_k is not None:
        if not traits.top_k or "sampling" in thinking.excludes:
            losses.note("sampling.top_k")
        else:
            *lead, last = traits.top_k
            place = fields
            for name in lead:
                place = place.setdefault(name, {})
            place[last] = top_k
    if tools.one_call:
        fields["tool_choice"] = {"type": "auto", "disable_parallel_tool_use": True}
    if fields:
        wire["additionalModelRequestFields"] = fields


def _add_output(wire: Wire, request: Request, traits: ModelTraits, thinking: ThinkingPlan) -> None:
    output: Wire = {}
    wanted = request.output_format
    if wanted is not None and wanted.kind == "json_schema" and traits.schemas:
        schema = {"schema": wanted.schema.decode(), "name": wanted.name or _FORMAT_NAME}
        if wanted.description:
            schema["description"] = wanted.description
        output["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": schema}}
    if thinking.effort:
        output["effort"] = thinking.effort
    if output:
        wire["outputConfig"] = output


def _add_service(wire: Wire, request: Request, losses: Losses) -> None:
    tier = request.service.tier
    if tier in _TIERS:
        wire["serviceTier"] = {"type": tier}
    elif tier and tier != "auto":
        losses.note("service.tier")
    if request.service.metadata is not None:
        told = _metadata(request.service.metadata, losses)
        if told:
            wire["requestMetadata"] = told


_pairs: Final = msgspec.json.Decoder(dict[str, str])


def _metadata(raw: bytes, losses: Losses) -> dict[str, str]:
    try:
        pairs = _pairs.decode(raw)
    except msgspec.DecodeError:
        losses.note("service.metadata")
        return {}
    legal = {name: text for name, text in pairs.items() if name and all(map(_METADATA.fullmatch, (name, text)))}
    kept = dict(list(legal.items())[:MAX_METADATA])
    if len(kept) < len(pairs):
        losses.note("service.metadata")
    return kept


def _bound_cache_points(wire: Wire, losses: Losses) -> None:
    """Keep the last cache points, which reach furthest: one more than the bound and Bedrock refuses them all."""
    lists = [wire.get("toolConfig", {}).get("tools", []), wire.get("system", [])]
    lists += [message["content"] for message in wire["messages"]]
    left = MAX_CACHE_POINTS
    for blocks in reversed(lists):
        for at in range(len(blocks) - 1, -1, -1):
            if "cachePoint" not in blocks[at]:
                continue
            if left == 0:
                losses.note("cache.marks")
                del blocks[at]
            else:
                left -= 1


def _undo(request: Request, tools: ToolPlan) -> Undo | None:
    names = called_as(request.tools) if request.tools else {}
    blank = tuple(each for each in request.sampling.stop if not each.strip())
    return Undo(names, tools.format_tool, blank) if names or blank or tools.format_tool else None

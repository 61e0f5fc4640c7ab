"""The hub's request as a Responses body for one vendor.

Nothing is stored at the provider: the whole conversation goes there each time, so reasoning has to come back
encrypted to be worth anything in the next turn.
"""

import hashlib
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec

from tokenrouter.dialects.effort import effort_of
from tokenrouter.dialects.hub import EncodedRequest, Target, Undo
from tokenrouter.dialects.losses import Losses
from tokenrouter.dialects.openai_responses.input import InputWriter
from tokenrouter.dialects.openai_responses.losses import REQUEST_LOSSES, ResponsesQuirks
from tokenrouter.dialects.openai_responses.request_decoder import ENCRYPTED_INCLUDED, LOGPROBS_INCLUDED
from tokenrouter.dialects.openai_responses.tools import is_native, write_tool_choice, write_tools
from tokenrouter.dialects.openai_responses.wire import FAMILY
from tokenrouter.dialects.tool_names import called_as
from tokenrouter.domain.requests import OutputFormat, Request, Tool

Wire = dict[str, Any]
MAX_NAME_CHARS: Final = 64
"""Bound of `safety_identifier`, `user` and `prompt_cache_key` (API reference, read 2026-11); longer ones are hashed."""
_FORMAT_NAME: Final = "answer"
"""OpenAI demands a name for a schema; other dialects have none."""
_SAMPLED: Final = frozenset(("sampling.temperature", "sampling.top_p", "sampling.logprobs"))


def encode_request(request: Request, target: Target, quirks: ResponsesQuirks) -> EncodedRequest:
    """Return `request` for a vendor with `quirks`.

    Raises:
        InvalidRequest: it holds what `REQUEST_LOSSES` refuses.
    """
    losses = Losses(REQUEST_LOSSES)
    reasons = not any(fnmatchcase(target.model, pattern) for pattern in quirks.plain_models)
    carried = _carried(request, quirks, reasons=reasons)
    losses.note_settings(request, carried)
    written = InputWriter(quirks, losses, reasons=reasons).write(request.items)
    wire: Wire = {"model": target.model, "input": written, "store": False}
    if request.stream:
        wire["stream"] = True
        if quirks.obfuscates:
            wire["stream_options"] = {"include_obfuscation": False}
    _add_bound(wire, request, quirks, losses)
    _add_tools(wire, request, quirks, losses)
    _add_text(wire, request, carried)
    if reasons and "reasoning" in carried:
        _add_reasoning(wire, request, losses)
    _add_sampling(wire, request, carried)
    _add_service(wire, request, carried, quirks)
    _add_included(wire, request, carried, encrypted=reasons and quirks.encrypted_reasoning)
    _add_own_fields(wire, request, carried)
    return EncodedRequest(msgspec.json.encode(wire), losses.noted(), _undo(request, quirks))


def _carried(request: Request, quirks: ResponsesQuirks, *, reasons: bool) -> frozenset[str]:
    """What is told without loss to this model, given that some settings are refused while it reasons."""
    carried = quirks.carries | (quirks.fields if request.family == FAMILY else frozenset())
    control = request.reasoning
    is_off = control is not None and control.is_off
    if not reasons:
        return carried | {"reasoning"} if is_off else carried - {"reasoning", "reasoning.context", "reasoning.mode"}
    return carried if quirks.samples_while_reasoning or is_off else carried - _SAMPLED


def _add_bound(wire: Wire, request: Request, quirks: ResponsesQuirks, losses: Losses) -> None:
    bound = request.max_output_tokens
    if bound is None:
        return
    if bound < quirks.least_output_tokens:
        losses.note("max_output_tokens")
    wire["max_output_tokens"] = max(bound, quirks.least_output_tokens)


def _add_tools(wire: Wire, request: Request, quirks: ResponsesQuirks, losses: Losses) -> None:
    """Declare what may be called; without tools neither a choice nor a word on parallel calls is allowed."""
    tools = write_tools(request, quirks, losses)
    if not tools:
        return
    wire["tools"] = tools
    if request.tool_choice is not None:
        wire["tool_choice"] = write_tool_choice(request.tool_choice, request, quirks)
    if request.parallel_calls is not None and "parallel_calls" in quirks.carries:
        wire["parallel_tool_calls"] = request.parallel_calls


def _add_text(wire: Wire, request: Request, carried: frozenset[str]) -> None:
    text: Wire = {}
    if request.output_format is not None and "output_format" in carried:
        text["format"] = _format(request.output_format)
    if request.verbosity and "verbosity" in carried:
        text["verbosity"] = request.verbosity
    if text:
        wire["text"] = text


def _format(wanted: OutputFormat) -> Wire:
    if wanted.kind == "json_object":
        return {"type": "json_object"}
    wire: Wire = {"type": "json_schema", "name": wanted.name or _FORMAT_NAME, "schema": msgspec.Raw(wanted.schema)}
    if wanted.description:
        wire["description"] = wanted.description
    if wanted.strict is not None:
        wire["strict"] = wanted.strict
    return wire


def _add_reasoning(wire: Wire, request: Request, losses: Losses) -> None:
    control = request.reasoning
    if control is None:
        return
    told: Wire = {}
    if (effort := effort_of(control)) is not None:
        told["effort"] = effort
        if control.effort is None:
            losses.note("reasoning.budget")
    if control.summary or control.shown:
        told["summary"] = control.summary or "auto"
    if told:
        wire["reasoning"] = told


def _add_sampling(wire: Wire, request: Request, carried: frozenset[str]) -> None:
    sampling = request.sampling
    if sampling.temperature is not None and "sampling.temperature" in carried:
        wire["temperature"] = sampling.temperature
    if sampling.top_p is not None and "sampling.top_p" in carried:
        wire["top_p"] = sampling.top_p
    if sampling.logprobs and sampling.top_logprobs is not None and "sampling.logprobs" in carried:
        wire["top_logprobs"] = sampling.top_logprobs


def _add_service(wire: Wire, request: Request, carried: frozenset[str], quirks: ResponsesQuirks) -> None:
    service = request.service
    told: dict[str, tuple[str, str]] = {
        "service.user": (quirks.user_field, _short(service.user)),
        "service.tier": ("service_tier", service.tier),
        "service.cache_key": ("prompt_cache_key", _short(service.cache_key)),
        "service.cache_retention": ("prompt_cache_retention", service.cache_retention),
    }
    for feature, (name, value) in told.items():
        if value and feature in carried:
            wire[name] = value
    if service.metadata is not None and "service.metadata" in carried:
        wire["metadata"] = msgspec.Raw(service.metadata)


def _short(name: str) -> str:
    """Names are only compared, so a hash serves as well where one is too long."""
    return name if len(name) <= MAX_NAME_CHARS else hashlib.sha256(name.encode()).hexdigest()


def _add_included(wire: Wire, request: Request, carried: frozenset[str], *, encrypted: bool) -> None:
    included = [ENCRYPTED_INCLUDED] if encrypted else []
    if request.sampling.logprobs and "sampling.logprobs" in carried:
        included.append(LOGPROBS_INCLUDED)
    if "include" in request.extra and "include" in carried:
        included += msgspec.json.decode(request.extra["include"], type=list[str])
    if included:
        wire["include"] = included


def _add_own_fields(wire: Wire, request: Request, carried: frozenset[str]) -> None:
    """Add what only this dialect has, for a client that speaks it too."""
    for name, raw in request.extra.items():
        if name not in carried or name == "include":
            continue
        whole, _, inner = name.partition(".")
        if inner:
            wire.setdefault(whole, {})[inner] = msgspec.Raw(raw)
        elif name != "tool_choice" or "tools" in wire:
            wire[name] = msgspec.Raw(raw)


def _undo(request: Request, quirks: ResponsesQuirks) -> Undo | None:
    renamed = [tool for tool in request.tools if isinstance(tool, Tool) and not is_native(tool, quirks)]
    names = called_as(renamed) if renamed else {}
    stop = request.sampling.stop
    return Undo(names, stop=stop) if names or stop else None

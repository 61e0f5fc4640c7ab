"""The hub's request as a generateContent body for one endpoint. The model goes into the path, not here."""

from typing import Any, Final

import msgspec

from tokenrouter.dialects.effort import budget_of, effort_of
from tokenrouter.dialects.gemini.contents import ContentWriter
from tokenrouter.dialects.gemini.losses import (
    CARRIED,
    LEVELS,
    MAX_STOPS,
    REQUEST_LOSSES,
    GeminiQuirks,
    Level,
    Thinking,
    is_among,
)
from tokenrouter.dialects.gemini.request_decoder import JSON_TYPE
from tokenrouter.dialects.gemini.schema import google_schema
from tokenrouter.dialects.gemini.signatures import FAMILY
from tokenrouter.dialects.gemini.tools import add_tools, names_to_undo
from tokenrouter.dialects.hub import EncodedRequest, Target, Undo
from tokenrouter.dialects.losses import Losses
from tokenrouter.domain.requests import Effort, OutputFormat, ReasoningControl, Request, Tool

Wire = dict[str, Any]
_SCHEMA_TOLD: Final = "Answer with one JSON object that matches this JSON schema, and with nothing else:\n"
_JSON_TOLD: Final = "Answer with one JSON object, and with nothing else."
_LEVELS: Final[dict[Effort, Level]] = {
    "none": "MINIMAL",
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "HIGH",
    "max": "HIGH",
}
_TIERS: Final = {"flex": "flex", "priority": "priority", "standard": "standard", "standard_only": "standard"}
"""`serviceTier` by what other dialects call it; `auto` and `default` are what Google does unasked."""
_INSIDE_OTHERS: Final = ("functionCallingConfig", "functionResponse", "part")
"""Where fields stand that cannot be put back from `Request.extra`."""
_UNASKED_TIERS: Final = ("", "auto", "default")


def encode_request(request: Request, target: Target, quirks: GeminiQuirks) -> EncodedRequest:
    """Return `request` for an endpoint with `quirks`.

    Raises:
        InvalidRequest: it holds what `REQUEST_LOSSES` refuses.
    """
    losses = Losses(REQUEST_LOSSES)
    is_own = request.family == FAMILY
    own = {name for name in request.extra if name.partition(".")[0] not in _INSIDE_OTHERS} if is_own else set()
    losses.note_settings(request, CARRIED | own)
    writer = ContentWriter(target.model, quirks, losses)
    writer.write(request.items)
    config = _config(request, target.model, quirks, losses)
    if request.output_format is not None:
        _add_format(config, writer.system, request, target.model, quirks, losses)
    wire: Wire = {"contents": writer.contents}
    if writer.system:
        wire["systemInstruction"] = {"parts": writer.system}
    add_tools(wire, request, target.model, quirks, losses)
    if config:
        wire["generationConfig"] = config
    _add_service(wire, request, quirks, losses)
    if is_own:
        _add_extra(wire, request)
    return EncodedRequest(msgspec.json.encode(wire), losses.noted(), _undo(request))


def _config(request: Request, model: str, quirks: GeminiQuirks, losses: Losses) -> Wire:
    sampling = request.sampling
    told: Wire = {
        "maxOutputTokens": request.max_output_tokens,
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "topK": sampling.top_k,
        "seed": sampling.seed,
        "presencePenalty": sampling.presence_penalty,
        "frequencyPenalty": sampling.frequency_penalty,
    }
    config: Wire = {name: value for name, value in told.items() if value is not None}
    if sampling.answers > 1:
        config["candidateCount"] = sampling.answers
    if sampling.stop:
        config["stopSequences"] = sampling.stop[:MAX_STOPS]
        if sampling.stop[MAX_STOPS:]:
            losses.note("sampling.stop")
    if sampling.logprobs:
        config["responseLogprobs"] = True
        if sampling.top_logprobs is not None:
            config["logprobs"] = sampling.top_logprobs
    if request.modalities:
        config["responseModalities"] = ["TEXT", *(kind.upper() for kind in request.modalities)]
    if request.reasoning is not None:
        _add_thinking(config, request.reasoning, quirks.thinking_of(model), losses)
    return config


def _add_thinking(config: Wire, control: ReasoningControl, thinking: Thinking | None, losses: Losses) -> None:
    """Ask for thoughts where the client may read them: Google shows none unasked."""
    if thinking is None:
        if not control.is_off:
            losses.note("reasoning")
        return
    if control.summary and control.summary != "auto":
        losses.note("reasoning.summary")
    told: Wire = {"includeThoughts": True} if control.shown is not False and not control.is_off else {}
    if thinking.levels:
        if (level := _level(control, thinking, losses)) is not None:
            told["thinkingLevel"] = level
    elif (budget := _budget(control, thinking, losses)) is not None:
        told["thinkingBudget"] = budget
    if told:
        config["thinkingConfig"] = told


def _level(control: ReasoningControl, thinking: Thinking, losses: Losses) -> Level | None:
    """Return the level that the model knows and that is nearest, rather more than less."""
    effort = effort_of(control)
    if effort is None:
        return None
    if control.effort is None:
        losses.note("reasoning.budget")
    wanted = _LEVELS[effort]
    known = [level for level in LEVELS[LEVELS.index(wanted) :] if level in thinking.levels]
    level = known[0] if known else thinking.levels[-1]
    if control.effort is not None and level.lower() != control.effort:
        losses.note("reasoning.effort")
    return level


def _budget(control: ReasoningControl, thinking: Thinking, losses: Losses) -> int | None:
    budget = budget_of(control)
    if budget is None:
        return -1 if control.adaptive else None
    if budget < 0 or (budget == 0 and thinking.may_be_off):
        return budget
    allowed = min(max(budget, thinking.least), thinking.most)
    if allowed != budget:
        losses.note("reasoning.budget" if control.effort is None else "reasoning.effort")
    return allowed


def _add_format(
    config: Wire, system: list[Wire], request: Request, model: str, quirks: GeminiQuirks, losses: Losses
) -> None:
    """Ask for JSON; in words where the model takes no schema beside functions."""
    wanted = request.output_format or OutputFormat("json_object")
    has_functions = any(isinstance(tool, Tool) for tool in request.tools)
    if has_functions and not is_among(model, quirks.json_with_tools_models):
        losses.note("output_format")
        told = _SCHEMA_TOLD + wanted.schema.decode() if wanted.kind == "json_schema" else _JSON_TOLD
        system.append({"text": told})
        return
    config["responseMimeType"] = JSON_TYPE
    if wanted.kind == "json_object":
        return
    if wanted.description:
        losses.note("output_format.description")
    if not is_among(model, quirks.own_schema_models):
        config["responseJsonSchema"] = msgspec.Raw(wanted.schema)
    elif (schema := google_schema(wanted.schema)) is not None:
        losses.note("schema")
        config["responseSchema"] = msgspec.Raw(schema)


def _add_service(wire: Wire, request: Request, quirks: GeminiQuirks, losses: Losses) -> None:
    service = request.service
    if service.cached_content:
        wire["cachedContent"] = service.cached_content
    if service.metadata is not None:
        if request.family == FAMILY and quirks.has_labels:
            wire["labels"] = msgspec.Raw(service.metadata)
        else:
            losses.note("service.metadata")
    if service.tier in _UNASKED_TIERS:
        return
    tier = service.tier if request.family == FAMILY else _TIERS.get(service.tier)
    if tier is None or not quirks.has_tiers:
        losses.note("service.tier")
    else:
        wire["serviceTier"] = tier


def _add_extra(wire: Wire, request: Request) -> None:
    """Put back what only Gemini has, where the client speaks Gemini too."""
    for name, raw in request.extra.items():
        outer, dot, inner = name.partition(".")
        if outer in _INSIDE_OTHERS:
            continue
        if dot:
            wire.setdefault(outer, {})[inner] = msgspec.Raw(raw)
        else:
            wire[name] = msgspec.Raw(raw)


def _undo(request: Request) -> Undo | None:
    names = names_to_undo(request.tools) if request.tools else {}
    beyond = request.sampling.stop[MAX_STOPS:]
    return Undo(names, stop=beyond) if names or beyond else None

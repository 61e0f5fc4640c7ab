"""The hub's request as an Anthropic Messages body for one model of one vendor."""

import hashlib
from collections.abc import Collection
from typing import Any, Final

import msgspec

from tokenrouter.dialects.anthropic.losses import (
    NO_SAMPLING_SINCE,
    REQUEST_LOSSES,
    MessagesQuirks,
    ModelTraits,
)
from tokenrouter.dialects.anthropic.schemas import EMPTY, answer_schema
from tokenrouter.dialects.anthropic.thinking import Thinking, thinking_for
from tokenrouter.dialects.anthropic.tools import DeclaredTools, declared_tools
from tokenrouter.dialects.anthropic.turns import MAX_MARKS, CacheMarks, TurnWriter
from tokenrouter.dialects.anthropic.wire import FAMILY
from tokenrouter.dialects.hub import EncodedRequest, Target, Undo
from tokenrouter.dialects.losses import Losses
from tokenrouter.dialects.tool_names import called_as
from tokenrouter.domain.items import CacheTtl
from tokenrouter.domain.requests import Request

Wire = dict[str, Any]
MAX_USER_CHARS: Final = 256
"""Bound of `metadata.user_id` (API reference, read 2026-11); longer ones are hashed."""
_OBJECT_TOLD: Final = "Answer with one JSON object and nothing else: no words around it, no code fence."
_TIERS: Final = {"auto": "auto", "priority": "auto", "default": "standard_only"}
_EXTRA_BETAS: Final = {
    "context_management": "context-management-2025-06-27",
    "mcp_servers": "mcp-client-2025-11-20",
    "speed": "fast-mode-2026-02-01",
}
"""Fields of this dialect's own clients that need a name in `anthropic-beta`."""
_CARRIED: Final = frozenset(
    {
        "cache",
        "output_format",
        "parallel_calls",
        "reasoning",
        "sampling.stop",
        "service.cache_key",
        "service.cache_retention",
        "service.tier",
        "service.user",
    }
)
"""Settings that have a place, or a loss of their own where they are met."""
_SAMPLING: Final = frozenset({"sampling.temperature", "sampling.top_p", "sampling.top_k"})
_LEAST_TOP_P: Final = 0.95
"""The least `top_p` that goes with thinking (platform.claude.com/docs, extended thinking, read 2026-11)."""


def encode_request(request: Request, target: Target, quirks: MessagesQuirks) -> EncodedRequest:
    """Return `request` for a model of a vendor with `quirks`.

    Raises:
        InvalidRequest: it holds what `REQUEST_LOSSES` refuses.
    """
    return _Encoding(request, target, quirks).encoded()


class _Encoding:
    """One request on its way."""

    def __init__(self, request: Request, target: Target, quirks: MessagesQuirks) -> None:
        self._request = request
        self._target = target
        self._quirks = quirks
        self._traits: ModelTraits = quirks.traits(target.model)
        self._losses = Losses(REQUEST_LOSSES)
        self._is_own = request.family == FAMILY
        self._cache = self._whole_cache()
        most = (MAX_MARKS if self._cache is None else MAX_MARKS - 1) if quirks.cache_control else 0
        self._marks = CacheMarks(most, self._losses)

    def encoded(self) -> EncodedRequest:
        self._losses.note_settings(self._request, self._carried())
        max_tokens = self._max_tokens()
        declared = declared_tools(self._request, self._quirks, self._traits, self._losses, self._marks)
        thinking = thinking_for(
            self._request.reasoning, self._traits, max_tokens, self._losses, forces_call=declared.forces_call
        )
        writer = TurnWriter(self._request.family, self._traits, self._losses, self._marks)
        messages = writer.write(self._request.items, takes_prefill=self._traits.prefill and not thinking.is_on)
        if thinking.is_budget and _goes_on_unsigned(messages):
            self._losses.note("reasoning.unsigned_turn")
            thinking = Thinking()
        wire = self._begun(max_tokens, writer.system + self._told(), messages)
        self._add_tools(wire, declared, writer.called)
        self._add_output(wire, thinking)
        self._add_sampling(wire, thinking)
        self._add_service(wire)
        headers = self._versioned(wire, self._add_extra(wire, writer.betas))
        undo = self._undo(declared.format_tool)
        return EncodedRequest(msgspec.json.encode(wire), self._losses.noted(), undo, headers)

    def _begun(self, max_tokens: int, system: list[Wire], messages: list[Wire]) -> Wire:
        wire: Wire = {} if self._quirks.platform_version else {"model": self._target.model}
        wire["max_tokens"] = max_tokens
        if system:
            wire["system"] = system
        wire["messages"] = messages
        if self._request.stream:
            wire["stream"] = True
        return wire

    def _add_tools(self, wire: Wire, declared: DeclaredTools, called: Collection[str]) -> None:
        """Add the tools; where none is declared, those of earlier calls: history with calls is refused without."""
        tools, choice = declared.tools, declared.choice
        if not tools and called:
            self._losses.note("tool.undeclared")
            tools, choice = [{"name": name, "input_schema": EMPTY} for name in called], {"type": "none"}
        if tools:
            wire["tools"] = tools
        if choice is not None:
            wire["tool_choice"] = choice

    def _carried(self) -> frozenset[str]:
        carried = _CARRIED
        if self._traits.sampling != "none" and self._quirks.version < NO_SAMPLING_SINCE:
            carried |= _SAMPLING
        if not self._quirks.cache_control:
            carried -= {"cache"}
        return carried | self._request.extra.keys() if self._is_own else carried

    def _max_tokens(self) -> int:
        """Return the bound: the client's, or as much as the model may, because Anthropic demands one."""
        asked, most = self._request.max_output_tokens, self._traits.max_tokens
        if asked is None:
            return most
        if asked > most and self._traits.is_bounded:
            self._losses.note("max_output_tokens")
            return most
        return asked

    def _whole_cache(self) -> CacheTtl | None:
        """Return the mark for the whole prompt; elsewhere prefixes are cached without one, where a key names them."""
        request, service = self._request, self._request.service
        if not self._quirks.cache_control:
            return None
        if request.cache is not None:
            return request.cache
        if self._is_own or not (service.cache_key or service.cache_retention):
            return None
        if service.cache_key:
            self._losses.note("service.cache_key")
        if service.cache_retention in ("", "in_memory", "in-memory", "5m"):
            return "5m"
        self._losses.note("service.cache_retention")
        return "1h"

    def _told(self) -> list[Wire]:
        wanted = self._request.output_format
        if wanted is None or wanted.kind != "json_object":
            return []
        self._losses.note("output_format.json_object")
        return [{"type": "text", "text": _OBJECT_TOLD}]

    def _add_output(self, wire: Wire, thinking: Thinking) -> None:
        if thinking.wire is not None:
            wire["thinking"] = thinking.wire
        config: Wire = {} if thinking.effort is None else {"effort": thinking.effort}
        wanted = self._request.output_format
        if wanted is not None and wanted.kind == "json_schema" and self._traits.schemas:
            if wanted.description:
                self._losses.note("output_format.description")
            schema, has_told = answer_schema(wanted.schema)
            if has_told:
                self._losses.note("output_format.keywords")
            config["format"] = {"type": "json_schema", "schema": schema}
        if config:
            wire["output_config"] = config

    def _add_sampling(self, wire: Wire, thinking: Thinking) -> None:
        sampling, losses = self._request.sampling, self._losses
        if stops := [stop for stop in sampling.stop if stop.strip()]:
            wire["stop_sequences"] = stops
        if len(stops) < len(sampling.stop):
            losses.note("sampling.stop")
        if self._traits.sampling == "none" or self._quirks.version >= NO_SAMPLING_SINCE:
            return
        told: dict[str, float | None] = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k,
        }
        if told["temperature"] is not None and told["temperature"] > 1:
            losses.note("sampling.temperature_above_1")
            told["temperature"] = 1.0
        if thinking.is_on:
            self._drop(told, "temperature", unless=told["temperature"] == 1)
            self._drop(told, "top_p", unless=(told["top_p"] or 0) >= _LEAST_TOP_P)
            self._drop(told, "top_k")
        if self._traits.sampling == "one" and told["temperature"] is not None:
            self._drop(told, "top_p")
        wire |= {name: value for name, value in told.items() if value is not None}

    def _drop(self, told: dict[str, float | None], name: str, *, unless: bool = False) -> None:
        if told[name] is not None and not unless:
            self._losses.note(f"sampling.{name}")
            told[name] = None

    def _add_service(self, wire: Wire) -> None:
        service = self._request.service
        if service.user:
            wire["metadata"] = {"user_id": _short(service.user)}
        if service.tier:
            tier = _TIERS.get(service.tier)
            if tier is None:
                self._losses.note("service.tier")
            else:
                wire["service_tier"] = tier
        if self._cache is not None:
            wire["cache_control"] = self._marks.mark(self._cache)

    def _add_extra(self, wire: Wire, betas: set[str]) -> list[str]:
        """Add the fields of this dialect's own client; return the names of the betas that all of it needs."""
        if self._is_own:
            for name, value in self._request.extra.items():
                outer, _, inner = name.partition(".")
                if inner:
                    wire.setdefault(outer, {})[inner] = msgspec.Raw(value)
                else:
                    wire[outer] = msgspec.Raw(value)
                if name in _EXTRA_BETAS:
                    betas.add(_EXTRA_BETAS[name])
        return [*self._quirks.betas, *sorted(betas)]

    def _versioned(self, wire: Wire, betas: list[str]) -> dict[str, str]:
        """Say the version where the vendor wants it; return the headers."""
        if self._quirks.platform_version:
            wire["anthropic_version"] = self._quirks.platform_version
            if betas:
                wire["anthropic_beta"] = betas
            return {}
        headers = {"anthropic-version": self._quirks.version}
        return {**headers, "anthropic-beta": ",".join(betas)} if betas else headers

    def _undo(self, format_tool: str) -> Undo | None:
        names = called_as(self._request.tools) if self._request.tools else {}
        blanks = tuple(stop for stop in self._request.sampling.stop if stop and not stop.strip())
        return Undo(names, format_tool, blanks) if names or format_tool or blanks else None


def _goes_on_unsigned(messages: list[Wire]) -> bool:
    """Whether a turn with calls is in progress that does not begin with thoughts: with a budget that is a 400."""
    said = max((place for place, message in enumerate(messages) if message["role"] == "assistant"), default=-1)
    if said < 0 or said + 1 == len(messages) or _kind(messages[said + 1]["content"][0]) != "tool_result":
        return False
    return _kind(messages[said]["content"][0]) not in ("thinking", "redacted_thinking")


def _kind(block: Any) -> str:
    return "" if isinstance(block, msgspec.Raw) else block["type"]


def _short(user: str) -> str:
    """Names are only compared, so a hash serves as well where one is too long."""
    return user if len(user) <= MAX_USER_CHARS else hashlib.sha256(user.encode()).hexdigest()

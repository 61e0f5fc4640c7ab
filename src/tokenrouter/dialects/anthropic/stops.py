"""Anthropic's stop reasons (platform.claude.com/docs/en/build-with-claude/handling-stop-reasons, read 2026-11)."""

from typing import Any, Final

from tokenrouter.dialects.anthropic.wire import WireAnswer, WireDelta
from tokenrouter.domain.answers import Stop, StopReason

_REASONS: Final[dict[str, StopReason]] = {
    "end_turn": "end",
    "tool_use": "tool",
    "max_tokens": "length",
    "model_context_window_exceeded": "context",
    "stop_sequence": "stop_sequence",
    "refusal": "filter",
    "pause_turn": "pause",
}
_NATIVE: Final[dict[StopReason, str]] = {reason: native for native, reason in _REASONS.items()} | {
    "broken_call": "end_turn",
    "error": "end_turn",
}
_CATEGORIES: Final = frozenset(("cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms"))
"""The only values that SDK 2.11 knows."""


def stop_of(wire: WireAnswer | WireDelta, *, has_calls: bool) -> Stop:
    """Return why the model stopped; what nobody knows is told by what it said.

    Some compatible vendors say `end_turn` after calls: then the calls count.
    """
    native = wire.stop_reason or ""
    reason = _REASONS.get(native, "end")
    if has_calls and reason == "end":
        reason = "tool"
    details = wire.stop_details
    explanation, category = ("", "") if details is None else (details.explanation or "", details.category or "")
    return Stop(reason, wire.stop_sequence or "", explanation, category, native)


def stop_fields(stop: Stop, *, has_refused: bool = False) -> dict[str, Any]:
    """Return `stop_reason` and what belongs to it; a refusal in words is a refusal here, whatever ended the answer."""
    native = "refusal" if has_refused and stop.reason == "end" else _NATIVE[stop.reason]
    wire: dict[str, Any] = {"stop_reason": native, "stop_sequence": stop.sequence or None}
    if native == "refusal":
        category = stop.category if stop.category in _CATEGORIES else None
        explanation = stop.explanation or None
        wire["stop_details"] = {"type": "refusal", "category": category, "explanation": explanation}
    return wire

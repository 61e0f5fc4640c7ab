"""Gemini's finish reasons (API reference, "FinishReason" and "BlockReason", read 2026-11).

Gemini has no word for "a tool is called": it says STOP, so the parts tell. A call that the model got wrong comes
with no parts at all; shown as a clean end it would look like an empty success.
"""

from typing import Final

from tokenrouter.dialects.gemini.wire import WireFeedback
from tokenrouter.domain.answers import Stop, StopReason

_REASONS: Final[dict[str, StopReason]] = {
    "STOP": "end",
    "MAX_TOKENS": "length",
    "SAFETY": "filter",
    "RECITATION": "filter",
    "LANGUAGE": "filter",
    "BLOCKLIST": "filter",
    "PROHIBITED_CONTENT": "filter",
    "SPII": "filter",
    "MODEL_ARMOR": "filter",
    "ESCALATION": "filter",
    "PUP_LIMITED_DISABLED": "filter",
    "IMAGE_SAFETY": "filter",
    "IMAGE_PROHIBITED_CONTENT": "filter",
    "IMAGE_RECITATION": "filter",
    "IMAGE_OTHER": "filter",
    "NO_IMAGE": "filter",
    "CONTINUATION": "pause",
    "MALFORMED_FUNCTION_CALL": "broken_call",
    "UNEXPECTED_TOOL_CALL": "broken_call",
    "TOO_MANY_TOOL_CALLS": "broken_call",
    "MISSING_THOUGHT_SIGNATURE": "broken_call",
    "MALFORMED_RESPONSE": "error",
}
_FINISHES: Final[dict[StopReason, str]] = {
    "end": "STOP",
    "tool": "STOP",
    "length": "MAX_TOKENS",
    "context": "MAX_TOKENS",
    "stop_sequence": "STOP",
    "filter": "SAFETY",
    "pause": "CONTINUATION",
    "broken_call": "MALFORMED_FUNCTION_CALL",
    "error": "OTHER",
}
_FILTERS: Final = frozenset(word for word, reason in _REASONS.items() if reason == "filter")


def stop_of(finish_reason: str | None, message: str | None = None, *, has_said: bool, has_calls: bool) -> Stop:
    """Return why the model stopped. A reason that says nothing (OTHER, one made later) is judged by what was said."""
    native = finish_reason or ""
    reason = _REASONS.get(native)
    if reason is None:
        reason = "end" if has_said else "error"
    if reason == "end" and has_calls:
        reason = "tool"
    if reason == "filter":
        return Stop(reason, explanation=message or "", category=native, native=native)
    return Stop(reason, native=native)


def blocked(feedback: WireFeedback) -> Stop:
    """Return why nothing was answered at all."""
    word = feedback.block_reason or ""
    return Stop("filter", explanation=feedback.block_reason_message or "", category=word, native=word)


def finish_reason_of(stop: Stop, *, refused: bool = False) -> str:
    """Return Google's word for `stop`; `refused`: the model declined in words of its own."""
    if stop.reason == "filter" and stop.category in _FILTERS:
        return stop.category
    if refused and stop.reason == "end":
        return "SAFETY"
    return _FINISHES[stop.reason]

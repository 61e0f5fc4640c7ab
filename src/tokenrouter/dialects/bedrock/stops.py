"""Why Bedrock's models stop: Converse's `stopReason` (API reference, "ConverseResponse", read 2026-11)."""

from typing import Final

from tokenrouter.domain.answers import Stop, StopReason

_REASONS: Final[dict[str, StopReason]] = {
    "end_turn": "end",
    "tool_use": "tool",
    "max_tokens": "length",
    "stop_sequence": "stop_sequence",
    "guardrail_intervened": "filter",
    "content_filtered": "filter",
    "model_context_window_exceeded": "context",
    "malformed_tool_use": "broken_call",
    "malformed_model_output": "error",
}


def stop_of(reason: str, *, has_calls: bool, sequence: str = "", explanation: str = "") -> Stop:
    """Return why the model stopped; a word that nobody knows is told by what the model said."""
    meant = _REASONS.get(reason, "end")
    if has_calls and meant == "end":
        meant = "tool"
    return Stop(meant, sequence, explanation, native=reason)

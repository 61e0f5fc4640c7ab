"""Chat Completions' finish reasons, and those that its vendors have added."""

from typing import Final

from tokenrouter.domain.answers import Stop, StopReason

_REASONS: Final[dict[str, StopReason]] = {
    "stop": "end",
    "tool_calls": "tool",
    "function_call": "tool",
    "length": "length",
    "content_filter": "filter",
    "refusal": "filter",
    "model_length": "context",
    "error": "error",
    "insufficient_system_resource": "error",
}
"""`model_length` and `error` are Mistral's, `insufficient_system_resource` is DeepSeek's."""
_FINISHES: Final[dict[StopReason, str]] = {
    "end": "stop",
    "tool": "tool_calls",
    "length": "length",
    "context": "length",
    "stop_sequence": "stop",
    "filter": "content_filter",
    "pause": "stop",
    "broken_call": "stop",
    "error": "stop",
}


def stop_of(finish_reason: str | None, *, has_calls: bool) -> Stop:
    """Return why the model stopped; what nobody knows (`eos`, an empty text) is told by what it said.

    Some vendors say `stop` after calls: then the calls count.
    """
    native = finish_reason or ""
    reason = _REASONS.get(native, "end")
    if has_calls and reason == "end":
        reason = "tool"
    return Stop(reason, native=native)


def finish_reason_of(stop: Stop) -> str:
    """Return the finish reason that clients know."""
    return _FINISHES[stop.reason]

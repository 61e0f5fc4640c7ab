"""Our usage as Chat Completions reports it (API reference, read 2026-11): totals include their details."""

from tokenrouter.domain.ledger import Usage


def usage_object(usage: Usage) -> dict[str, object]:
    """Return `usage` with all detail objects, which strict clients expect."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "audio_tokens": max(0, usage.audio_tokens - usage.audio_output_tokens),
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": usage.audio_output_tokens,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }

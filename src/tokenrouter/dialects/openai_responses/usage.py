"""Our usage as the Responses API reports it (API reference, read 2026-11): totals include their details."""

from tokenrouter.domain.ledger import Usage


def usage_object(usage: Usage) -> dict[str, object]:
    """Return `usage` with both detail objects, which OpenAI's schema requires."""
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }

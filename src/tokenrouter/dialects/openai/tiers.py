"""How a request was served, in OpenAI's words (API reference, `service_tier`, read 2026-11).

Clients in typed languages take a value that is not in OpenAI's list for a broken answer, so another vendor's word is
told by OpenAI's for the same thing, or not at all.
"""

from typing import Final

_KNOWN: Final = frozenset(("auto", "default", "flex", "scale", "priority", "fast"))
_SAME: Final = {"standard": "default", "on_demand": "default"}
"""Anthropic's and Groq's words for what costs the usual price."""


def told_tier(tier: str) -> str:
    """Return OpenAI's word for a provider's `tier`, empty where there is none."""
    return tier if tier in _KNOWN else _SAME.get(tier, "")

"""Gemini's `usageMetadata` (API reference, read 2026-11) in our terms, and ours in its.

Google counts thoughts beside the candidates and the results of its own tools beside the prompt; both are billed, as
output and as input. Every chunk of a stream reports the total so far, so the last report counts. How a request was
served is called `trafficType` at Vertex AI (`ON_DEMAND_FLEX`) and `serviceTier` at the Gemini API (`flex`).
"""

import re
from typing import Final

import msgspec

from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.prices import billed_tier


class _Modality(msgspec.Struct, rename="camel"):
    modality: str = ""
    token_count: int | None = None


_ABSENT: Final = msgspec.Raw()
_APART: Final = re.compile(b"AUDIO|IMAGE")
"""The modalities that may have prices of their own."""
_NONE: Final[dict[str, int]] = {}
_PREFIXES: Final = ("traffic_type_", "on_demand_")
_modalities: Final = msgspec.json.Decoder(list[_Modality] | None)


class ReportedUsage(msgspec.Struct, rename="camel"):
    """`usageMetadata`; what is 0 is mostly left out."""

    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    total_token_count: int | None = None
    prompt_tokens_details: msgspec.Raw = _ABSENT
    candidates_tokens_details: msgspec.Raw = _ABSENT
    traffic_type: str | None = None
    service_tier: str | None = None

    def usage(self) -> Usage | None:
        """Return it in our terms, or None when it counts nothing (chunks before the last may only name a tariff)."""
        prompt, total, candidates = self.prompt_token_count, self.total_token_count, self.candidates_token_count
        if prompt is None and total is None and candidates is None:
            return None
        given = (prompt or 0) + (self.tool_use_prompt_token_count or 0)
        thoughts = self.thoughts_token_count or 0
        output = (total or 0) - given if candidates is None else candidates + thoughts
        into, out = _apart(self.prompt_tokens_details), _apart(self.candidates_tokens_details)
        cached = self.cached_content_token_count or 0
        spoken = out.get("AUDIO", 0)
        return Usage(
            max(given, 0),
            max(output, thoughts, 0),
            max(cached, 0),
            0,
            max(thoughts, 0),
            into.get("AUDIO", 0) + spoken,
            0,
            spoken,
            into.get("IMAGE", 0),
            out.get("IMAGE", 0),
            1,
            _tier(self.service_tier or self.traffic_type),
        )


def _tier(word: str | None) -> str:
    if not word:
        return ""
    tier = word.lower()
    for prefix in _PREFIXES:
        tier = tier.removeprefix(prefix)
    return billed_tier(tier)


def _apart(details: msgspec.Raw) -> dict[str, int]:
    """Return tokens by modality. Every chunk has the details, and almost none has sound or pictures in them."""
    if _APART.search(details) is None:
        return _NONE
    try:
        counted = _modalities.decode(details) or ()
    except msgspec.DecodeError:
        return _NONE
    tokens: dict[str, int] = {}
    for each in counted:
        tokens[each.modality] = tokens.get(each.modality, 0) + max(0, each.token_count or 0)
    return tokens


def usage_object(usage: Usage) -> dict[str, int]:
    """Return `usage` as Gemini reports it; what is 0 is left out, but for the three that everybody reads."""
    metadata = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": max(0, usage.output_tokens - usage.reasoning_tokens),
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
    if usage.cached_input_tokens:
        metadata["cachedContentTokenCount"] = usage.cached_input_tokens
    if usage.reasoning_tokens:
        metadata["thoughtsTokenCount"] = usage.reasoning_tokens
    return metadata

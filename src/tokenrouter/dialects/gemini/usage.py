"""Gemini's `usageMetadata` (API reference, read 2026-11) in our terms, and ours in its.

Google counts thoughts beside the candidates and the results of its own tools beside the prompt; both are billed, as
output and as input. Every chunk of a stream reports the total so far, so the last report counts.
"""

import re
from typing import Final

import msgspec

from tokenrouter.domain.ledger import Usage


class _Modality(msgspec.Struct, rename="camel"):
    modality: str = ""
    token_count: int | None = None


_ABSENT: Final = msgspec.Raw()
_AUDIO: Final = re.compile(b"AUDIO")
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

    def usage(self) -> Usage | None:
        """Return it in our terms, or None when it counts nothing (chunks before the last may only name a tariff)."""
        prompt, total, candidates = self.prompt_token_count, self.total_token_count, self.candidates_token_count
        if prompt is None and total is None and candidates is None:
            return None
        given = (prompt or 0) + (self.tool_use_prompt_token_count or 0)
        thoughts = self.thoughts_token_count or 0
        output = (total or 0) - given if candidates is None else candidates + thoughts
        audio = _audio_in(self.prompt_tokens_details) + _audio_in(self.candidates_tokens_details)
        cached = self.cached_content_token_count or 0
        return Usage(max(given, 0), max(output, thoughts, 0), max(cached, 0), 0, max(thoughts, 0), audio)


def _audio_in(details: msgspec.Raw) -> int:
    """Every chunk has the details, and almost none has sound in them."""
    if _AUDIO.search(details) is None:
        return 0
    try:
        counted = _modalities.decode(details) or ()
    except msgspec.DecodeError:
        return 0
    return sum(each.token_count or 0 for each in counted if each.modality == "AUDIO")


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

"""Recognising that a conversation is too long for a model.

Clients act on this one error: coding agents compact the conversation and ask again. Vendors tell it by a code or only
by their wording, so the words are matched too, and the numbers in them kept for clients that read them.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

_CODES: Final = frozenset({"context_length_exceeded", "context_window_exceeded", "model_context_window_exceeded"})
_NUMBER: Final = r"(\d[\d,_]*)"
_TOKENS: Final = rf"(?P<tokens>{_NUMBER})"
_MAXIMUM: Final = rf"(?P<maximum>{_NUMBER})"
_WORDINGS: Final = tuple(
    re.compile(wording, re.IGNORECASE | re.DOTALL)
    for wording in (
        rf"prompt is too long: {_TOKENS} tokens > {_MAXIMUM} maximum",
        rf"exceed context limit: {_TOKENS} \+ \d+ > {_MAXIMUM}",
        rf"input token count \(?{_TOKENS}\)? exceeds the maximum .*?\(?{_MAXIMUM}\)?\.?$",
        rf"maximum context length is {_MAXIMUM} tokens.*?(?:resulted in|requested|has) {_TOKENS}",
        rf"maximum context length (?:is|of) {_MAXIMUM}",
        r"(?:prompt|input) is too long",
        r"exceeds? the (?:available )?context (?:size|window|length)",
    )
)
"""Anthropic (the second with an output limit that does not fit), Google, OpenAI and vLLM with and without the length of
the conversation, Bedrock, llama.cpp: as their errors read in 2026-11."""


@dataclass(frozen=True, slots=True)
class Overflow:
    """A conversation of `tokens` for a window of `maximum`; None where the vendor does not say."""

    tokens: int | None = None
    maximum: int | None = None


def overflow_in(message: str, codes: Collection[str]) -> Overflow | None:
    """Return how much too long a conversation is, None when an error says something else."""
    for wording in _WORDINGS:
        found = wording.search(message)
        if found is not None:
            parts = found.groupdict()
            return Overflow(_number(parts.get("tokens")), _number(parts.get("maximum")))
    return Overflow() if not _CODES.isdisjoint(codes) else None


def _number(text: str | None) -> int | None:
    return None if text is None else int(text.replace(",", "").replace("_", ""))

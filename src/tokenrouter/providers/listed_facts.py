"""Reading what a vendor's list of models says of the length of conversations and answers.

Every vendor that tells has a name of its own for it; no two mean different things by one name, so one table reads all
(references read 2026-11): OpenRouter's and Together's `context_length` with `top_provider.max_completion_tokens`,
Groq's `context_window` with `max_completion_tokens`, Mistral's `max_context_length`, LM Studio's
`loaded_context_length` before the same, vLLM's `max_model_len`, Anthropic's `max_input_tokens` with `max_tokens`,
Google's `inputTokenLimit` with `outputTokenLimit`, llama.cpp's `meta.n_ctx`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from tokenrouter.domain.model_facts import MAX_TOKENS, UNKNOWN, ModelFacts
from tokenrouter.providers.listing import MAX_MODELS, listed_entries, listed_id

_WINDOW: Final = (
    "loaded_context_length",
    "context_length",
    "context_window",
    "max_context_length",
    "max_model_len",
    "max_input_tokens",
    "inputTokenLimit",
)
_ANSWER: Final = ("max_completion_tokens", "outputTokenLimit")
_ANTHROPIC: Final = ("max_input_tokens", "max_tokens")
"""`max_tokens` bounds the answer only beside the other; elsewhere some mean the window by it."""


def read_listed_facts(body: bytes, *, id_prefix: str = "") -> dict[str, ModelFacts]:
    """Return what is known by model id, without `id_prefix`; models of which nothing is said are left out."""
    try:
        decoded = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return {}
    facts: dict[str, ModelFacts] = {}
    for entry in (listed_entries(decoded) or [])[:MAX_MODELS]:
        if (name := listed_id(entry)) and (found := _facts(entry)) != UNKNOWN:
            facts[name.removeprefix(id_prefix)] = found
    return facts


def _facts(entry: Mapping[str, Any]) -> ModelFacts:
    window = _first(entry, _WINDOW) or _first(entry.get("meta"), ("n_ctx",))
    answer = _first(entry, _ANSWER) or _first(entry.get("top_provider"), _ANSWER)
    if not answer and _first(entry, _ANTHROPIC[:1]):
        answer = _first(entry, _ANTHROPIC[1:])
    return ModelFacts(window, answer)


def _first(entry: Any, names: Sequence[str]) -> int:
    """Return the first of the fields that has a number that can be one of tokens; 0 where none has."""
    if not isinstance(entry, Mapping):
        return 0
    told = (entry.get(name) for name in names)
    return next((one for one in told if type(one) is int and 0 < one <= MAX_TOKENS), 0)

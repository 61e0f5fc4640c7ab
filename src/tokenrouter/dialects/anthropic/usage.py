"""Usage as Anthropic reports it: cached tokens stand beside `input_tokens`, and a stream tells it in two parts.

The total input is `input_tokens + cache_read_input_tokens + cache_creation_input_tokens`
(platform.claude.com/docs/en/build-with-claude/prompt-caching, read 2026-11). `message_start` has the input,
`message_delta` the cumulative output and, again, whatever of the input has changed; what is absent there keeps
its value from before. Cached tokens that are counted twice or not at all are the most reported accounting error
of gateways (dialects facts, pitfalls 10 and 11), so nothing else in the project adds them up.

What is written to a cache costs by how long it lasts, five minutes or an hour, and a request by how it was served:
`service_tier` says `standard`, `priority` or `batch`, and `speed` says `fast`, which has prices of its own
(platform.claude.com/docs, prompt caching and fast mode, read 2026-11).
"""

from typing import Any, Final

import msgspec

from tokenrouter.dialects.anthropic.wire import WireCacheCreation, WireIteration, WireUsage
from tokenrouter.domain.items import Call, CallOutput, Item, Message, Reasoning, text_of
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.prices import billed_tier
from tokenrouter.domain.requests import Request, Tool

Wire = dict[str, Any]
_BESIDE: Final = frozenset(("compaction", "advisor_message"))
"""Runs that are billed and not part of the totals (platform.claude.com/docs, compaction and advisor, read 2026-11)."""
BYTES_PER_TOKEN: Final = 4
"""A rule of thumb for English text; only for what a client is shown before the true number is known."""


def usage_of(reported: WireUsage, before: Usage | None = None) -> Usage | None:
    """Return a report in our terms, completed by an earlier one; None where it counts nothing at all."""
    if reported.input_tokens is None and reported.output_tokens is None and before is None:
        return None
    known = before or Usage()
    read = _first(reported.cache_read_input_tokens, known.cached_input_tokens)
    written = _first(reported.cache_creation_input_tokens, known.cache_write_tokens)
    plain = _first(
        reported.input_tokens, max(0, known.input_tokens - known.cached_input_tokens - known.cache_write_tokens)
    )
    details = reported.output_tokens_details
    thinking = _first(None if details is None else details.thinking_tokens, known.reasoning_tokens)
    usage = Usage(
        plain + read + written,
        _first(reported.output_tokens, known.output_tokens),
        read,
        written,
        thinking,
        cache_write_1h_tokens=_first(_for_an_hour(reported.cache_creation), known.cache_write_1h_tokens),
        tier=_tier(reported) or known.tier,
    )
    return _with_runs_beside(usage, reported.iterations) if reported.iterations else usage


def _for_an_hour(creation: WireCacheCreation | None) -> int | None:
    return None if creation is None else creation.ephemeral_1h_input_tokens


def _tier(reported: WireUsage) -> str:
    return "fast" if reported.speed == "fast" else billed_tier(reported.service_tier)


def _first(reported: int | None, known: int) -> int:
    return known if reported is None else max(0, reported)


def _with_runs_beside(usage: Usage, iterations: list[WireIteration]) -> Usage:
    for run in iterations:
        if run.type in _BESIDE:
            read, written = run.cache_read_input_tokens or 0, run.cache_creation_input_tokens or 0
            usage = usage._replace(
                input_tokens=usage.input_tokens + (run.input_tokens or 0) + read + written,
                output_tokens=usage.output_tokens + (run.output_tokens or 0),
                cached_input_tokens=usage.cached_input_tokens + read,
                cache_write_tokens=usage.cache_write_tokens + written,
                cache_write_1h_tokens=usage.cache_write_1h_tokens + (_for_an_hour(run.cache_creation) or 0),
            )
    return usage


def usage_object(usage: Usage) -> Wire:
    """Return `usage` in Anthropic's terms; no count is below 0, though some vendors report more cached than total."""
    wire: Wire = {
        "input_tokens": max(0, usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens),
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_input_tokens,
        "output_tokens": usage.output_tokens,
    }
    if usage.cache_write_1h_tokens:
        short = max(0, usage.cache_write_tokens - usage.cache_write_1h_tokens)
        wire["cache_creation"] = {
            "ephemeral_5m_input_tokens": short,
            "ephemeral_1h_input_tokens": usage.cache_write_1h_tokens,
        }
    if usage.reasoning_tokens:
        wire["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return wire


def estimated_input_tokens(request: Request) -> int:
    """Return roughly how many tokens `request` is, from the length of its words and schemas; at least 1."""
    size = sum(map(_size, request.items))
    size += sum(_tool_size(tool) if isinstance(tool, Tool) else len(tool.json) for tool in request.tools)
    return max(1, size // BYTES_PER_TOKEN)


def counted(request: Request) -> bytes:
    """Return the answer of `count_tokens` for a provider that does not count: an estimate, as its name promises."""
    return msgspec.json.encode({"input_tokens": estimated_input_tokens(request)})


def _size(item: Item) -> int:
    if isinstance(item, Message | CallOutput):
        return len(text_of(item.parts))
    if isinstance(item, Reasoning):
        return sum(map(len, item.texts))
    if isinstance(item, Call):
        return len(item.name) + len(item.arguments)
    return len(item.json)


def _tool_size(tool: Tool) -> int:
    return len(tool.name) + len(tool.description) + len(tool.parameters or b"")

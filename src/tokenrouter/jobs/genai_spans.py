"""What a ledger row is as a span, in the words of the semantic conventions for generative AI.

open-telemetry/semantic-conventions-genai (which since 2026 has what semantic-conventions 1.36 to 1.41 had), status
"Development", read in 2026-11: docs/gen-ai/gen-ai-spans.md and gen-ai-metrics.md. What those have no word for begins
with `tokenrouter.`. A row has no prompt and no answer, so a span has none either; names of keys and people are left
out, their ids and teams are not.

Each attempt of a request is a row, and so a span. They share a trace: the client's if it sent one (W3C Trace Context),
else one that follows from the request's id, as spans' ids do: a row that is sent twice is the same span.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tokenrouter.domain.ledger import LedgerEntry, Operation
from tokenrouter.providers.telemetry_names import telemetry_name

OPERATIONS: Final[Mapping[Operation, str]] = {
    "chat": "chat",
    "messages": "chat",
    "responses": "chat",
    "converse": "chat",
    "generate_content": "generate_content",
    "completions": "text_completion",
    "embeddings": "embeddings",
    "embed_content": "embeddings",
    "batch_embed_contents": "embeddings",
}
"""Well-known values of `gen_ai.operation.name`; other operations have our names."""
GATEWAY: Final = "tokenrouter"
"""The provider of requests for which none was asked."""
_ENDED_WELL: Final = ("completed", "hedge_lost")
_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")

Value = str | bool | int | float | list[str]
KindOf = Callable[[str], str]
"""Returns the kind of a provider by its name, "" where it is gone."""


@dataclass(frozen=True, slots=True)
class Parent:
    """Whose trace a span is a part of."""

    trace_id: int
    span_id: int
    is_sampled: bool


@dataclass(frozen=True, slots=True)
class Span:
    """One of them. Times are nanoseconds since the epoch; `error_type` is "" where it ended well."""

    name: str
    trace_id: int
    span_id: int
    parent: Parent | None
    is_client: bool
    start_ns: int
    end_ns: int
    error_type: str
    attributes: Mapping[str, Value]


def span_of(entry: LedgerEntry, kind_of: KindOf) -> Span:
    """Return the span of `entry`."""
    parent = parent_of(entry.traceparent)
    operation, model = OPERATIONS.get(entry.operation, entry.operation), asked_model(entry)
    error_type = error_type_of(entry)
    start_ns = entry.started_us * 1000
    return Span(
        name=f"{operation} {model}".rstrip(),
        trace_id=parent.trace_id if parent else _id(request_of(entry.id), 16),
        span_id=_id(entry.id, 8),
        parent=parent,
        is_client=bool(entry.provider),
        start_ns=start_ns,
        end_ns=start_ns + entry.latency_us * 1000,
        error_type=error_type,
        attributes={
            **metric_attributes(entry, kind_of),
            **_usage(entry),
            **_ours(entry),
            **({"error.type": error_type} if error_type else {}),
        },
    )


def metric_attributes(entry: LedgerEntry, kind_of: KindOf) -> dict[str, Value]:
    """Return the attributes that spans and metrics share; the caller bounds how many models there are."""
    found: dict[str, Value] = {
        "gen_ai.operation.name": OPERATIONS.get(entry.operation, entry.operation),
        "gen_ai.provider.name": telemetry_name(kind_of(entry.provider), entry.provider) or GATEWAY,
    }
    if model := asked_model(entry):
        found["gen_ai.request.model"] = model
    return found


def asked_model(entry: LedgerEntry) -> str:
    """Return the model that the provider was asked for; where none was, the one that the client asked for."""
    return entry.model or entry.requested_model


def error_type_of(entry: LedgerEntry) -> str:
    """Return the code of the error, or how the request ended; "" where it ended well."""
    if entry.error_code:
        return entry.error_code
    return "" if entry.end_reason in _ENDED_WELL else entry.end_reason


def parent_of(traceparent: str) -> Parent | None:
    """Return what a `traceparent` says (W3C Trace Context, 3.2.2), or None where it is none."""
    match = _TRACEPARENT.fullmatch(traceparent)
    if match is None:
        return None
    return Parent(int(match[1], 16), int(match[2], 16), bool(int(match[3], 16) & 1))


def request_of(row_id: str) -> str:
    """Return the request of which a row is an attempt or a part: `req_x.2` and `req_x/1` are of `req_x`."""
    return row_id.partition(".")[0].partition("/")[0].rstrip("+")


def _usage(entry: LedgerEntry) -> dict[str, Value]:
    usage = entry.usage
    counts = {
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": usage.cached_input_tokens,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write_tokens,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
    }
    return {name: count for name, count in counts.items() if count}


def _ours(entry: LedgerEntry) -> dict[str, Value]:
    texts: dict[str, Value] = {
        "tokenrouter.request.id": request_of(entry.id),
        "tokenrouter.provider": entry.provider,
        "tokenrouter.requested_model": entry.requested_model,
        "tokenrouter.alias": entry.alias,
        "tokenrouter.key.id": entry.key_id,
        "tokenrouter.team": entry.team,
        "tokenrouter.end_reason": entry.end_reason,
        "tokenrouter.answered_by": entry.answered_by,
        "tokenrouter.decision.by": _decided_by(entry.decision),
    }
    found = {name: text for name, text in texts.items() if text}
    found["tokenrouter.attempt"] = _attempt(entry.id)
    if entry.stream:
        found["gen_ai.request.stream"] = True
    if entry.stream and entry.first_token_us:
        found["gen_ai.response.time_to_first_chunk"] = entry.first_token_us / 1e6
    if entry.status:
        found["http.response.status_code"] = entry.status
    if entry.cost_nano_usd is not None:
        found["tokenrouter.cost_usd"] = entry.cost_nano_usd / 1e9
    if entry.count != 1:
        found["tokenrouter.requests"] = entry.count
    return found


def _attempt(row_id: str) -> int:
    """Return the number of an attempt, from 1 on."""
    number = row_id.partition(".")[2].partition("/")[0].rstrip("+")
    return int(number) if number.isdecimal() else 1


def _decided_by(decision: str) -> str:
    """Return how the provider was found (docs/explain.md)."""
    try:
        told = json.loads(decision or "{}")
    except ValueError:
        return ""
    by = told.get("by", "") if isinstance(told, dict) else ""
    return by if isinstance(by, str) else ""


def _id(text: str, size: int) -> int:
    """Return `size` bytes that follow from `text`; never all zero, which would be no id."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=size).digest()) or 1

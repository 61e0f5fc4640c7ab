"""The ledger: what a request used, what it cost, and how it ended.

Money is an integer number of nano-dollars (1e-9 US dollars), so sums stay exact; what a request costs is worked out
in `domain/prices.py`.
"""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

NanoUsd = int
Operation = Literal[
    "chat",
    "completions",
    "embeddings",
    "responses",
    "count_input_tokens",
    "compact",
    "messages",
    "count_tokens",
    "generate_content",
    "count_content_tokens",
    "embed_content",
    "batch_embed_contents",
    "converse",
    "images",
    "image_edits",
    "image_variations",
    "speech",
    "transcriptions",
    "translations",
    "moderations",
    "rerank",
    "files",
    "batches",
    "passthrough",
]
"""What is asked of a model, as its dialect names it; `count_tokens` is Anthropic's, `count_content_tokens` Gemini's."""

EndReason = Literal[
    "completed",
    "client_disconnect",
    "client_error",
    "limit_reached",
    "provider_error",
    "provider_cut",
    "provider_timeout",
    "provider_slow",
    "provider_unreachable",
    "gateway_error",
    "shutdown",
    "hedge_lost",
    "interrupted",
]
"""Why a request ended. `client_error`: refused by us before any provider was contacted, or a 4xx that
the provider gave; `hedge_lost`: another provider was asked besides and was faster; `interrupted`: this process died
under it (written by replay)."""


class Usage(NamedTuple):
    """Tokens of one request. `input_tokens` includes cached reads and writes, `output_tokens` includes reasoning.

    Attributes:
        audio_tokens: of both sides; `audio_output_tokens` is the part of it that was said, not heard.
        cache_write_1h_tokens: the part of `cache_write_tokens` that is kept for an hour.
        provider_requests: how many requests to the provider it sums up, all with the same input.
        tier: the service tier that the provider says served it, as prices name it; "" is the usual one.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    audio_tokens: int = 0
    cache_write_1h_tokens: int = 0
    audio_output_tokens: int = 0
    image_input_tokens: int = 0
    image_output_tokens: int = 0
    provider_requests: int = 1
    tier: str = ""


class Subject(NamedTuple):
    """Who asks for what: the part of an entry that two requests of one key for one model share.

    Attributes:
        decision: how it was found where to ask, as JSON, where nothing had to be decided for each request.
    """

    operation: Operation
    key_id: str = ""
    key_name: str = ""
    user: str = ""
    team: str = ""
    chain: tuple[str, ...] = ()
    alias: str = ""
    requested_model: str = ""
    provider: str = ""
    model: str = ""
    price_source: str = ""
    decision: str = ""


class Begun(NamedTuple):
    """What is known of a request before its provider is asked. Fields as in `LedgerEntry`."""

    id: str
    started_us: int
    client_ip: str = ""
    client_tool: str = ""
    client_request_id: str = ""
    stream: bool = False
    bytes_in: int = 0
    traceparent: str = ""


class Ended(NamedTuple):
    """What the end of a request adds to what was known. Fields as in `LedgerEntry`.

    Attributes:
        requests: 0 where another row counts the request of which this is a part.
        decision: what was decided for this request alone, in place of its subject's.
    """

    id: str
    started_us: int
    usage: Usage
    status: int
    end_reason: EndReason
    error_code: str = ""
    estimated: bool = False
    overrun: int = 0
    cost_nano_usd: NanoUsd | None = None
    latency_us: int = 0
    first_token_us: int = 0
    bytes_out: int = 0
    changed: str = ""
    provider_request_id: str = ""
    requests: int = 1
    decision: str = ""


IMPORTED: Final = "imported"
"""The `price_source` of rows that come from another gateway: their cost is what that one noted, and limits have what
they used as an adjustment of their own, since it may have been reset there."""

AnsweredBy = Literal["", "cache", "shared", "replay"]
"""Whose answer it was: "" is its provider's own; else one that the response cache had kept, one that another request
was getting at the same time, or that of the same request, sent again with its idempotency key."""


class Borrowed(NamedTuple):
    """Whose answer a request got for which no provider was asked.

    Attributes:
        origin_id: the request that was asked for it.
        saved_nano_usd: what that one cost, as far as it is known.
    """

    answered_by: AnsweredBy = ""
    origin_id: str = ""
    saved_nano_usd: NanoUsd = 0


OWN_ANSWER: Final = Borrowed()


@dataclass(slots=True)
class LedgerEntry:
    """One request as a row of `tr_ledger`: who asked for what, and how it ended.

    Times are microseconds since the epoch; durations are microseconds. `id` is ours (UUIDv7 text, so
    rows sort by time); what the client sent as its id is `client_request_id`.
    `estimated` says that tokens were counted by us because the provider reported none.
    `cost_nano_usd` is None when no price is known: never silently free.
    `decision` says as JSON how it came to this provider (docs/explain.md).
    `count` is 1, but for the one row that stands for many refusals, and 0 in rows that are only a part of a request.
    `traceparent` is the client's, as it came (W3C Trace Context), "" where it sent none.
    `answered_by`, `origin_id`, `saved_nano_usd`: see `Borrowed`.
    """

    id: str
    started_us: int
    operation: Operation
    key_id: str = ""
    key_name: str = ""
    user: str = ""
    team: str = ""
    chain: tuple[str, ...] = ()
    client_ip: str = ""
    client_tool: str = ""
    client_request_id: str = ""
    alias: str = ""
    requested_model: str = ""
    provider: str = ""
    model: str = ""
    stream: bool = False
    status: int = 0
    end_reason: EndReason = "interrupted"
    error_code: str = ""
    usage: Usage = Usage()
    estimated: bool = False
    overrun: int = 0
    cost_nano_usd: NanoUsd | None = None
    price_source: str = ""
    latency_us: int = 0
    first_token_us: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    changed: str = ""
    provider_request_id: str = ""
    count: int = 1
    answered_by: AnsweredBy = ""
    origin_id: str = ""
    saved_nano_usd: NanoUsd = 0
    decision: str = ""
    traceparent: str = ""


DELIVERED: Final = frozenset({"completed", "client_disconnect"})
"""End reasons of requests that did what they could; every other row counts as failed."""


def has_failed(entry: LedgerEntry) -> bool:
    """Return whether the request did not deliver what was asked for."""
    return entry.end_reason not in DELIVERED or entry.status >= 400


_DIED: Final = Ended("", 0, Usage(), 0, "interrupted")


def entry_of(
    subject: Subject, begun: Begun, ended: Ended = _DIED, count: int = 1, borrowed: Borrowed = OWN_ANSWER
) -> LedgerEntry:
    """Return the row that they make; without `ended` it is a request whose process died under it."""
    operation, key_id, key_name, user, team, chain, alias, requested_model, provider, model, price_source, usual = (
        subject
    )
    entry_id, started_us, client_ip, client_tool, client_request_id, stream, bytes_in, traceparent = begun
    _, _, usage, status, end_reason, error_code = ended[:6]
    estimated, overrun, spent, latency, first_token, bytes_out, changed, provider_request_id, requests, decision = (
        ended[6:]
    )
    return LedgerEntry(
        entry_id,
        started_us,
        operation,
        key_id,
        key_name,
        user,
        team,
        chain,
        client_ip,
        client_tool,
        client_request_id,
        alias,
        requested_model,
        provider,
        model,
        stream,
        status,
        end_reason,
        error_code,
        usage,
        estimated,
        overrun,
        spent,
        price_source,
        latency,
        first_token,
        bytes_in,
        bytes_out,
        changed,
        provider_request_id,
        count * requests,
        *borrowed,
        decision or usual,
        traceparent,
    )

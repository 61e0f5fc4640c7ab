"""Requests as the API shows them: a row of the ledger with every field named, and one request's story."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from tokenrouter.admin.amounts import usd
from tokenrouter.admin.decision_bodies import Decision, shown_decision
from tokenrouter.domain.ledger import AnsweredBy, EndReason, LedgerEntry, Operation


class RowUsage(BaseModel):
    """Tokens of one row: `input_tokens` has cached reads and writes in it, `output_tokens` reasoning.

    `audio_tokens` are of both sides, `provider_requests` how many requests to the provider it sums up, `tier` the
    service tier that served it, "" for the usual one.
    """

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    audio_tokens: int
    cache_write_1h_tokens: int
    audio_output_tokens: int
    image_input_tokens: int
    image_output_tokens: int
    provider_requests: int
    tier: str


class LedgerRow(BaseModel):
    """One attempt of one request. Times ending in `_us` are microseconds, `started_us` since the epoch.

    `id` is ours, and the second attempt's ends with `.2`; `client_request_id` and `provider_request_id` are theirs.
    `chain` has the ids of the key and those above it. `estimated`: tokens were counted by us. `overrun`: tokens beyond
    what was allowed. `cost_usd` is null where no price is known. `changed`: what was changed of the request. `count` is
    1, but for one row of many refusals, and 0 for a part of a request. `answered_by`: whose answer it was, "" for the
    provider's own, and if not, that of the request `origin_id`, which saved `saved_usd`. `conversation` is
    the id of the one that the request is kept in, as far as the caller may read it.
    """

    id: str
    started_at: str
    started_us: int
    operation: Operation
    key_id: str
    key_name: str
    user: str
    team: str
    chain: list[str]
    client_ip: str
    client_tool: str
    client_request_id: str
    alias: str
    requested_model: str
    provider: str
    model: str
    stream: bool
    status: int
    end_reason: EndReason
    error_code: str
    usage: RowUsage
    estimated: bool
    overrun: int
    cost_usd: str | None
    cost_nano_usd: int | None
    price_source: str
    latency_us: int
    first_token_us: int
    bytes_in: int
    bytes_out: int
    changed: str
    provider_request_id: str
    count: int
    answered_by: AnsweredBy
    origin_id: str
    saved_usd: str
    saved_nano_usd: int
    decision: Decision | None
    traceparent: str
    conversation: str | None = None


class LedgerPage(BaseModel):
    """Rows, newest first; `next` is the `after` of the page after this one, null at the end.

    A page may have fewer rows than were asked for, or none, and still have a next one: where what is asked for is rare,
    only so many requests are looked at for one page.
    """

    data: list[LedgerRow]
    next: str | None


class RequestStory(BaseModel):
    """One request: how it was decided, how it ended, and the row of each of its attempts, the first one first."""

    id: str
    operation: Operation
    requested_model: str
    alias: str
    provider: str
    model: str
    status: int
    end_reason: EndReason
    decision: Decision
    attempts: list[LedgerRow]


def shown_row(row: LedgerEntry, conversation: str | None = None) -> LedgerRow:
    """Return a row as JSON has it. What the database holds is taken as it is: a page has a thousand of these."""
    fields: dict[str, Any] = {name: getattr(row, name, None) for name in LedgerRow.model_fields}
    started = datetime.fromtimestamp(row.started_us / 1e6, UTC).isoformat(timespec="milliseconds")
    fields |= {
        "usage": RowUsage.model_construct(**row.usage._asdict()),
        "chain": list(row.chain),
        "decision": shown_decision(row.decision),
        "started_at": started.replace("+00:00", "Z"),
        "cost_usd": None if row.cost_nano_usd is None else usd(row.cost_nano_usd),
        "saved_usd": usd(row.saved_nano_usd),
        "conversation": conversation,
    }
    return LedgerRow.model_construct(**fields)

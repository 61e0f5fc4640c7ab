"""How it is asked for requests: the filters that the list of the ledger and its live stream share."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final, Literal

from fastapi import Depends, Query

from tokenrouter.admin.amounts import NANO_PER_USD
from tokenrouter.admin.keys import ids_of
from tokenrouter.admin.ledger_export import From, To, Zone, period_of
from tokenrouter.admin.state import State
from tokenrouter.admin.texts import Words
from tokenrouter.domain.ledger import EndReason
from tokenrouter.store.ledger import LedgerFilter

MAX_USD: Final = 1_000_000_000
_US_PER_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Question:
    """Which rows are asked for: those of a filter that also have a word, if there is one."""

    wanted: LedgerFilter
    word: str
    word_key_ids: frozenset[str]


def question(
    state: State,
    since: From = "",
    until: To = "",
    tz: Zone = "UTC",
    key: Annotated[Words, Query(description="Name or id of a key.")] = "",
    user: Words = "",
    team: Words = "",
    provider: Words = "",
    model: Words = "",
    end_reason: EndReason | None = None,
    status: Annotated[
        Literal["ok", "failed", "4xx", "5xx", "cut"] | None, Query(description="How they ended, roughly.")
    ] = None,
    stream: Annotated[bool | None, Query(description="Whether the answer was asked for as a stream.")] = None,
    min_cost_usd: Annotated[Decimal, Query(ge=0, le=MAX_USD, description="What they cost at least.")] = Decimal(0),
    min_latency_ms: Annotated[int, Query(ge=0, le=10**9, description="How long they took at least.")] = 0,
    ip: Words = "",
    tool: Words = "",
    alias: Words = "",
    error: Annotated[Words, Query(description="The code of an error.")] = "",
    q: Annotated[Words, Query(description="A word that is exactly an id of the request, or any of the filters.")] = "",
) -> Question:
    """Return which rows a list or a stream is asked for; empty filters do not restrict.

    Raises:
        Problem: 422, the period is none.
    """
    period = period_of(since, until, tz=tz)
    wanted = LedgerFilter(
        key_ids=ids_of(state, key) if key else None,
        user=user,
        team=team,
        provider=provider,
        model=model,
        end_reason=end_reason or "",
        client_ip=ip,
        client_tool=tool,
        alias=alias,
        error_code=error,
        outcome=status or "",
        stream=stream,
        min_cost_nano_usd=int(min_cost_usd * NANO_PER_USD),
        min_latency_us=min_latency_ms * _US_PER_MS,
        since_us=period.since_us,
        until_us=period.until_us,
    )
    return Question(wanted, q, ids_of(state, q) if q else frozenset())


WantedRows = Annotated[Question, Depends(question)]

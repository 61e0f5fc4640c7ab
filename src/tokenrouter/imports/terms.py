"""Limits and ledger rows as several sources have them, said once."""

from typing import Final

from tokenrouter.domain.ledger import IMPORTED, EndReason, LedgerEntry, Operation, Usage
from tokenrouter.domain.limit_text import MAX_AMOUNT, MAX_WINDOW_S, limit_id
from tokenrouter.domain.limits import Limit, Metric, Window
from tokenrouter.imports.found import FoundLimit, row_id

LIFETIME: Final = Window("lifetime")
MINUTE: Final = Window("sliding", 60)
DAY: Final = Window("day")


def found_limit(
    scope: str, metric: Metric, window: Window, amount: int, used: int = 0, window_started_s: float | None = None
) -> FoundLimit:
    """Return a hard limit with what was used of it; amounts beyond what is kept are cut to that."""
    most = max(0, min(amount, MAX_AMOUNT))
    limit = Limit(limit_id(scope, metric, window), scope, metric, window, most)
    return FoundLimit(limit, max(0, min(used, MAX_AMOUNT)), window_started_s)


def interval_or_lifetime(length_s: int) -> Window:
    """Return the window that begins again every `length_s`; for 0, and for more than ten years, never."""
    return Window("interval", length_s) if 0 < length_s <= MAX_WINDOW_S else LIFETIME


def imported_row(
    identity: tuple[object, ...],
    started_us: int,
    usage: Usage,
    *,
    operation: Operation = "chat",
    key_id: str = "",
    key_name: str = "",
    user: str = "",
    team: str = "",
    provider: str = "",
    model: str = "",
    requested_model: str = "",
    alias: str = "",
    status: int = 200,
    cost_nano_usd: int | None = None,
    latency_us: int = 0,
    client_ip: str = "",
    client_tool: str = "",
    stream: bool = False,
    count: int = 1,
) -> LedgerEntry:
    """Return a ledger row; `identity` tells it from all others, wherever they are from (`found.row_id`).

    `price_source` says that no price of ours made its cost, and that limits have what it used from elsewhere.
    """
    return LedgerEntry(
        id=row_id(started_us, *identity),
        started_us=started_us,
        operation=operation,
        key_id=key_id,
        key_name=key_name,
        user=user,
        team=team,
        chain=(key_id,) if key_id else (),
        client_ip=client_ip,
        client_tool=client_tool,
        alias=alias,
        requested_model=requested_model or model,
        provider=provider,
        model=model,
        stream=stream,
        status=status,
        end_reason=end_of(status),
        usage=usage,
        cost_nano_usd=cost_nano_usd,
        price_source=IMPORTED,
        latency_us=latency_us,
        count=count,
    )


def end_of(status: int) -> EndReason:
    """Return how a request ended of which only the status is known: whose fault it was, as far as that tells."""
    if 0 < status < 400:
        return "completed"
    if status in (401, 403, 404, 400, 422):
        return "client_error"
    if status == 429:
        return "limit_reached"
    return "provider_timeout" if status in (408, 504) else "provider_error"

"""Whether a row that is at hand is among those that are wanted, without asking the database.

It is for rows that have just come in, and says what the conditions of the query say (a test compares the two).
"""

from typing import Final

from tokenrouter.domain.ledger import LedgerEntry, has_failed
from tokenrouter.store.decisions import attempt_ids
from tokenrouter.store.ledger import CUT, LedgerFilter, Outcome

_TEXTS: Final = (
    *("user", "team", "provider", "model", "end_reason"),
    *("client_ip", "client_tool", "alias", "error_code"),
)
_SEARCHED: Final = (
    *("user", "team", "provider", "model", "client_ip", "client_tool", "alias", "error_code"),
    *("client_request_id", "provider_request_id"),
)


def is_wanted(wanted: LedgerFilter, row: LedgerEntry) -> bool:
    """Whether `row` is among those that `wanted` selects; where a page begins (`before`) is no matter."""
    return (
        all(getattr(wanted, name) in ("", getattr(row, name)) for name in _TEXTS)
        and (not wanted.outcome or _has_ended(wanted.outcome, row))
        and wanted.stream in (None, row.stream)
        and (not wanted.min_cost_nano_usd or (row.cost_nano_usd or 0) >= wanted.min_cost_nano_usd)
        and row.latency_us >= wanted.min_latency_us
        and (wanted.key_ids is None or row.key_id in wanted.key_ids)
        and (wanted.within is None or wanted.within.covers(team=row.team, user=row.user, key_id=row.key_id))
        and row.started_us >= wanted.since_us
        and (wanted.until_us is None or row.started_us < wanted.until_us)
    )


def has_word(row: LedgerEntry, word: str, key_ids: frozenset[str]) -> bool:
    """Whether a search for `word` finds `row`; `key_ids` are those of keys with that name."""
    return row.id in attempt_ids(word) or row.key_id in key_ids or any(getattr(row, name) == word for name in _SEARCHED)


def _has_ended(outcome: Outcome, row: LedgerEntry) -> bool:
    match outcome:
        case "ok":
            return not has_failed(row)
        case "failed":
            return has_failed(row)
        case "4xx":
            return 400 <= row.status <= 499
        case "5xx":
            return row.status >= 500
        case _:
            return row.end_reason in CUT

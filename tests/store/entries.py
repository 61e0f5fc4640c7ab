"""Ledger entries as tests need them."""

from dataclasses import replace

from tokenrouter.domain.ledger import LedgerEntry, Usage

NOON_US = 1_767_268_800_000_000
"""2026-01-01 12:00 UTC."""

ENTRY = LedgerEntry(
    id="01",
    started_us=NOON_US,
    operation="chat",
    key_id="key_alice",
    key_name="alice",
    user="ann",
    team="physics",
    chain=("alice", "parent"),
    requested_model="acme/small",
    provider="acme",
    model="small",
    status=200,
    end_reason="completed",
    usage=Usage(input_tokens=10, output_tokens=5, cached_input_tokens=4, reasoning_tokens=2),
    cost_nano_usd=25,
)


def entry(entry_id: str, **changes: object) -> LedgerEntry:
    fresh = replace(ENTRY, id=entry_id)
    for name, value in changes.items():
        setattr(fresh, name, value)
    return fresh

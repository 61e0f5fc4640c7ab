import json
from dataclasses import fields

from tests.store.entries import NOON_US, entry
from tokenrouter.admin.ledger_bodies import LedgerRow, RowUsage, shown_row
from tokenrouter.domain.ledger import LedgerEntry, Usage


def test_every_field_of_a_row_is_shown() -> None:
    assert {one.name for one in fields(LedgerEntry)} <= set(LedgerRow.model_fields)
    assert set(Usage._fields) == set(RowUsage.model_fields)


def test_a_row_is_what_it_says_it_is() -> None:
    shown = shown_row(entry("req_1", decision=json.dumps({"by": "prefix"}), saved_nano_usd=10**9, cost_nano_usd=None))

    assert LedgerRow.model_validate(shown.model_dump()) == shown
    assert (shown.started_us, shown.started_at) == (NOON_US, "2026-01-01T12:00:00.000Z")
    assert (shown.cost_usd, shown.saved_usd, shown.chain) == (None, "1.00", ["alice", "parent"])
    assert shown.usage.reasoning_tokens == 2

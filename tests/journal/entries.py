"""Entries and records as hypothesis makes them, and files that hold them."""

from dataclasses import fields

from hypothesis import strategies as st

from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.domain.limits import Amounts
from tokenrouter.journal.format import Begin, End, Progress

counts = st.integers(0, 2**62)
texts = st.text(max_size=40)
usages = st.builds(Usage, **dict.fromkeys([field.name for field in fields(Usage)], counts))
amounts = st.builds(Amounts, counts, counts, counts, counts)
ids = st.sampled_from(["a", "b", "c", "d"])
entries = st.builds(
    LedgerEntry,
    id=ids,
    started_us=counts,
    operation=st.sampled_from(["chat", "responses"]),
    key_name=texts,
    chain=st.lists(texts, max_size=3).map(tuple),
    model=texts,
    stream=st.booleans(),
    status=st.integers(0, 599),
    end_reason=st.sampled_from(["completed", "provider_cut"]),
    usage=usages,
    estimated=st.booleans(),
    cost_nano_usd=st.none() | counts,
    provider_request_id=texts,
    count=st.integers(1, 10**6),
)
records = st.builds(Begin, entries, amounts) | st.builds(Progress, ids, amounts) | st.builds(End, entries)


def entry(entry_id: str = "req_1") -> LedgerEntry:
    """Return an entry as it is before its provider has answered."""
    return LedgerEntry(entry_id, 1_763_690_000_000_000, "chat", key_name="alice", chain=("alice",), model="small")

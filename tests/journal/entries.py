"""Records as hypothesis makes them, and what tests write to journals."""

from hypothesis import strategies as st

from tokenrouter.domain.ledger import Begun, Borrowed, Ended, Subject, Usage
from tokenrouter.domain.limits import Amounts
from tokenrouter.journal.format import Begin, End, Progress, Whole, encode_subject
from tokenrouter.journal.writer import JournalWriter

HELD = Amounts(1, 100, 200, 3000)
SUBJECT = Subject("chat", key_name="alice", chain=("alice",), model="small")

counts = st.integers(0, 2**62)
texts = st.text(max_size=40)
usages = st.builds(Usage, *[counts] * (len(Usage._fields) - 1), texts)
amounts = st.builds(Amounts, counts, counts, counts, counts)
ids = st.sampled_from(["a", "b", "c", "d"])
subjects = st.builds(
    Subject,
    operation=st.sampled_from(["chat", "responses"]),
    key_id=texts,
    key_name=texts,
    user=texts,
    team=texts,
    chain=st.lists(texts, max_size=3).map(tuple),
    alias=texts,
    requested_model=texts,
    provider=texts,
    model=texts,
    price_source=texts,
    decision=texts,
)
beginnings = st.builds(Begun, ids, counts, texts, texts, texts, st.booleans(), counts)
endings = st.builds(
    Ended,
    id=ids,
    started_us=counts,
    usage=usages,
    status=st.integers(0, 599),
    end_reason=st.sampled_from(["completed", "provider_cut"]),
    error_code=texts,
    estimated=st.booleans(),
    overrun=counts,
    cost_nano_usd=st.none() | counts,
    latency_us=counts,
    first_token_us=counts,
    bytes_out=counts,
    changed=texts,
    provider_request_id=texts,
    requests=st.integers(0, 1),
    decision=texts,
)
borrowed = st.builds(Borrowed, st.sampled_from(["", "cache", "shared", "replay"]), texts, counts)
records = (
    st.builds(Begin, subjects, beginnings, amounts)
    | st.builds(Progress, ids, amounts)
    | st.builds(End, endings)
    | st.builds(Whole, subjects, beginnings, endings, st.integers(1, 10**6), borrowed)
)


def begun(entry_id: str = "req_1") -> Begun:
    """Return what is known of a request before its provider has answered."""
    return Begun(entry_id, 1_763_690_000_000_000)


def ended(entry_id: str = "req_1") -> Ended:
    """Return how it ended."""
    return Ended(entry_id, 1_763_690_000_000_000, Usage(5, 6), 200, "completed")


def begin(journal: JournalWriter, entry_id: str = "req_1", held: Amounts = HELD) -> None:
    """Write its begin."""
    journal.begin(encode_subject(SUBJECT), begun(entry_id), held)


def begin_record(entry_id: str = "req_1", held: Amounts = HELD) -> Begin:
    """Return the record that `begin` writes."""
    return Begin(SUBJECT, begun(entry_id), held)

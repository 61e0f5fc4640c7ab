import pytest

from tests.journal.captured import SEALING, captured
from tests.store.entries import ENTRY, entry
from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.store.conversation_charges import Charge, ChargedSum, charged_sums, charges_of
from tokenrouter.store.conversations import Gist, NewRecord, take_in_file
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import Row, record

TOKENS = ENTRY.usage.input_tokens + ENTRY.usage.output_tokens


def row(row_id: str, at_us: int = 0, **fields: object) -> LedgerEntry:
    return entry(row_id, started_us=at_us, latency_us=1000, **fields)


@pytest.fixture
def one_conversation(store: Store) -> str:
    """A conversation of two requests, the second of which was answered by the second place."""
    records = [NewRecord(captured(name, session="s"), "", Gist(name, "")) for name in ("plain", "moved")]
    take_in_file(store, SEALING, "file", records)
    rows = [
        row("plain", cost_nano_usd=7),
        row("moved", 5000, provider="first", end_reason="provider_error", count=0, cost_nano_usd=None),
        row("moved.2", 8000, provider="second", cost_nano_usd=20),
        row("moved-not", cost_nano_usd=1000),
    ]
    record(store, [Row(one) for one in rows], {})
    with store.read() as connection:
        return str(connection.exec_driver_sql("SELECT id FROM tr_conversations").scalar_one())


def test_a_conversation_costs_what_all_who_were_asked_cost(store: Store, one_conversation: str) -> None:
    with store.read() as connection:
        sums = charged_sums(connection, [one_conversation])

    assert sums == {one_conversation: ChargedSum(3 * TOKENS, 27)}


def test_a_request_is_told_by_who_answered_it_in_the_end(store: Store, one_conversation: str) -> None:
    with store.read() as connection:
        charges = charges_of(connection, ["plain", "moved", "gone"])

    usage, model = ENTRY.usage, ENTRY.model
    assert charges == {
        "plain": Charge(ENTRY.provider, model, usage.input_tokens, usage.output_tokens, 7, "completed", 1000),
        "moved": Charge("second", model, 2 * usage.input_tokens, 2 * usage.output_tokens, 20, "completed", 4000),
    }


def test_without_a_price_there_is_no_cost(store: Store, one_conversation: str) -> None:
    record(store, [Row(row("other", cost_nano_usd=None))], {})

    with store.read() as connection:
        charged = charges_of(connection, ["other"])["other"]
        nobody = charged_sums(connection, [])

    assert charged.cost_nano_usd is None
    assert nobody == {}

from tests.journal.captured import NOON_US, captured
from tokenrouter.admin.conversation_bodies import moment, record_of
from tokenrouter.dialects.transcripts import Piece, ReadAnswer, Turn
from tokenrouter.jobs.conversation_view import ViewedRecord
from tokenrouter.store.conversation_charges import Charge
from tokenrouter.store.conversation_pages import KeptRecord

CHARGE = Charge("acme", "small", 10, 5, 25, "completed", 1500)


def test_a_request_is_shown_with_what_the_ledger_knows_of_it() -> None:
    turn = Turn("assistant", (Piece("tool_call", "{}", "look", "c1"),))
    record = KeptRecord(7, "r1", "", 9, captured("r1"), CHARGE)

    shown = record_of(ViewedRecord(record, "Be kind.", (), 0, ReadAnswer((turn,), "id", "tool")), raw=True)

    assert shown.use is not None
    assert (shown.use.cost_usd, shown.use.latency_ms, shown.use.end_reason) == ("0.000000025", 1.5, "completed")
    assert shown.answer[0].pieces[0].model_dump() == {
        "kind": "tool_call",
        "text": "{}",
        "name": "look",
        "call_id": "c1",
        "is_error": False,
    }
    assert shown.raw is not None
    assert [(header.name, header.value) for header in shown.raw.answer.headers] == [("x-tokenrouter-provider", "acme")]
    assert (shown.stop, shown.at, shown.truncated) == ("tool", "2026-01-01T12:00:00.000Z", False)


def test_a_request_that_cannot_be_read_any_more_is_shown_as_far_as_it_can() -> None:
    record = KeptRecord(7, "r1", "", 9, None, CHARGE)

    shown = record_of(ViewedRecord(record, None, (), 0, ReadAnswer(problem="it cannot be read any more")), raw=True)

    assert (shown.id, shown.outcome, shown.provider, shown.problem) == (
        "r1",
        None,
        "acme",
        "it cannot be read any more",
    )


def test_moments_have_milliseconds() -> None:
    assert moment(NOON_US + 1500) == "2026-01-01T12:00:00.001Z"

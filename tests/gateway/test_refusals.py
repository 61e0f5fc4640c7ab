from tests.gateway.fakes import Notes
from tokenrouter.domain.ledger import Begun, Ended, Subject, Usage
from tokenrouter.gateway.refusals import ROWS_PER_MINUTE, Refusals


def refuse(refusals: Refusals, number: int) -> None:
    name = f"req_{number}"
    refusals.record(Subject("chat", key_id="k"), Begun(name, 0), Ended(name, 0, Usage(), 429, "limit_reached"))


def test_after_sixty_a_minute_refusals_are_counted_in_one_row() -> None:
    now_s = [0.0]
    notes = Notes()
    refusals = Refusals(notes, lambda: now_s[0])
    for number in range(200):
        refuse(refusals, number)
    assert len(notes.ended) == ROWS_PER_MINUTE

    now_s[0] = 61.0
    refusals.flush_before()
    assert notes.ended[-1].count == 200 - ROWS_PER_MINUTE
    assert sum(row.count for row in notes.ended) == 200


def test_a_new_minute_writes_the_count_of_the_old_one_first() -> None:
    now_s = [0.0]
    notes = Notes()
    refusals = Refusals(notes, lambda: now_s[0])
    for number in range(ROWS_PER_MINUTE + 5):
        refuse(refusals, number)
    now_s[0] = 60.0
    refuse(refusals, 999)

    assert [row.count for row in notes.ended[-2:]] == [5, 1]


def test_the_end_writes_what_is_still_counted() -> None:
    notes = Notes()
    refusals = Refusals(notes, lambda: 0.0)
    for number in range(ROWS_PER_MINUTE + 2):
        refuse(refusals, number)
    refusals.flush()
    refusals.flush()

    assert sum(row.count for row in notes.ended) == ROWS_PER_MINUTE + 2

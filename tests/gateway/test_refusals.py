from tests.gateway.fakes import Notes
from tokenrouter.domain.ledger import LedgerEntry
from tokenrouter.gateway.refusals import ROWS_PER_MINUTE, Refusals


def entry(number: int) -> LedgerEntry:
    return LedgerEntry(f"req_{number}", 0, "chat", key_id="k")


def test_after_sixty_a_minute_refusals_are_counted_in_one_row() -> None:
    now_s = [0.0]
    notes = Notes()
    refusals = Refusals(notes, lambda: now_s[0])
    for number in range(200):
        refusals.record(entry(number))
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
        refusals.record(entry(number))
    now_s[0] = 60.0
    refusals.record(entry(999))

    assert [row.count for row in notes.ended[-2:]] == [5, 1]


def test_the_end_writes_what_is_still_counted() -> None:
    notes = Notes()
    refusals = Refusals(notes, lambda: 0.0)
    for number in range(ROWS_PER_MINUTE + 2):
        refusals.record(entry(number))
    refusals.flush()
    refusals.flush()

    assert sum(row.count for row in notes.ended) == ROWS_PER_MINUTE + 2

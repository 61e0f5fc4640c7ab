"""Every fault of a provider in every pair of dialects: the right answer or the right error, and true books."""

import re
from collections.abc import Mapping

import pytest

from tests.e2e.hostile.asking import Answered, error_in
from tests.e2e.matrix.books import FIELDS, bill
from tests.e2e.routing.cells import CELLS, FALLBACKS, QUIET_S, Cell
from tests.e2e.routing.conftest import Seen
from tests.e2e.routing.faults import FAULTS, Outcome, status_told
from tests.recordings.judges import Desk, Heard, Judge, Refused

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("routing")]

each_cell = pytest.mark.parametrize("cell", CELLS, ids=str)
ANSWER = 20
"""Tokens of the fallback's answer; lorem of the first place has 64."""
STOPS = {"chat": "stop", "responses": "completed", "messages": "end_turn", "gemini": "STOP"}
ENDINGS = {
    "chat": re.compile(rb'"finish_reason"\s*:\s*"|\[DONE\]'),
    "responses": re.compile(rb"response\.(completed|incomplete)"),
    "messages": re.compile(rb'message_stop|"stop_reason"\s*:\s*"'),
    "gemini": re.compile(rb'"finishReason"'),
}
"""What stands in a stream of each client's dialect only when it has come to its proper end."""
CLOCKS_DIFFER_US = 100_000
"""By how much two moments of the wall clock may be nearer to each other than the steady one's."""


def happened(cell: Cell, seen: Seen) -> Outcome:
    """Return what has become of a cell that may end in more than one way."""
    went_on = seen.answer.headers.get("x-tokenrouter-attempts") == "2"
    (outcome,) = [one for one in cell.fate.outcomes if (one == "elsewhere") == went_on]
    return outcome


def heard(cell: Cell, answer: Answered, desk: Desk, readers: Mapping[str, Judge]) -> Heard:
    desk.lay(answer.body, stream=cell.stream, status=answer.status)
    judge = readers[cell.client]
    return judge.stream() if cell.stream else judge.whole()


@each_cell
def test_a_client_gets_an_answer_or_the_error_of_its_own_dialect(
    seen: Mapping[Cell, Seen], desk: Desk, readers: Mapping[str, Judge], cell: Cell
) -> None:
    answer = seen[cell].answer
    outcome = happened(cell, seen[cell])

    assert "retry-after" not in answer.headers, "nobody has to wait for what was answered elsewhere"
    if outcome == "told":
        assert answer.status == 400
        assert "made to fail" in error_in(cell.client, answer)
        return
    assert answer.status == 200
    if outcome == "broken":
        with pytest.raises(Refused):
            heard(cell, answer, desk, readers)
        assert not ENDINGS[cell.client].search(answer.body), "a truncated success"
        return
    if outcome == "passed":
        assert ENDINGS[cell.client].search(answer.body)
        return
    said = heard(cell, answer, desk, readers)
    assert said.stop == STOPS[cell.client]
    assert said.text.startswith("Lorem ipsum")
    assert said.usage.output_tokens == (ANSWER if outcome == "elsewhere" else 64)
    expected = FALLBACKS[cell.provider] if outcome == "elsewhere" else cell.provider
    assert answer.headers["x-tokenrouter-provider"] == expected


@each_cell
def test_each_attempt_is_written_down_and_charged_as_its_provider_bills(seen: Mapping[Cell, Seen], cell: Cell) -> None:
    fate, found = cell.fate, seen[cell]
    outcome = happened(cell, found)
    first, *others = found.rows
    status = status_told(cell.provider, cell.fault) if outcome in ("elsewhere", "told") else 200

    assert first["provider"].removeprefix("quiet-") == cell.provider
    assert (first["end_reason"], first["error_code"], first["status"]) == (fate.end_reason, fate.error_code, status)
    assert bool(first["estimated"]) == fate.is_made
    assert len(others) == (outcome == "elsewhere")
    assert [row["count"] for row in found.rows] == [0] * len(others) + [1], "one request, however often it was asked"
    for row in found.rows:
        line = found.bills[row["id"]]
        if not row["estimated"]:
            assert {ours: row[ours] for ours in FIELDS} == {ours: line[theirs] for ours, theirs in FIELDS.items()}
            assert row["cost_nano_usd"] == bill(line)
    if fate.is_made:
        assert first["input_tokens"] > 0
        assert first["cost_nano_usd"] > 0


@each_cell
def test_attempts_follow_each_other_and_only_one_that_is_silent_is_waited_for(
    seen: Mapping[Cell, Seen], cell: Cell
) -> None:
    first, *others = seen[cell].rows
    is_quiet = FAULTS[cell.fault].is_quiet

    if is_quiet:
        assert first["latency_us"] >= QUIET_S * 1e6 - CLOCKS_DIFFER_US
    for second in others:
        assert second["id"] == first["id"] + ".2"
        assert second["started_us"] >= first["started_us"] + (QUIET_S * 1e6 if is_quiet else 0) - CLOCKS_DIFFER_US
        assert (second["provider"], second["status"]) == (FALLBACKS[cell.provider], 200)
        assert second["end_reason"] == "completed"

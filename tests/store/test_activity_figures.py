import pytest

from tokenrouter.domain.ledger import Usage
from tokenrouter.store.activity_figures import (
    NOTHING,
    TABLES,
    Figures,
    Part,
    Question,
    Series,
    added,
    amounts_of,
    less,
    others_of,
    speeds_in,
    tokens_of,
    usage_sums_of,
)
from tokenrouter.store.ledger import LedgerFilter
from tokenrouter.store.schema import SPEED_SUMS

MUCH = (9, 3, 100, 50, 20, 10, 900, 2)
SOME = (4, 1, 60, 10, 5, 10, 400, 1)


def question(**changes: object) -> Question:
    fields: dict[str, object] = {"since_s": 7200, "until_s": 10_800, "slot_s": 900, "now_s": 9000, **changes}
    return Question(LedgerFilter(), **fields)  # type: ignore[arg-type]


def test_the_time_before_is_as_long_as_what_has_passed_of_this_one() -> None:
    assert question().before_s == 5400
    assert question(now_s=99_999).before_s == 3600


def test_wider_slots_widen_the_time() -> None:
    assert list(question().slots) == [7200, 8100, 9000, 9900]
    wider = question().by(21_600)
    assert (wider.since_s, wider.until_s, list(wider.slots)) == (0, 21_600, [0])


@pytest.mark.parametrize("group", ["all", "model", "team"])
def test_what_a_chart_is_split_by_has_a_table(group: str) -> None:
    assert set(question(group=group).tables) == {*TABLES, group} - {"all"}


def test_what_is_taken_away_is_what_was_added() -> None:
    assert less(MUCH, [SOME]) == (5, 2, 40, 40, 15, 0, 500, 1)
    assert less(MUCH, [MUCH]) == NOTHING


def test_others_are_what_is_in_no_series() -> None:
    series = [Series(Part("a", "", SOME), {1: SOME, 2: MUCH})]

    assert others_of({1: MUCH, 2: MUCH, 3: SOME}, series) == {1: less(MUCH, [SOME]), 3: SOME}


def test_the_total_is_that_of_all_slots() -> None:
    figures = Figures(question(), 7200, MUCH, {7200: SOME, 8100: SOME})

    assert (figures.total[0], tokens_of(figures.total)) == (8, 140)


def test_speeds_are_read_in_their_order() -> None:
    speeds = speeds_in(range(len(SPEED_SUMS)))

    assert (speeds.prompt_tokens, speeds.generation_us, speeds.latency[0], speeds.first_token[-1]) == (0, 3, 4, 51)


def test_amounts_are_sums_and_back() -> None:
    sums = usage_sums_of(MUCH)

    assert (sums.requests, sums.usage, sums.cost_nano_usd) == (9, Usage(100, 50, 20, 0, 10), 900)
    assert amounts_of(sums) == MUCH
    assert added([MUCH, SOME]) == (13, 4, 160, 60, 25, 20, 1300, 3)
    assert added([]) == NOTHING

import pytest

from tests.store.activities import OF, by, check_figures, mixed_rows, told
from tests.store.entries import NOON_US
from tokenrouter.store.activity_days import figures_of_days, stacked_days, top_of_days, usage_filter
from tokenrouter.store.activity_figures import Question, added
from tokenrouter.store.activity_rollups import figures_of_rollups
from tokenrouter.store.activity_sums import DAY_S
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter, Row, record
from tokenrouter.store.usage import UsageFilter

NOW_S = NOON_US // 1_000_000
ROWS = mixed_rows(150)


@pytest.fixture(autouse=True)
def rows(store: Store) -> None:
    record(store, [Row(row) for row in ROWS], {})


def question(**wanted: str) -> Question:
    return Question(LedgerFilter(**wanted), NOW_S - 50 * DAY_S, NOW_S, 3600, NOW_S, "key", 2)  # type: ignore[arg-type]


def test_slots_are_days_and_what_days_do_not_know_is_not_told(store: Store) -> None:
    found = figures_of_days(store, question(team="art", user="ann"))

    check_figures(found, [row for row in ROWS if (row.team, row.user) == ("art", "ann")], found.question)
    assert (found.question.slot_s, found.hours, found.speeds) == (DAY_S, None, None)
    assert set(found.tables) == {"model", "provider", "key"}


def test_how_fast_one_provider_was_is_told(store: Store) -> None:
    acme, all_of_it = figures_of_days(store, question(provider="acme")), figures_of_days(store, question())

    assert acme.speeds
    assert all_of_it.speeds == figures_of_rollups(store, all_of_it.question).speeds != acme.speeds


def test_a_filter_of_rows_is_one_of_days() -> None:
    wanted = LedgerFilter(key_ids=frozenset({"key_1"}), provider="acme", client_tool="curl")

    assert usage_filter(wanted, NOW_S - 43_200 - DAY_S, NOW_S - 43_200) == UsageFilter(
        since_day="2025-12-31", until_day="2025-12-31", key_ids=frozenset({"key_1"}), provider="acme"
    )


def test_stacked_days_are_together_what_all_is(store: Store) -> None:
    days, series, others = stacked_days(store, UsageFilter(), "key", 2)

    names = [part.name for part in top_of_days(store, UsageFilter(), "key")]
    assert [one.part.name for one in series] == names[:2]
    together = added([*(added(one.slots.values()) for one in series), added(others.values())])
    assert told(together) == by(ROWS, OF["all"])[""]
    assert days == sorted(days)

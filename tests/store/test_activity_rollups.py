from random import Random

import pytest

from tests.store.activities import OF, by, check_figures, mixed_rows, told, used
from tests.store.entries import NOON_US
from tokenrouter.domain.speeds import Speeds
from tokenrouter.store.activity_figures import Question
from tokenrouter.store.activity_rollups import (
    figures_of_rollups,
    series_of,
    speeds_between,
    speeds_of,
    top_of,
    total_of,
)
from tokenrouter.store.activity_sums import DAY_S, DIMENSIONS, HOUR_S
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter, Row, record

NOW_S = NOON_US // 1_000_000
ROWS = mixed_rows(200)
MONTHS = Question(LedgerFilter(), NOW_S - 70 * DAY_S, NOW_S, HOUR_S, NOW_S, "model", 2)


@pytest.fixture(autouse=True)
def rows(store: Store) -> None:
    record(store, [Row(row) for row in ROWS], {})


def test_any_whole_hours_are_those_of_their_rows(store: Store) -> None:
    chance = Random(5)
    with store.read() as connection:
        for _ in range(25):
            since_s, until_s = sorted(NOW_S - HOUR_S * chance.randrange(70 * 24) for _ in range(2))
            mine = [row for row in ROWS if since_s <= row.started_us // 1_000_000 < until_s]
            dimension = chance.choice(DIMENSIONS)
            table = {part.name: told(part.amounts) for part in top_of(connection, dimension, since_s, until_s)}

            assert told(total_of(connection, "all", ("",), since_s, until_s)) == used(mine)
            assert table == by(mine, OF[dimension])


def test_of_no_names_there_is_nothing(store: Store) -> None:
    with store.read() as connection:
        assert told(total_of(connection, "key", (), 0, NOW_S // HOUR_S * HOUR_S)) == (0, 0, 0, 0)
        assert series_of(connection, MONTHS, "key", ()) == {}


def test_slots_are_hours_at_least_and_the_rest_is_told_as_others(store: Store) -> None:
    question = Question(LedgerFilter(), NOW_S - 40 * HOUR_S, NOW_S, 900, NOW_S, "ip", 1)

    found = figures_of_rollups(store, question)

    assert found.question.slot_s == HOUR_S
    check_figures(found, ROWS, found.question)
    assert len(found.series) == 1


def test_speeds_of_slots_are_those_of_their_time(store: Store) -> None:
    question = MONTHS.by(DAY_S)
    with store.read() as connection:
        for name in ("", "acme"):
            dimension = DIMENSIONS[1] if name else DIMENSIONS[0]
            slots = speeds_of(connection, question, dimension, name)
            whole = speeds_between(connection, dimension, name, question.since_s, question.until_s)

            assert sum(slots.values(), Speeds()) == whole
            assert sum(whole.latency) > 0

from dataclasses import replace

import pytest

from tests.store.activities import check_figures, mixed_rows, told, used
from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import Usage
from tokenrouter.store.activity_figures import MAX_TABLE_ROWS, Question
from tokenrouter.store.activity_rows import figures_of_rows
from tokenrouter.store.activity_sums import Dimension
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter, Row, record

NOW_S = NOON_US // 1_000_000


@pytest.fixture(autouse=True)
def rows(store: Store) -> None:
    record(store, [Row(row) for row in mixed_rows(120, days=1)], {})


def question(**wanted: str) -> Question:
    return Question(LedgerFilter(**wanted), NOW_S - 36_000, NOW_S + 300, 300, NOW_S, "user", 2)  # type: ignore[arg-type]


def test_rows_make_up_slots_series_and_tables_with_any_filters(store: Store) -> None:
    found = figures_of_rows(store, question(client_tool="curl", team="art"))

    mine = [row for row in mixed_rows(120, days=1) if (row.client_tool, row.team) == ("curl", "art")]
    check_figures(found, mine, found.question)
    assert set(found.tables) == {"model", "provider", "key", "ip", "tool", "user"}


def test_rows_before_a_bound_are_not_read(store: Store) -> None:
    found = figures_of_rows(store, question(), whole_since_s=NOW_S - 7200)

    mine = [row for row in mixed_rows(120, days=1) if row.started_us >= (NOW_S - 7200) * 1_000_000]
    assert found.whole_since_s == NOW_S - 7200
    assert told(found.total) == used(mine)
    assert told(found.before) == (0, 0, 0, 0)


def test_tables_have_the_names_that_used_the_most(store: Store) -> None:
    used_much = [(f"198.51.100.{n}", Usage(90_000 + n)) for n in range(60)]
    many = [entry(ip, started_us=NOON_US - 1, client_ip=ip, usage=usage) for ip, usage in used_much]
    record(store, [Row(row) for row in many], {})

    table = figures_of_rows(store, question()).tables["ip"]

    assert len(table) == MAX_TABLE_ROWS
    assert [part.name for part in table] == [f"198.51.100.{n}" for n in range(59, 9, -1)]
    assert {part.label for part in table} == {""}


@pytest.mark.parametrize("group", ["key", "user"])
def test_only_keys_are_called_otherwise_than_they_are_named(store: Store, group: Dimension) -> None:
    found = figures_of_rows(store, replace(question(), group=group))

    assert {bool(one.part.label) for one in found.series} == {group == "key"}

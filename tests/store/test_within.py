from sqlalchemy import select

from tests.store.entries import entry
from tokenrouter.store.engine import Store
from tokenrouter.store.ledger import LedgerFilter, Row, ledger_page, record
from tokenrouter.store.schema import tr_ledger
from tokenrouter.store.within import Within


def test_a_part_is_rows_of_any_of_its_teams_users_or_keys(store: Store) -> None:
    whose = [("a", "v", "l"), ("b", "u", "l"), ("b", "v", "k"), ("b", "v", "l")]
    rows = [entry(f"{at}", team=team, user=user, key_id=key) for at, (team, user, key) in enumerate(whose)]
    record(store, [Row(row) for row in rows], {})
    part = Within(frozenset({"a"}), frozenset({"u"}), frozenset({"k"}))

    found = ledger_page(store, LedgerFilter(within=part), limit=10)

    assert {row.id for row in found} == {row.id for row in rows[:3]}
    assert [part.covers(team=row.team, user=row.user, key_id=row.key_id) for row in rows] == [True, True, True, False]


def test_nobodys_part_is_empty(store: Store) -> None:
    record(store, [Row(entry("1"))], {})

    assert ledger_page(store, LedgerFilter(within=Within()), limit=10) == []
    assert "tr_ledger" in str(select(tr_ledger).where(Within().condition(tr_ledger.c)))

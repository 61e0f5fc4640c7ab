"""A ledger that the database makes itself."""

from pathlib import Path

from sqlalchemy import text

from bench.ledger_rows import END_US, RARE_MODEL, fill, row_id, started_us
from tokenrouter.store.engine import open_store
from tokenrouter.store.ledger import LedgerFilter, ledger_page
from tokenrouter.store.migrate import migrate
from tokenrouter.store.usage import UsageFilter, usage_groups, usage_sums

ROWS = 20_000


def test_rows_and_sums_are_those_of_a_real_ledger(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tokenrouter.db'}"
    migrate(url)
    store = open_store(url)

    assert fill(store, ROWS) == ROWS

    (newest,) = ledger_page(store, LedgerFilter(), limit=1)
    assert (newest.id, newest.started_us) == (row_id(ROWS), END_US) == (row_id(ROWS), started_us(ROWS, ROWS))
    assert len(ledger_page(store, LedgerFilter(model=RARE_MODEL), limit=10)) == ROWS // 10_007
    with store.read() as connection:
        spent = connection.execute(text("SELECT sum(cost_nano_usd) FROM tr_ledger")).scalar()
    sums = usage_sums(store, UsageFilter())
    assert (sums.requests, sums.cost_nano_usd) == (ROWS, spent)
    assert sum(group.sums.requests for group in usage_groups(store, UsageFilter(), "day")) == ROWS
    assert len(usage_groups(store, UsageFilter(), "user")) == 200
    store.close()

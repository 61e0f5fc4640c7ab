from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sqlalchemy import func, select

from bench.options import QUICK
from bench.ui import TEAMS, USERS, fill_home, paths
from tests.ui.pages import PAGES
from tokenrouter.store.engine import open_store
from tokenrouter.store.schema import tr_keys, tr_ledger, tr_teams, tr_users


def test_every_page_is_visited() -> None:
    assert paths() == {page.name: page.path for page in PAGES}


def test_the_database_has_the_people_that_are_told_of(tmp_path: Path) -> None:
    assert fill_home(tmp_path, replace(QUICK, ui_rows=500, ui_keys=300))

    with closing(open_store(f"sqlite:///{tmp_path / 'data' / 'tokenrouter.db'}")) as store, store.read() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(table)).scalar()
            for table in (tr_ledger, tr_keys, tr_teams, tr_users)
        ]
    assert counts == [500, 300, TEAMS, USERS + 1]

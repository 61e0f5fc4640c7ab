from pathlib import Path

from sqlalchemy import select

from tokenrouter.store.bulk import insert_many
from tokenrouter.store.engine import open_store
from tokenrouter.store.migrate import migrate
from tokenrouter.store.schema import tr_journal


def test_rows_arrive_whatever_the_order_of_their_columns(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tokenrouter.db'}"
    migrate(url)
    store = open_store(url)
    with store.write() as connection:
        insert_many(connection, tr_journal, ("file", "offset"), [("a", 1), ("b", 2)])
        insert_many(connection, tr_journal, ("offset", "file"), [(3, "c")])

    with store.read() as connection:
        rows = connection.execute(select(tr_journal.c.file, tr_journal.c.offset)).all()
    store.close()
    assert sorted(map(tuple, rows)) == [("a", 1), ("b", 2), ("c", 3)]

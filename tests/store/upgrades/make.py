"""`python -m tests.store.upgrades.make`: writes the databases of earlier versions that the upgrade tests begin with.

The migrations themselves make the tables, up to a revision; what is written down is the result, so that a migration
which is changed later cannot change it too. The files are made once and kept: making them anew is for a new revision.
"""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from alembic import command
from sqlalchemy import Connection, event, inspect, text

from tests.store.upgrades.rows import first_rows, later_rows, write_rows
from tokenrouter.store.engine import make_engine
from tokenrouter.store.migrate import alembic_config
from tokenrouter.testing.postgres import PostgresServer

FOLDER: Final = Path(__file__).parent
WRITTEN_AT: Final = {"0001": "0001", "0022": "0021"}
"""At which revision rows are written, by that of the database: what 0022 adds, it makes of the rows itself."""
SUMS: Final = ("tr_activity", "tr_speeds")
"""Tables of many figures, of which those are left out that are 0, as they are without being written."""
DEFINING: Final = ("CREATE", "ALTER", "DROP")


def dump_file(kind: str, revision: str) -> Path:
    """Return where the database of `revision` is kept, of the kind `sqlite` or `postgresql`."""
    return FOLDER / f"{kind}-{revision}.sql"


def main() -> None:
    """Write all of them."""
    for revision in WRITTEN_AT:
        dump_file("sqlite", revision).write_text(_sqlite(revision))
    with PostgresServer() as server:
        for revision in WRITTEN_AT:
            url = server.url(server.create_database())
            dump_file("postgresql", revision).write_text(_postgres(url, revision))


def _sqlite(revision: str) -> str:
    file = FOLDER / ".making.db"
    file.unlink(missing_ok=True)
    _build(f"sqlite:///{file}", revision)
    connection = sqlite3.connect(file)
    lines = "\n".join(connection.iterdump())
    connection.close()
    file.unlink()
    return lines + "\n"


def _postgres(url: str, revision: str) -> str:
    defined = _build(url, revision)
    engine = make_engine(url)
    with engine.connect() as connection:
        rows = [line for table in sorted(inspect(connection).get_table_names()) for line in _inserts(connection, table)]
    engine.dispose()
    return "\n".join((*defined, *rows)) + "\n"


def _build(url: str, revision: str) -> list[str]:
    """Make the database, and return the statements that defined its tables."""
    engine = make_engine(url, may_take_long=True)
    defined: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(DEFINING):
            defined.append(" ".join(statement.split()) + ";")

    event.listen(engine, "before_cursor_execute", note)
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, WRITTEN_AT[revision])
        write_rows(connection, first_rows() if WRITTEN_AT[revision] == "0001" else later_rows())
        command.upgrade(config, revision)
    engine.dispose()
    return defined


def _inserts(connection: Connection, table: str) -> list[str]:
    found = connection.execute(text(f"SELECT * FROM {table}"))
    return [
        _insert(table, {name: value for name, value in row.items() if value != 0 or table not in SUMS})
        for row in found.mappings()
    ]


def _insert(table: str, row: Mapping[str, Any]) -> str:
    columns = ", ".join(f'"{name}"' for name in row)
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join(map(_literal, row.values()))});"


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes | memoryview):
        return f"'\\x{bytes(value).hex()}'"
    if isinstance(value, bool | int | float):
        return str(value).lower()
    escaped = str(value).replace("'", "''")
    return f"'{escaped}'"


if __name__ == "__main__":
    main()

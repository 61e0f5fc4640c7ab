"""Brings the tables up to date: `python -m tokenrouter.store.migrate --url URL`, then exits.

A program of its own because Alembic costs 40 MB that the control process would keep for ever. Its exit
status is 0 when the tables are current; otherwise the reason is on standard error, status 1.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from tokenrouter.store.engine import database_file, make_engine, schema_is_current, shown
from tokenrouter.store.errors import DatabaseUnusable, StoreError

URL_ON_STDIN: Final = "-"
"""`--url -` reads the URL from standard input: arguments can be seen by every user of the machine."""
MIGRATIONS: Final = Path(__file__).parent / "migrations"


def migrate(url: str) -> None:
    """Make the tables at `url` current; does nothing when they are.

    Raises:
        StoreError: the database cannot be opened, is not ours, or is newer than this program.
    """
    engine = make_engine(url)
    try:
        if schema_is_current(engine):
            return
        _create_private_file(url)
        _use_write_ahead_log(engine)
        with engine.begin() as connection:
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise DatabaseUnusable(f"cannot write the tables in {shown(url)}: {error.orig}") from error
    finally:
        engine.dispose()


def alembic_config() -> Config:
    """Return Alembic's settings, which need no file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def main(arguments: list[str] | None = None) -> int:
    """Run the program; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tokenrouter.store.migrate", description=__doc__)
    parser.add_argument("--url", required=True, help="database URL, or - to read it from standard input")
    url = parser.parse_args(arguments).url
    try:
        migrate(sys.stdin.readline().strip() if url == URL_ON_STDIN else url)
    except StoreError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _use_write_ahead_log(engine: Engine) -> None:
    """Switch the file to WAL, for good; impossible inside a transaction, so not through SQLAlchemy's."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def _create_private_file(url: str) -> None:
    """Create the SQLite file readable by its owner only; SQLite gives its side files the same mode."""
    file = database_file(url)
    if file is None:
        return
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise DatabaseUnusable(f"cannot create the database {file}: {error.strerror}") from error


if __name__ == "__main__":
    sys.exit(main())

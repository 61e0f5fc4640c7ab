"""Brings the tables up to date: `python -m tokenrouter.store.migrate --url URL`, then exits.

A program of its own because Alembic costs 40 MB that the control process would keep for ever. Its exit
status is 0 when the tables are current; otherwise the reason is on standard error, status 1.

A migration is one transaction of a writer, and writers queue (on PostgreSQL by an advisory lock), so of two nodes that
start at once one migrates and the other finds nothing to do. Drains wait meanwhile, and requests do not notice: what
they used stands in the journals. That is why indexes are simply made, and not beside everything else.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy.exc import DBAPIError

from tokenrouter.store.engine import make_engine, schema_is_current
from tokenrouter.store.errors import DatabaseUnusable, StoreError
from tokenrouter.store.sqlite import use_write_ahead_log
from tokenrouter.store.urls import database_file, shown

URL_ON_STDIN: Final = "-"
"""`--url -` reads the URL from standard input: arguments can be seen by every user of the machine."""
MIGRATIONS: Final = Path(__file__).parent / "migrations"


def migrate(url: str) -> None:
    """Make the tables at `url` current; does nothing when they are.

    Raises:
        StoreError: the database cannot be opened, is not ours, or is newer than this program.
    """
    engine = make_engine(url, may_take_long=True)
    try:
        if schema_is_current(engine):
            return
        if engine.dialect.name == "sqlite":
            _create_private_file(url)
            use_write_ahead_log(engine)
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

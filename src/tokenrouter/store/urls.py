"""Database URLs: which are understood, what file is behind one, and how one is shown.

A URL holds a password, so nothing here puts one into a message: not the parser's own errors either, which quote the
part that they could not read.
"""

from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from tokenrouter.store.errors import DatabaseUnusable

POSTGRES_NAMES: Final = frozenset({"postgresql", "postgres"})
"""Both are in use; the part behind `+` names a driver of another program, and ours is always the same."""
SECRET_OPTIONS: Final = frozenset({"password", "sslpassword", "passfile"})
"""Options behind the `?` that libpq (18) takes and that nobody may see."""


def parse_url(url: str | URL) -> URL:
    """Return `url` with the driver that we use.

    Raises:
        DatabaseUnusable: it is no database URL, or one of a database that we do not know.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseUnusable(
            "database_url is not a database URL; use sqlite:////absolute/path.db or postgresql://user:password@host/"
            "database (in the password write %40 for @, %2F for /, %3A for :)"
        ) from None
    backend = parsed.get_backend_name()
    if backend in POSTGRES_NAMES:
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise DatabaseUnusable(
            f"database_url {shown(parsed)}: {backend} is not known; use sqlite:///FILE or postgresql://…"
        )
    return parsed.set(drivername="sqlite")


def is_postgres(url: str | URL) -> bool:
    """Return whether `url` is one of PostgreSQL."""
    return make_url(url).get_backend_name() in POSTGRES_NAMES


def database_file(url: str | URL) -> Path | None:
    """Return the file behind an SQLite URL, None for other databases."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database)


def shown(url: str | URL) -> str:
    """Return `url` as it may stand in a message: without any secret."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return "(unreadable)"
    hidden = {name: "***" for name in parsed.query if name in SECRET_OPTIONS}
    # The driver is our own affair: people write `postgresql://`.
    plain = parsed.update_query_dict(hidden).set(drivername=parsed.get_backend_name())
    return plain.render_as_string(hide_password=True)

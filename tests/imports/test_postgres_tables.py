"""A foreign PostgreSQL."""

from datetime import UTC

import psycopg
import pytest

from tokenrouter.imports.found import SourceUnreadable
from tokenrouter.imports.postgres_tables import PostgresTables


def test_several_tables_are_read_side_by_side_as_they_were_at_the_beginning(foreign_url: str) -> None:
    with psycopg.connect(foreign_url) as db:
        db.execute('CREATE TABLE "Mixed Case" (a INTEGER)')
        db.execute('INSERT INTO "Mixed Case" SELECT generate_series(1, 5000)')
        db.execute("CREATE TABLE other (b TEXT[])")
        db.execute("INSERT INTO other VALUES ('{x,y}')")
    tables = PostgresTables(foreign_url.replace("postgresql://", "postgresql+asyncpg://"), UTC)

    rows = tables.rows("Mixed Case")
    first = next(rows).number("a")
    with psycopg.connect(foreign_url) as db:
        db.execute('INSERT INTO "Mixed Case" VALUES (1)')

    assert tables.columns("Mixed Case") == {"a"}
    assert tables.columns("missing") == frozenset()
    assert [row.texts("b") for row in tables.rows("other")] == [("x", "y")]
    assert first + sum(row.number("a") for row in rows) == 5000 * 5001 // 2
    tables.close()


def test_a_password_is_in_no_message(foreign_url: str) -> None:
    with pytest.raises(SourceUnreadable) as refused:
        PostgresTables("postgresql://nobody:hidden-password@127.0.0.1:1/x", UTC)

    assert "hidden-password" not in str(refused.value)

"""The tables described are the tables that the migrations make."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tokenrouter.store.engine import make_engine
from tokenrouter.store.migrate import alembic_config
from tokenrouter.store.schema import REVISION_TABLE, REVISIONS, TABLE_PREFIX, metadata


def test_the_migrations_make_what_the_schema_describes(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": REVISION_TABLE, "compare_type": True})
        differences = compare_metadata(context, metadata)
    engine.dispose()

    assert differences == []


def test_the_known_revisions_are_those_of_the_migrations() -> None:
    scripts = ScriptDirectory.from_config(alembic_config())

    assert tuple(reversed([script.revision for script in scripts.walk_revisions()])) == REVISIONS


def test_every_table_carries_our_prefix() -> None:
    assert all(name.startswith(TABLE_PREFIX) for name in (*metadata.tables, REVISION_TABLE))

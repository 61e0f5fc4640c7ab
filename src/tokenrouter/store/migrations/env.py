"""Alembic's entry: runs what is missing in one transaction, on the connection it is handed.

The transaction is begun, and the writers' lock held, before the revision is read, so two processes that start at
once migrate one after the other, and the second finds nothing to do.
"""

from alembic import context

from tokenrouter.store.schema import REVISION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=REVISION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()

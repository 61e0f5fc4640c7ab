"""Jobs are tested on the databases of `tests/store`, of either kind."""

from tests.store.conftest import (
    database_url,
    empty_file,
    empty_template,
    postgres_url,
    sqlite_url,
    store,
)

__all__ = ["database_url", "empty_file", "empty_template", "postgres_url", "sqlite_url", "store"]

"""Small facts about this installation that must outlive a restart, by name."""

from sqlalchemy import Connection, insert, select, update

from tokenrouter.store.schema import tr_settings


def read_fact(connection: Connection, key: str) -> str | None:
    """Return what was noted under `key`, or None."""
    value: str | None = connection.execute(select(tr_settings.c.value).where(tr_settings.c.key == key)).scalar()
    return value


def facts_under(connection: Connection, prefix: str) -> dict[str, str]:
    """Return everything that was noted under keys that begin with `prefix`."""
    wanted = select(tr_settings).where(tr_settings.c.key.startswith(prefix, autoescape=True))
    return {row.key: row.value for row in connection.execute(wanted)}


def write_fact(connection: Connection, key: str, value: str) -> None:
    """Note `value` under `key`, in place of what stood there."""
    changed = connection.execute(update(tr_settings).where(tr_settings.c.key == key).values(value=value))
    if changed.rowcount == 0:
        connection.execute(insert(tr_settings).values(key=key, value=value))

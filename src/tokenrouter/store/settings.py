"""Settings that were changed at run time: each stands here, over what the configuration says, until it is undone."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, delete

from tokenrouter.store.audit import note
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.facts import facts_under, write_fact
from tokenrouter.store.schema import tr_settings

_FACT: Final = "setting:"

Check = Callable[[Mapping[str, Any]], None]


def changes_in(connection: Connection) -> dict[str, Any]:
    """Return what was changed, by the name of the setting."""
    return {name.removeprefix(_FACT): json.loads(value) for name, value in facts_under(connection, _FACT).items()}


def changed_settings(store: Store) -> dict[str, Any]:
    """Return the same, as it is now."""
    with store.read() as connection:
        return changes_in(connection)


def change_settings(store: Store, changes: Mapping[str, Any], check: Check) -> dict[str, Any]:
    """Change some settings, None undoing what was changed before; return all that are changed now.

    `check` is asked whether what is then changed may be so.

    Raises:
        Exception: what `check` raises, before anything is written.
    """
    with store.write() as connection:
        before = changes_in(connection)
        after = {name: value for name, value in {**before, **changes}.items() if value is not None}
        check(after)
        for name, value in changes.items():
            if value is None:
                connection.execute(delete(tr_settings).where(tr_settings.c.key == f"{_FACT}{name}"))
            else:
                write_fact(connection, f"{_FACT}{name}", json.dumps(value))
        raise_catalog_version(connection, keys=())
        note(store, connection, "settings.change", ("settings", "", ""), before, after)
    return after


def note_move(store: Store, name: str, before: str, after: str) -> None:
    """Write down that the listener of the setting `name` was moved; where it is, is kept on its own machine."""
    with store.write() as connection:
        note(store, connection, "setting.change", ("setting", name, name), {"value": before}, {"value": after})

"""Prices of the database: what the operator says that models cost, in the words of `[[prices]]`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from tokenrouter.store.audit import note
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import PriceUnknown
from tokenrouter.store.schema import tr_prices

KIND: Final = "price"
_columns: Final = tr_prices.c


@dataclass(frozen=True, slots=True)
class StoredPrice:
    """The price of `name`, which is `provider/model`; `made_by` is the id of a key or person, "" the command line's."""

    name: str
    values: Mapping[str, Any]
    comment: str = ""
    made_by: str = ""
    changed_at_s: float = 0.0


Check = Callable[[StoredPrice | None], None]


def put_price(store: Store, price: StoredPrice, check: Check = lambda _: None) -> bool:
    """Keep `price` in place of what is there for its name; return whether there was nothing.

    Raises:
        Exception: what `check` raises, which is asked about the price before.
    """
    with store.write() as connection:
        before = _find(connection, price.name)
        check(before)
        if before is None:
            connection.execute(insert(tr_prices).values(_row(price)))
        else:
            connection.execute(update(tr_prices).where(_columns.name == price.name).values(_row(price)))
        raise_catalog_version(connection, keys=())
        note(store, connection, "price.set", _subject(price), None if before is None else _told(before), _told(price))
    return before is None


def remove_price(store: Store, name: str, check: Check = lambda _: None) -> StoredPrice:
    """Remove the price of `name`, and return it.

    Raises:
        PriceUnknown: the database has none.
        Exception: what `check` raises.
    """
    with store.write() as connection:
        gone = _find(connection, name)
        if gone is None:
            raise PriceUnknown(f"there is no price of {name!r} in the database")
        check(gone)
        connection.execute(delete(tr_prices).where(_columns.name == name))
        raise_catalog_version(connection, keys=())
        note(store, connection, "price.remove", _subject(gone), _told(gone), None)
    return gone


def find_price(store: Store, name: str) -> StoredPrice | None:
    """Return the price of `name` that the database has."""
    with store.read() as connection:
        return _find(connection, name)


def prices_in(connection: Connection) -> tuple[StoredPrice, ...]:
    """Return every price of the database, by name."""
    rows = connection.execute(select(tr_prices).order_by(_columns.name)).mappings()
    return tuple(map(_stored, rows))


def _find(connection: Connection, name: str) -> StoredPrice | None:
    row = connection.execute(select(tr_prices).where(_columns.name == name)).mappings().first()
    return None if row is None else _stored(row)


def _subject(price: StoredPrice) -> tuple[str, str, str]:
    return KIND, price.name, price.name


def _told(price: StoredPrice) -> dict[str, Any]:
    return {**price.values, "comment": price.comment}


def _row(price: StoredPrice) -> dict[str, Any]:
    return {
        "name": price.name,
        "said": json.dumps(dict(price.values)),
        "comment": price.comment,
        "made_by": price.made_by,
        "changed_at_s": price.changed_at_s,
    }


def _stored(row: RowMapping) -> StoredPrice:
    return StoredPrice(row["name"], json.loads(row["said"]), row["comment"], row["made_by"], row["changed_at_s"])

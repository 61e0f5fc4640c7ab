"""What was counted to limits by nobody's request: resets, corrections, what an older configuration brings along.

Append-only, as the ledger is: a reset is a row that gives back what was used, never a deletion, so what is used is
the sum of all entries since the window's start, always. A boost changes what is allowed and not what is used: its row
says who gave it, and counts nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Final, Literal

from sqlalchemy import ColumnElement, Connection, func, insert, select

from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_adjustments

AdjustmentKind = Literal["reset", "boost", "correction", "import"]
MAX_REASON_CHARS: Final = 1000


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One row.

    Attributes:
        scope: the concrete scope (`key:alice`), for a boost that of the limit.
        amount: added to what is used; money in nano-dollars. Of a boost: what is allowed more.
        at_us: the moment at which it counts, and so its window; microseconds since the epoch.
        made_us: when it was made.
        made_by: the name of a key, `command line`, or the place of a configuration file.
        request_id: the request that a correction is about, or "".
        once: of two rows with the same there is only the first; None for what may be repeated.
        number: rises with each row; 0 before it is written.
    """

    kind: AdjustmentKind
    limit_id: str
    scope: str
    amount: int
    at_us: int
    made_us: int
    made_by: str = ""
    reason: str = ""
    request_id: str = ""
    once: str | None = None
    number: int = 0

    @property
    def used(self) -> int:
        """What it adds to what is used."""
        return 0 if self.kind == "boost" else self.amount


_COLUMNS: Final = tuple(field.name for field in fields(Adjustment))
_WRITTEN: Final = tuple(name for name in _COLUMNS if name != "number")


def add_adjustments(connection: Connection, adjustments: Iterable[Adjustment]) -> list[Adjustment]:
    """Write those of `adjustments` that are not there yet, and return them; counting them is the caller's.

    The transaction must be one of `Store.write`: nobody else writes meanwhile.
    """
    written = []
    for adjustment in adjustments:
        if adjustment.once is not None and _exists(connection, tr_adjustments.c.once == adjustment.once):
            continue
        connection.execute(insert(tr_adjustments).values({name: getattr(adjustment, name) for name in _WRITTEN}))
        written.append(adjustment)
    return written


def adjustments_since(store: Store, made_us: int) -> list[Adjustment]:
    """Return what was adjusted at `made_us` or later, in order."""
    with store.read() as connection:
        return _read(connection, tr_adjustments.c.made_us >= made_us)


def adjustments_of(connection: Connection, limit_ids: Sequence[str]) -> list[Adjustment]:
    """Return every adjustment of some limits, in order."""
    return _read(connection, tr_adjustments.c.limit_id.in_(limit_ids)) if limit_ids else []


def last_adjustment(connection: Connection) -> int:
    """Return the number of the last row; 0 when there is none."""
    number: int | None = connection.execute(select(func.max(tr_adjustments.c.number))).scalar()
    return number or 0


def _read(connection: Connection, wanted: ColumnElement[bool]) -> list[Adjustment]:
    columns = [tr_adjustments.c[name] for name in _COLUMNS]
    rows = connection.execute(select(*columns).where(wanted).order_by(tr_adjustments.c.number))
    return [Adjustment(*row) for row in rows]


def _exists(connection: Connection, wanted: ColumnElement[bool]) -> bool:
    return connection.execute(select(tr_adjustments.c.number).where(wanted).limit(1)).first() is not None

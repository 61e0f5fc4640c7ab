"""Small whole numbers for subjects, for the APIs of predecessors whose ids are numbers.

A number is given when somebody first asks for it, never changes and is never given again, so that a script that has
kept one goes on meaning the same subject; an import may bring numbers along.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, func, insert, select

from tokenrouter.store.engine import Store
from tokenrouter.store.schema import tr_numbers

_columns = tr_numbers.c


def numbers_of(store: Store, kind: str, subjects: Sequence[str]) -> dict[str, int]:
    """Return the numbers of `subjects`, by subject; who has none yet gets the next, in the order given."""
    with store.read() as connection:
        known = _known(connection, kind)
    if all(subject in known for subject in subjects):
        return {subject: known[subject] for subject in subjects}
    with store.write() as connection:
        known = _known(connection, kind)
        add_numbers(connection, kind, _following(connection, kind, [one for one in subjects if one not in known]))
        known = _known(connection, kind)
    return {subject: known[subject] for subject in subjects}


def add_numbers(connection: Connection, kind: str, numbers: Mapping[str, int]) -> None:
    """Keep `numbers`, by subject; the transaction must be one of `Store.write`."""
    rows = [{"kind": kind, "subject": subject, "number": number} for subject, number in numbers.items()]
    if rows:
        connection.execute(insert(tr_numbers), rows)


def subject_of(store: Store, kind: str, number: int) -> str | None:
    """Return whose number it is, or None."""
    wanted = select(_columns.subject).where(_columns.kind == kind, _columns.number == number)
    with store.read() as connection:
        subject: str | None = connection.execute(wanted).scalar()
    return subject


def _known(connection: Connection, kind: str) -> dict[str, int]:
    rows = connection.execute(select(_columns.subject, _columns.number).where(_columns.kind == kind))
    return {row.subject: row.number for row in rows}


def _following(connection: Connection, kind: str, subjects: Iterable[str]) -> dict[str, int]:
    last: int | None = connection.execute(select(func.max(_columns.number)).where(_columns.kind == kind)).scalar()
    return {subject: number for number, subject in enumerate(dict.fromkeys(subjects), (last or 0) + 1)}

"""One transaction out of many writes: what each function of the store would commit by itself is committed together.

An import, or whatever else must be there as a whole or not at all, calls the same functions as everybody, with their
checks and their audit entries, and hands them this store.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from tokenrouter.domain.actors import Actor
from tokenrouter.store.engine import Result, Store


class JoinedStore(Store):
    """A store whose reads and writes are all parts of one transaction of `Store.write` that has begun.

    Of no use after that transaction; it is not closed. A write that fails leaves the transaction as PostgreSQL leaves
    it: to be given up.
    """

    def __init__(self, store: Store, connection: Connection) -> None:
        super().__init__(store.engine, store.actor)
        self._connection = connection

    def acting(self, actor: Actor) -> "JoinedStore":
        """Return the same transaction as `actor` uses it."""
        joined = JoinedStore(self, self._connection)
        joined.actor = actor
        return joined

    @contextmanager
    def read(self, *, may_take_long: bool = False) -> Iterator[Connection]:
        """Yield the transaction's connection."""
        yield self._connection

    @contextmanager
    def write(self, *, may_take_long: bool = False) -> Iterator[Connection]:
        """Yield the transaction's connection; it is committed by whoever began it."""
        yield self._connection

    def append(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returns, in the transaction."""
        return work(self._connection)

    def close(self) -> None:
        """Do nothing: the database is somebody else's to close."""

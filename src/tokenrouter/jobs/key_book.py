"""The keys of the database in the control process's memory, kept by reading what has changed.

Where a writer could not say which keys it changed, all are read, and compared with those that are here: everybody else
is told the difference, and nothing where there is none.
"""

from dataclasses import dataclass

from tokenrouter.domain.catalog import Key
from tokenrouter.store.engine import Store
from tokenrouter.store.key_news import KeyNews, read_key_news


@dataclass(frozen=True, slots=True)
class KeyChange:
    """Keys that are new or others than they were, and ids of those that are no more."""

    put: tuple[Key, ...] = ()
    gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.put or self.gone)


class KeyBook:
    """The keys as they were at the last look.

    Attributes:
        keys: by id, those of the last whole look oldest first, then what came since.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._version: int | None = None
        self.keys: dict[str, Key] = {}

    def look(self) -> KeyNews:
        """Read what has changed and return it; blocks.

        It is to be taken in with `take`, on the thread that works with `keys`, before the next look.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away.
        """
        return read_key_news(self._store, self._version)

    def name(self, key_id: str) -> str:
        """Return what the key of this id is called; one that is gone is called by its id."""
        key = self.keys.get(key_id)
        return key_id if key is None else key.name

    def take(self, news: KeyNews) -> KeyChange:
        """Take `news` in, and return what is not as it was."""
        put = tuple(key for key in news.put if self.keys.get(key.id) != key)
        left = self.keys.keys() - {key.id for key in news.put} if news.is_whole else self.keys.keys() & news.gone
        self.keys.update((key.id, key) for key in put)
        for key_id in left:
            del self.keys[key_id]
        self._version = news.version
        return KeyChange(put, tuple(left))

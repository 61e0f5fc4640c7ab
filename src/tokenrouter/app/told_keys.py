"""The keys of the database as this process knows them, tells them to data processes, and writes them down.

A change of one key is told as that key; everything is told again only at the start, and when so much has changed that
it would be no more. What is told goes out before it is written to the disk: a key that was revoked ends first.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from tokenrouter.app.channel import KeysMessage
from tokenrouter.app.key_feed import PART_KEYS, all_parts, news_of
from tokenrouter.app.key_file import KeyFile
from tokenrouter.domain.catalog import Key
from tokenrouter.jobs.key_book import KeyBook
from tokenrouter.store.engine import Store
from tokenrouter.store.key_news import KeyNews

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Telling:
    """What data processes are to be told; `news` is None where that is everything."""

    messages: tuple[KeysMessage, ...]
    news: KeysMessage | None


class ToldKeys:
    """The book of keys, with how far it was told.

    `file_key` returns what the file is encrypted under.
    """

    def __init__(self, store: Store, folder: Path, file_key: Callable[[], bytes]) -> None:
        self._book = KeyBook(store)
        self._file = KeyFile(folder, file_key)
        self._version = -1

    @property
    def keys(self) -> Mapping[str, Key]:
        """Every key of the database, by id."""
        return self._book.keys

    def name(self, key_id: str) -> str:
        """Return what the key of this id is, or was, called."""
        return self._book.name(key_id)

    def look(self) -> KeyNews:
        """Return what has become of keys since the last time.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away.
        """
        return self._book.look()

    def take(self, news: KeyNews, version: int) -> Telling | None:
        """Take `news` in, as those of the Catalog's `version`; return what is to be told, None where nothing is."""
        is_first, change = self._version < 0, self._book.take(news)
        if not change and not is_first:
            return None
        base, self._version = self._version, version
        if is_first or len(change.put) > PART_KEYS:
            return Telling(tuple(self.all()), None)
        told = news_of(change.put, change.gone, base=base, version=version)
        return Telling((told,), told)

    def all(self) -> Iterator[KeysMessage]:
        """Yield everything, in parts, as a data process that connects is told it."""
        return all_parts(self.keys.values(), self._version)

    def write_down(self, told: Telling) -> None:
        """Write down what was told, or all keys where that is not enough; a disk that is full is only logged."""
        try:
            if told.news is None or self._file.needs_whole:
                self._file.write(self.all())
            else:
                self._file.add(told.news)
        except OSError as error:
            log.error("keys cannot be written down; a start without the database may know old ones", reason=str(error))

"""The register of provider-side ids: who may read, use, list and delete what.

All of it is in memory, so a look-up never waits; each change is on the disk before anybody is told of the id. It is
bounded: where too many ids are known, the oldest are forgotten, and a forgotten id is one that nobody may use.
"""

import asyncio
from collections.abc import Iterable
from typing import Final, Protocol

from tokenrouter.domain.errors import NotFound
from tokenrouter.domain.ownership import IdKind, OwnedId
from tokenrouter.gateway.directory import Principal

MAX_IDS: Final = 100_000
"""Most ids that are remembered: some 60 MB."""
SLACK: Final = 1000
"""So many outdated records may always lie in the file."""


class OwnershipLog(Protocol):
    """Where owners are written down. Both writing calls wait for the disk and may run in any thread.

    Attributes:
        records: how many it holds, outdated ones included.
        is_shared: whether other processes write it too.
    """

    @property
    def records(self) -> int: ...

    @property
    def is_shared(self) -> bool: ...

    def load(self) -> list[OwnedId]:
        """Return every record, oldest first."""

    def news(self) -> list[OwnedId]:
        """Return what was appended since the last look, by this process or another."""

    def append(self, record: OwnedId) -> None:
        """Write one record down.

        Raises:
            JournalUnavailable: it is not on the disk.
        """

    def rewrite(self, records: Iterable[OwnedId]) -> None:
        """Keep only `records`.

        Raises:
            JournalUnavailable: the old ones stay.
        """


class Ownership:
    """The register."""

    def __init__(self, log: OwnershipLog, *, max_ids: int = MAX_IDS) -> None:
        self._log = log
        self._max_ids = max_ids
        self._owned: dict[tuple[str, str, str], OwnedId] = {}
        self._providers: set[str] = set()
        for record in log.load():
            self._take_in(record)

    def __len__(self) -> int:
        return len(self._owned)

    @property
    def providers(self) -> frozenset[str] | set[str]:
        """Where anything lies, or once lay."""
        return self._providers

    def may_hold(self, provider: str) -> bool:
        """Whether anybody's things may lie at `provider`; other machines, whose logs are not read here, count."""
        return self._log.is_shared or provider in self._providers

    def find(self, owner: str, kind: IdKind, id_: str) -> OwnedId:
        """Return what `owner` has under this id.

        Raises:
            NotFound: nobody has it, or somebody else: which of the two is not told.
        """
        record = self.known(owner, kind, id_)
        if record is None:
            raise NotFound(f"There is no {kind} {id_[:100]!r} of yours.", param=f"{kind}_id")
        return record

    def known(self, owner: str, kind: IdKind, id_: object, provider: str = "") -> OwnedId | None:
        """Return what `owner` has under this id (at `provider`), or None; two providers may give out the same."""
        self._catch_up()
        places = (provider,) if provider else self._providers
        for place in places if isinstance(id_, str) else ():
            record = self._owned.get((place, kind, str(id_)))
            if record is not None and record.owner == owner:
                return record
        return None

    def owners(self, provider: str, id_: str) -> list[str]:
        """Return whose this id is at `provider`, as a file, a batch or anything else."""
        self._catch_up()
        kinds = ("file", "batch", "other")
        found = (self._owned.get((provider, kind, id_)) for kind in kinds)
        return [record.owner for record in found if record is not None]

    def debts(self) -> list[OwnedId]:
        """Return the batches that are not paid yet."""
        self._catch_up()
        return [record for record in self._owned.values() if record.debt is not None]

    def _catch_up(self) -> None:
        """Take in what other processes have written: an id that a client knows is in the file by then."""
        if self._log.is_shared:
            for record in self._log.news():
                self._take_in(record)

    async def record(self, record: OwnedId) -> None:
        """Write `record` down, in the place of what was known of its id.

        Raises:
            JournalUnavailable: it is not on the disk, and does not count.
        """
        await asyncio.to_thread(self._log.append, record)
        self._take_in(record)
        if self._log.records > 2 * len(self._owned) + SLACK:
            await asyncio.to_thread(self._log.rewrite, list(self._owned.values()))

    async def forget(self, record: OwnedId) -> None:
        """Note that it was deleted at the provider."""
        await self.record(record._replace(is_gone=True))

    def _take_in(self, record: OwnedId) -> None:
        key = (record.provider, record.kind, record.id)
        self._providers.add(record.provider)
        if record.is_gone:
            self._owned.pop(key, None)
            return
        self._owned[key] = record
        if len(self._owned) > self._max_ids:
            oldest = next((key for key, known in self._owned.items() if known.debt is None), key)
            del self._owned[oldest]


def owner_of(principal: Principal) -> str:
    """Return in whose name `principal` acts: its team, else its user, else the key alone."""
    for kind in ("team:", "user:"):
        scope = next((scope for scope in principal.scopes if scope.startswith(kind)), None)
        if scope is not None:
            return scope
    return f"key:{principal.key.id}"

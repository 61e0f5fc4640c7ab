"""What requests about files and batches have in common: who asks, which provider is meant, the way to it."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from tokenrouter.dialects.base import Dialect, Head
from tokenrouter.domain.errors import InvalidRequest, NotFound
from tokenrouter.domain.ledger import Operation
from tokenrouter.domain.ownership import IdKind, OwnedId
from tokenrouter.gateway.account.call import ResourceCall
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.directory import Directory, Principal, ProviderEntry
from tokenrouter.gateway.engine import Road
from tokenrouter.gateway.lanes import Books, Lane, lane_at
from tokenrouter.gateway.ownership import owner_of

_OPERATIONS: Final[dict[IdKind, Operation]] = {"file": "files", "batch": "batches"}


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be done: whom to ask for what, and what to do with the answer.

    Attributes:
        to_its_end: whether it goes on when the client leaves, because the provider keeps what it has begun.
    """

    lane: Lane
    call: Call
    head: Head
    road: Road
    to_its_end: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """A request with all that it is decided by."""

    directory: Directory
    principal: Principal
    asked: ResourceCall
    books: Books

    @property
    def owner(self) -> str:
        """In whose name it is made."""
        return owner_of(self.principal)

    @property
    def now_s(self) -> int:
        """When it was made, in seconds since the epoch."""
        return int(self.asked.call.now_s)

    def entry(self) -> ProviderEntry:
        """Return the provider that is meant where no id tells.

        Raises:
            NotFound, InvalidRequest: the one that was asked for is not there, or has no such thing.
        """
        operation = _OPERATIONS[self.asked.target.kind]
        directory = self.directory
        if self.asked.provider:
            return self._named(self.asked.provider, operation)
        having = [e for e in directory.providers.values() if e.provider.enabled and e.adapter.offers(operation)]
        usual = directory.catalog.default_provider
        chosen = [e for e in having if e.provider.name == usual]
        chosen += [e for e in having if e.provider.origin not in ("automatic", "sandbox")]
        chosen += [e for e in having if e.provider.origin == "sandbox"]
        if not chosen:
            raise InvalidRequest(f"No provider here has {operation}; name one with ?provider=.", param="provider")
        return chosen[0]

    def _named(self, name: str, operation: Operation) -> ProviderEntry:
        entry = self.directory.providers.get(name)
        if entry is None or not entry.provider.enabled:
            raise NotFound(f"There is no provider {name[:100]!r}.", param="provider")
        if not entry.adapter.offers(operation):
            raise InvalidRequest(f"Provider {name!r} has no {operation}.", param="provider")
        return entry

    def entry_of(self, owned: OwnedId) -> ProviderEntry:
        """Return the provider of an id.

        Raises:
            NotFound: it is gone or disabled.
        """
        entry = self.directory.providers.get(owned.provider)
        if entry is None or not entry.provider.enabled:
            raise NotFound(f"The {owned.kind} lies at provider {owned.provider!r}, which is not enabled.")
        return entry

    def lane(self, entry: ProviderEntry, dialect: Dialect, method: str, path: str, query: dict[str, str]) -> Lane:
        """Return the lane to a path of a provider's."""
        full = f"{path}?{urlencode(query)}" if query else path
        return lane_at(self.principal, entry, dialect, method, full, books=self.books)

    def lane_to(self, owned: OwnedId, dialect: Dialect, method: str, action: str = "") -> Lane:
        """Return the lane to an owned id, or to an action on it."""
        entry = self.entry_of(owned)
        path = f"{path_at(entry, dialect)}/{quote(owned.id, safe='')}{action}"
        return self.lane(entry, dialect, method, path, {})


def path_at(entry: ProviderEntry, dialect: Dialect) -> str:
    """Return where a provider has its files or batches.

    Raises:
        InvalidRequest: it has none any more.
    """
    path = entry.adapter.path_of(dialect.operation)
    if path is None:
        raise InvalidRequest(f"Provider {entry.provider.name!r} has no {dialect.operation}.")
    return path

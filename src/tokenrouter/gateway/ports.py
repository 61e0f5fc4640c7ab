"""What the road needs from outside, as shapes.

Adapters fit these protocols by shape and never import them for inheritance; `tests/app/test_ports.py`
assigns each adapter to its port so that the type checker proves the fit.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ledger import OWN_ANSWER, Begun, Borrowed, Ended, Subject
from tokenrouter.domain.limits import Amounts, LimitState
from tokenrouter.domain.room import Room
from tokenrouter.gateway.directory import Directory
from tokenrouter.providers.access_tokens import TokenSource
from tokenrouter.providers.outbound import UpstreamRequest


class Journal(Protocol):
    """Where a request is written down before its bytes move. Every call is synchronous and durable against `kill -9`.

    Attributes:
        writable: whether a record could be written now.
    """

    @property
    def writable(self) -> bool: ...

    def subject(self, subject: Subject) -> bytes:
        """Return `subject` as `begin` wants it; made once for many requests."""

    def begin(self, subject: bytes, begun: Begun, held: Amounts) -> None:
        """Record that a request is about to contact a provider and may consume `held`.

        Raises:
            JournalUnavailable: it could not be written; the provider must not be contacted.
        """

    def progress(self, entry_id: str, held: Amounts) -> None:
        """Record that what the request may consume grew to `held`, before the bytes go to the client."""

    def end(self, ended: Ended) -> None:
        """Record how a request ended whose `begin` was written.

        Raises:
            JournalUnavailable: only when even the reserve is used up.
        """

    def whole(
        self, subject: Subject, begun: Begun, ended: Ended, count: int = 1, borrowed: Borrowed = OWN_ANSWER
    ) -> None:
        """Record a request without a `begin`, for instance one refused before any provider; or `count` of them.

        Raises:
            JournalUnavailable: only when even the reserve is used up.
        """


class Reservation(Protocol):
    """What a running request holds of its limits."""

    @property
    def held(self) -> Amounts: ...

    @property
    def room(self) -> Room | None:
        """What the request may use in all under hard limits; None where none counts what it uses."""

    def states(self) -> Sequence[LimitState]:
        """Return the limits that apply, as they are now; also after `settle`."""

    def extend(self, amounts: Amounts) -> bool:
        """Hold `amounts` instead (totals, not increments); False when a hard limit forbids it, and nothing changes."""

    def settle(self, used: Amounts) -> None:
        """Turn what was held into `used`, in the windows in which it was reserved. Once; later calls do nothing."""


class RemoteReservation(Protocol):
    """What a running request holds of limits that are kept elsewhere; as `Reservation`, but for the waiting."""

    @property
    def held(self) -> Amounts: ...

    def states(self) -> Sequence[LimitState]:
        """Return the limits that apply, as they were when it was reserved."""

    async def extend(self, amounts: Amounts) -> bool:
        """Hold `amounts` instead; False when a hard limit forbids it or nobody can say, and nothing changes."""

    def settle(self, used: Amounts) -> None:
        """Turn what was held into `used`, now or as soon as the keeper can be reached. Once."""


class RemoteLimiter(Protocol):
    """Keeper of counters that several processes share."""

    @property
    def looks_at_addresses(self) -> bool: ...

    async def reserve(self, request_id: str, scopes: Sequence[str], amounts: Amounts) -> RemoteReservation:
        """Hold `amounts` in every limit that applies to any of `scopes`, or in none.

        Raises:
            RateLimited, QuotaReserved, QuotaExceeded, CountersNotReady: as `Limiter.reserve`.
        """

    async def states(self, scopes: Sequence[str]) -> list[LimitState]:
        """Return the counters of every limit that applies to any of `scopes`."""


class Flow(Protocol):
    """The provider's side of a stream, as far as a slow client must be able to hold it back."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class Responder(Protocol):
    """The client's side of one answer. Headers are rendered lines, each ended by CRLF. Nothing here blocks."""

    flow: Flow | None
    """What to pause while the client does not read."""

    @property
    def started(self) -> bool:
        """Whether a status has gone out, so that it can no longer be changed."""

    def answer(self, status: int, headers: bytes, body: bytes) -> None:
        """Send a whole answer in one write."""

    def start(self, status: int, headers: bytes, length: int | None) -> None:
        """Send the head of an answer whose body follows in pieces; `length` None: not known."""

    def write(self, data: bytes) -> None:
        """Send a piece of the body."""

    def finish(self) -> None:
        """End the body."""


class Source(Protocol):
    """Where the current state of everything is found."""

    def current(self) -> Directory:
        """Return it; never waits."""


class UpstreamResponse(Flow, Protocol):
    """One answer of a provider while it arrives.

    Attributes:
        headers: lower-case names.
        complete: the whole body has arrived (not necessarily been taken).
    """

    status: int
    headers: dict[bytes, bytes]
    complete: bool

    def take(self) -> bytes:
        """Return the body bytes that have arrived and were not taken yet."""

    async def pump(self, sink: Callable[[bytes], None]) -> None:
        """Hand every further body byte to `sink`, called from the network protocol; return at the body's end.

        What `sink` raises (a GatewayError) ends the pump and is raised here.

        Raises:
            ProviderTimeout, ProviderProtocolError, ProviderCut
        """

    def fail(self, error: GatewayError) -> None:
        """End the answer with `error`, which `pump` raises; nothing happens once the answer is complete."""

    def lift_deadline(self) -> None:
        """Let the answer take as long as it needs from here on (`UpstreamRequest.within_s`): it has begun."""

    def close(self) -> None:
        """Give the connection back when the answer is complete, else close it at once. Harmless when repeated."""


class Upstream(Protocol):
    """Sends a request to a provider."""

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Return the answer as it begins, or whole if it is within the limit. The caller closes it.

        Raises:
            ProviderUnreachable, ProviderTimeout, ProviderProtocolError, ProviderCut
        """


class Credentials(Protocol):
    """Where access tokens are found that do not last."""

    def current(self, source: TokenSource) -> str | None:
        """Return the token of `source` if there is one that still lasts; never waits."""

    async def token(self, source: TokenSource) -> str:
        """Return the token of `source`, fetched now if need be.

        Raises:
            ProviderError: there is none.
        """


class Observer(Protocol):
    """Keeps figures of what ended."""

    def record(self, subject: Subject, ended: Ended) -> None: ...

    def count(self, event: str, provider: str, outcome: str) -> None:
        """Count one thing that happened on the way to an answer."""


class Limiter(Protocol):
    """Keeper of the counters. The memory keeper is synchronous and so atomic on the event loop.

    Attributes:
        looks_at_addresses: whether any limit has an `ip:` scope.
    """

    @property
    def looks_at_addresses(self) -> bool: ...

    def reserve(self, scopes: Sequence[str], amounts: Amounts) -> Reservation:
        """Hold `amounts` in every limit that applies to any of `scopes`, or in none.

        Raises:
            RateLimited, QuotaReserved, QuotaExceeded: a hard limit is in the way; the error names the
                limit, its window, what is used and held, and when to come back.
            CountersNotReady: a hard limit applies whose counter has not been restored yet.
        """

    def states(self, scopes: Sequence[str]) -> list[LimitState]:
        """Return the counters of every limit that applies to any of `scopes`."""


Clock = Callable[[], float]
"""Seconds, monotonic or since the epoch as the name of the parameter says."""

"""The books of requests that get an answer for which no provider was asked.

Such a request uses no tokens and costs nothing. It is a request of its key nevertheless, and counts as one where
requests are limited, unless it is one that was counted before and is only sent again.
"""

import time
from typing import Final, NamedTuple

from tokenrouter.domain.errors import JournalUnavailable, LimitReached
from tokenrouter.domain.ledger import AnsweredBy, Begun, Borrowed, Ended
from tokenrouter.domain.limits import Amounts
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.directory import Principal
from tokenrouter.gateway.exchange import NO_USAGE, Ports
from tokenrouter.gateway.flights import Lent
from tokenrouter.gateway.lanes import subject_of
from tokenrouter.gateway.limit_headers import limit_lines
from tokenrouter.gateway.ports import RemoteReservation, Reservation, Source


class Said(NamedTuple):
    """What a row tells of a request's body."""

    model: str
    is_stream: bool


_ONE: Final = Amounts(requests=1)
_NONE: Final = Amounts()


class BorrowedBooks:
    """Writes such requests down.

    Attributes:
        answered: how many there were, by whose answer they got.
        saved_nano_usd: what all of them would have cost.
    """

    def __init__(self, source: Source, ports: Ports) -> None:
        self._source = source
        self._ports = ports
        self.answered: dict[AnsweredBy, int] = {"cache": 0, "shared": 0, "replay": 0}
        self.saved_nano_usd = 0

    async def admit(self, call: Call, principal: Principal) -> "Admitted":
        """Hold one request of the key's limits, and of those above it.

        Raises:
            LimitReached, CountersNotReady: it may not have the answer either.
        """
        limiter, remote, scopes = self._ports.limiter, self._ports.remote, principal.scopes
        if (remote or limiter).looks_at_addresses:
            scopes = (*scopes, f"ip:{call.head.client_ip}")
        try:
            if remote is not None:
                return Admitted(await remote.reserve(call.request_id, scopes, _ONE))
            return Admitted(limiter.reserve(scopes, _ONE))
        except LimitReached as error:
            as_quota = self._source.current().catalog.policy.quota_in_answers
            error.headers = limit_lines(error.states, call.head.dialect.operation, call.now_s, as_quota=as_quota)
            raise

    def write(self, call: Call, principal: Principal, said: Said, how: AnsweredBy, lent: Lent, *, counts: bool) -> None:
        """Leave a row, and tell whoever keeps the answer; it goes out next.

        Raises:
            JournalUnavailable: it could not be written.
        """
        started_us = int(call.now_s * 1e6)
        head, subject = call.head, subject_of(principal, call.head.dialect, said.model)
        begun = Begun(
            call.request_id,
            started_us,
            head.client_ip,
            head.client_tool,
            head.client_request_id,
            said.is_stream,
            len(call.body),
            head.traceparent,
        )
        ended = Ended(
            call.request_id,
            started_us,
            NO_USAGE,
            200,
            "completed",
            cost_nano_usd=0,
            latency_us=int((time.monotonic() - call.started_s) * 1e6),
            bytes_out=lent.body_bytes,
            requests=1 if counts else 0,
        )
        self._ports.observer.record(subject, ended)
        self.answered[how] += 1
        self.saved_nano_usd += lent.cost_nano_usd
        try:
            if not self._ports.journal.writable:
                raise JournalUnavailable("The journal cannot be written.")
            borrowed = Borrowed(how, lent.origin_id, lent.cost_nano_usd)
            self._ports.journal.whole(subject, begun, ended, borrowed=borrowed)
        except JournalUnavailable:
            if self._source.current().catalog.policy.on_journal_failure != "serve":
                raise
        if call.keeper is not None:
            call.keeper.ended(subject, ended, is_complete=True, is_bounded=False)


class Admitted:
    """One request's place in its limits, until it is known whether it gets the answer."""

    __slots__ = ("_held",)

    def __init__(self, held: Reservation | RemoteReservation) -> None:
        self._held = held

    def count(self) -> None:
        """It gets it."""
        self._held.settle(_ONE)

    def give_back(self) -> None:
        """It does not, and is counted where it goes on. After `count` this does nothing."""
        self._held.settle(_NONE)

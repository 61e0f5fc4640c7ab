"""One request on its road, and everybody who waits for its answer.

Its road runs in a task of its own, so that it goes on when the client that sent it hangs up and another waits. Whoever
comes later gets the answer from its beginning. When nobody waits any more it ends as every request does whose client
has left: its task is cancelled, unless its provider bills what it began and is read to the end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, NamedTuple

from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ledger import Ended, Subject
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.kept_answers import KeptAnswer
from tokenrouter.gateway.layers import Onward
from tokenrouter.gateway.ports import Flow, Responder
from tokenrouter.gateway.recording import Recording, Room

MAX_PASSENGERS: Final = 64
"""Most clients that wait for one answer."""
FAILED: Final = 300
"""A status from here on is told to the client whose request it is, and to no other."""


class Abandoned(Exception):
    """There is no answer that others could get: the first client has left, or got an error."""


class Lent(NamedTuple):
    """An answer as those see it who have not paid for it.

    Attributes:
        origin_id: the request that it was made for, and that paid `cost_nano_usd`.
    """

    origin_id: str
    cost_nano_usd: int
    body_bytes: int


@dataclass(eq=False, slots=True)
class Passenger:
    """One client that waits.

    Attributes:
        settle: writes down that this client gets the answer of another's request; None for the one whose request it is.
        lines: header lines of its own.
        stays: whether it takes the answer to its end also when it waits no more, because somebody keeps it.
        has_left: whether it waits no more.
        done: when the flight has landed.
    """

    responder: Responder
    settle: Callable[[Lent], None] | None = None
    lines: bytes = b""
    stays: bool = False
    has_left: bool = False
    done: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class _Hand:
    """One client's hand on the provider's flow: it runs while nobody holds it."""

    __slots__ = ("_flight",)

    def __init__(self, flight: "Flight") -> None:
        self._flight = flight

    def pause(self) -> None:
        self._flight.hold(self)

    def resume(self) -> None:
        self._flight.let_go(self)


class Flight:
    """One request; it is the `Responder` and the `Keeper` of its road.

    Attributes:
        digest: what the request says, for those who come under the same name.
        kept: the whole answer, once it has landed and if it is one to be kept.
        was_paid: whether it has come to its end, and is charged.
        is_bounded: whether limits had a part in how long it is.
        failure: why it did not get through.
        is_over: whether it has landed.
    """

    def __init__(self, digest: bytes, call: Call, recording: Recording, on_landed: Callable[[], None]) -> None:
        self.digest = digest
        self.kept: KeptAnswer | None = None
        self.was_paid = self.is_bounded = self.is_over = False
        self.failure: BaseException | None = None
        self.started = False
        self._keep_alive = call.head.dialect.keep_alive  # of no answer a part
        self._outer = call.keeper
        self._recording = recording
        self._on_landed = on_landed
        self._passengers: list[Passenger] = []
        self._task: asyncio.Task[None] | None = None
        self._is_adrift = self._is_finished = False
        self._lent = Lent("", 0, 0)
        self._body_bytes = 0
        self._flow: Flow | None = None
        self._hands: set[_Hand] = set()

    def take_off(self, road: Callable[[], Awaitable[None]], leader: Passenger) -> None:
        """Begin, with the client that has asked."""
        self._passengers.append(leader)
        self._task = task = asyncio.get_running_loop().create_task(_run(road))
        task.add_done_callback(self._returned)

    # Those who wait.

    @property
    def takes_more(self) -> bool:
        """Whether its answer can still be had from the beginning."""
        if self.is_over:
            return self.kept is not None
        return not self._recording.is_too_long and len(self._passengers) < MAX_PASSENGERS

    def board(self, passenger: Passenger) -> None:
        """Give `passenger` what there is, and the rest as it comes. It `takes_more`."""
        if (kept := self.kept) is not None:
            self._settle(passenger, lambda: kept.tell(passenger.responder, passenger.lines))
            _resolve(passenger, None)
            return
        self._passengers.append(passenger)
        if self.started:
            recording = self._recording
            self._lend_flow(passenger)
            passenger.responder.start(recording.status, recording.headers + passenger.lines, recording.length)
            passenger.responder.write(recording.body)
            if self._is_finished:
                self._settle(passenger, passenger.responder.finish)

    async def carry(self, passenger: Passenger) -> bool:
        """Give `passenger` the answer; False where there was none, and it got nothing. It `takes_more`.

        Raises:
            GatewayError: it failed when the client had a part of it, or it cannot be written down.
        """
        self.board(passenger)
        try:
            await self.wait(passenger)
        except GatewayError:
            if passenger.responder.started:
                raise
            return False
        except Abandoned:
            return passenger.responder.started
        return True

    async def wait(self, passenger: Passenger) -> None:
        """Wait for the landing.

        Raises:
            GatewayError: what the client is to be told.
        """
        try:
            await passenger.done
        except asyncio.CancelledError as error:
            self._leave(passenger)
            await self._end_if_unwanted(str(error.args[0]) if error.args else "client_disconnect")
            raise

    def _leave(self, passenger: Passenger) -> None:
        passenger.has_left = True
        if not passenger.stays and passenger in self._passengers:
            self._passengers.remove(passenger)
        hand = passenger.responder.flow
        if isinstance(hand, _Hand):
            self.let_go(hand)

    async def _end_if_unwanted(self, reason: str) -> None:
        """End the road where nobody waits for it any more, and let it write that down."""
        task = self._task
        if task is None or self._is_finished or not all(passenger.has_left for passenger in self._passengers):
            return
        task.cancel(reason)
        if not task.done():
            await asyncio.wait([task])

    # The road's side: a Responder.

    @property
    def flow(self) -> Flow | None:
        return self._flow

    @flow.setter
    def flow(self, flow: Flow | None) -> None:
        self._flow = flow
        for passenger in self._passengers:
            self._lend_flow(passenger)

    def answer(self, status: int, headers: bytes, body: bytes) -> None:
        self.started = self._is_finished = True
        self._recording.begin(status, headers, len(body))
        self._recording.add(body)
        self._body_bytes = len(body)
        for passenger in list(self._passengers):
            if status >= FAILED and passenger.settle is not None:
                self._passengers.remove(passenger)
                _resolve(passenger, Abandoned())
                continue
            send = partial(passenger.responder.answer, status, self._lines_for(passenger, headers), body)
            self._settle(passenger, send)
        self._land_alone()

    def start(self, status: int, headers: bytes, length: int | None) -> None:
        self.started = True
        self._recording.begin(status, headers, length)
        for passenger in self._passengers:
            passenger.responder.start(status, self._lines_for(passenger, headers), length)

    def write(self, data: bytes) -> None:
        if data != self._keep_alive:
            self._recording.add(data)
            self._body_bytes += len(data)
        for passenger in self._passengers:
            passenger.responder.write(data)

    def finish(self) -> None:
        self._is_finished = True
        for passenger in list(self._passengers):
            self._settle(passenger, passenger.responder.finish)
        self._land_alone()

    def hold(self, hand: _Hand) -> None:
        """Hold the flow for one client."""
        if not self._hands and self._flow is not None:
            self._flow.pause()
        self._hands.add(hand)

    def let_go(self, hand: _Hand) -> None:
        """Let the flow go as far as that client is concerned."""
        was_held = bool(self._hands)
        self._hands.discard(hand)
        if was_held and not self._hands and self._flow is not None:
            self._flow.resume()

    # The books' side: a Keeper.

    def ended(self, subject: Subject, ended: Ended, *, is_complete: bool, is_bounded: bool) -> None:
        """Take in how an attempt ended; once one has come to its end, others say nothing."""
        if self._outer is not None:
            self._outer.ended(subject, ended, is_complete=is_complete, is_bounded=is_bounded)
        if self.was_paid:
            return
        self.was_paid, self.is_bounded = is_complete and ended.status < FAILED, is_bounded
        self._lent = Lent(ended.id, ended.cost_nano_usd or 0, 0)
        if self._is_adrift and not self.was_paid:
            asyncio.get_running_loop().call_soon(self._land, Abandoned())

    def goes_on_alone(self) -> None:
        """Its task is gone, but not its road."""
        self._is_adrift = True
        if self._outer is not None:
            self._outer.goes_on_alone()

    # Landing.

    def _returned(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled():
            self._land(task.exception())
        elif not self._is_adrift:
            self._land(Abandoned())

    def _land_alone(self) -> None:
        if self._is_adrift:
            self._land(None)

    def _land(self, failure: BaseException | None) -> None:
        if self.is_over:
            return
        self.is_over = True
        self.failure = failure
        if failure is None and self.was_paid and self._is_finished and not self._recording.is_too_long:
            self.kept = self._recording.kept(self._lent.origin_id, self._lent.cost_nano_usd)
        self._recording.release()
        passengers, self._passengers = self._passengers, []
        for passenger in passengers:
            _resolve(passenger, failure)
        self._on_landed()

    def _settle(self, passenger: Passenger, send: Callable[[], None]) -> None:
        """Send a client the last of its answer, when it is written down that it gets it."""
        try:
            if passenger.settle is not None:
                passenger.settle(self._lent._replace(body_bytes=self._body_bytes))
        except GatewayError as error:
            _resolve(passenger, error)
            if passenger in self._passengers:
                self._passengers.remove(passenger)
        else:
            send()

    def _lines_for(self, passenger: Passenger, headers: bytes) -> bytes:
        return headers if passenger.settle is None else self._recording.headers + passenger.lines

    def _lend_flow(self, passenger: Passenger) -> None:
        passenger.responder.flow = None if self._flow is None else _Hand(self)


class Flights:
    """The flights of one kind, by their names."""

    def __init__(self, room: Room, max_entry_bytes: int) -> None:
        self._room = room
        self._max_entry_bytes = max_entry_bytes
        self._by_name: dict[bytes, Flight] = {}
        self._keeping: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._by_name)

    def find(self, name: bytes) -> Flight | None:
        """Return the flight of that name, also for the moment in which its answer is being kept."""
        return self._by_name.get(name)

    async def lead(
        self,
        name: bytes,
        digest: bytes,
        call: Call,
        responder: Responder,
        onward: Onward,
        keep: Callable[[Flight], Awaitable[None]],
    ) -> None:
        """Take `call` on as a flight, and wait for it. `keep` is told of its end; it is b"" that nobody finds by name.

        Raises:
            GatewayError: what the client is to be told.
        """

        def landed() -> None:
            if flight.kept is None:
                self._forget(name, flight)
            task = asyncio.get_running_loop().create_task(_run(lambda: keep(flight)))
            self._keeping.add(task)
            task.add_done_callback(kept)

        def kept(task: "asyncio.Task[None]") -> None:
            self._keeping.discard(task)
            self._forget(name, flight)

        recording = Recording(self._room, self._max_entry_bytes)
        flight = Flight(digest, call, recording, landed)
        if name:
            self._by_name[name] = flight
        leader = Passenger(responder, stays=call.keeper is not None)
        flight.take_off(lambda: onward(replace(call, keeper=flight), flight), leader)
        await flight.wait(leader)

    def _forget(self, name: bytes, flight: Flight) -> None:
        if self._by_name.get(name) is flight:
            del self._by_name[name]


async def _run(step: Callable[[], Awaitable[None]]) -> None:
    await step()


def _resolve(passenger: Passenger, failure: BaseException | None) -> None:
    if passenger.done.done():
        return
    if failure is None:
        passenger.done.set_result(None)
    else:
        passenger.done.set_exception(failure)

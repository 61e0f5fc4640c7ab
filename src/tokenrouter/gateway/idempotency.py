"""`Idempotency-Key`: a request that a client sends again is not asked and not paid again.

The key is the API key's own: nobody else's request is ever meant by it. While the first request runs, whoever sends it
again waits for its answer; afterwards the answer is given again as it was. What failed, or did not come to its end, is
forgotten, so that sending it again is a real request.

Several processes find each other by a mark in a store that they share. A repeat that reaches another process than the
first one gets the answer when it is whole; in the same process it gets a stream from its beginning as it comes.
"""

import asyncio
from typing import Final, Literal

import msgspec

from tokenrouter.domain.errors import AnswerNotShared, IdempotencyKeyReused, InvalidRequest
from tokenrouter.gateway.answer_names import idempotency_name, peeked, request_digest
from tokenrouter.gateway.borrowed import BorrowedBooks, Said
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.directory import Principal
from tokenrouter.gateway.flights import Flight, Flights, Lent, Passenger
from tokenrouter.gateway.kept_answers import AnswerStore, KeptAnswer
from tokenrouter.gateway.layers import Onward
from tokenrouter.gateway.ports import Responder, Source

MAX_KEY_BYTES: Final = 255
"""Longest key: that of Stripe's API (docs.stripe.com/api/idempotent_requests, 2026-11), whose header this is."""
LOOK_S: Final = 0.1
"""How often it is looked whether another process has the answer."""
MAX_LOOKS: Final = 6000
"""… and how often at most: ten minutes, as long as a provider may take for its first byte."""
_DO_NOT_REPEAT: Final = b"x-should-retry: false\r\n"
_REPLAYED: Final = b"%b: %b\r\nidempotent-replayed: true\r\nx-tokenrouter-cost-usd: 0.000000000\r\n"


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    """What lies in the store. `digest` is of the request."""

    digest: bytes
    state: Literal["running", "kept", "too_long"]
    answer: KeptAnswer | None = None


_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(_Entry)


class Idempotency:
    """The layer."""

    def __init__(
        self, source: Source, store: AnswerStore, flights: Flights, books: BorrowedBooks, *, keep_s: float
    ) -> None:
        """`keep_s`: how long an answer is given again."""
        self._source = source
        self._store = store
        self._flights = flights
        self._books = books
        self._keep_s = keep_s

    def concerns(self, call: Call, principal: Principal) -> bool:
        """Whether the client has marked its request."""
        return call.head.idempotency_key != b""

    async def serve(self, call: Call, principal: Principal, responder: Responder, onward: Onward) -> None:
        """Give `call` the answer that the same request has got, gets, or is to get now.

        Raises:
            IdempotencyKeyReused: it is another request than the one with this key.
            AnswerNotShared: the answer was too long to be kept, or nobody knows what became of it.
            GatewayError: what the road says.
        """
        key = call.head.idempotency_key
        if len(key) > MAX_KEY_BYTES:
            raise InvalidRequest(f"The Idempotency-Key is longer than {MAX_KEY_BYTES} bytes; send a shorter one.")
        name, digest = idempotency_name(self._source.current(), principal, key), request_digest(call)
        mark = _encode(_Entry(digest, "running"))
        for _ in range(MAX_LOOKS):
            flight = self._flights.find(name)
            if flight is not None:
                if await self._join(flight, digest, call, principal, responder):
                    return
                continue
            found = await self._store.claim(name, mark)
            if found is None and self._flights.find(name) is None:
                await self._lead(name, digest, call, responder, onward)
                return
            if found is not None and self._repeat(found, digest, call, principal, responder):
                return
            await asyncio.sleep(LOOK_S)
        raise AnswerNotShared("The same request is still running elsewhere; send it again later with the same key.")

    async def _join(
        self, flight: Flight, digest: bytes, call: Call, principal: Principal, responder: Responder
    ) -> bool:
        """Wait with the first; False when that has failed, and this one is to be asked."""
        _require_same(flight.digest, digest)
        if not flight.takes_more:
            raise _too_long("is running, and its answer is already too long to be given again")

        def settle(lent: Lent) -> None:
            self._write(call, principal, lent)

        passenger = Passenger(responder, settle, _lines(call), stays=call.keeper is not None)
        return await flight.carry(passenger)

    def _repeat(self, found: bytes, digest: bytes, call: Call, principal: Principal, responder: Responder) -> bool:
        """Give the answer again; False while there is none."""
        try:
            entry = _decoder.decode(found)
        except msgspec.DecodeError:
            raise _too_long("was answered by another version of the gateway") from None
        _require_same(entry.digest, digest)
        if entry.state == "too_long":
            raise _too_long("was answered, and the answer was too long to be kept")
        if entry.answer is None:
            return False
        answer = entry.answer
        self._write(call, principal, Lent(answer.origin_id, answer.cost_nano_usd, len(answer.body)))
        answer.tell(responder, _lines(call))
        return True

    def _write(self, call: Call, principal: Principal, lent: Lent) -> None:
        said = peeked(call)
        told = Said("", is_stream=False) if said is None else Said(said.model, said.stream)
        self._books.write(call, principal, told, "replay", lent, counts=False)

    async def _lead(self, name: bytes, digest: bytes, call: Call, responder: Responder, onward: Onward) -> None:
        async def keep(flight: Flight) -> None:
            if flight.kept is not None and self._keep_s > 0:
                await self._store.put(name, _encode(_Entry(digest, "kept", flight.kept)), self._keep_s)
            elif flight.was_paid and self._keep_s > 0:
                await self._store.put(name, _encode(_Entry(digest, "too_long")), self._keep_s)
            else:
                await self._store.drop(name)

        await self._flights.lead(name, digest, call, responder, onward, keep)


def _lines(call: Call) -> bytes:
    return _REPLAYED % (call.head.dialect.id_header, call.request_id.encode())


def _require_same(known: bytes, digest: bytes) -> None:
    if known != digest:
        raise IdempotencyKeyReused(
            "This Idempotency-Key was sent before with another request; use a new key for each request."
        )


def _too_long(what: str) -> AnswerNotShared:
    error = AnswerNotShared(f"The request with this Idempotency-Key {what}; send it with a new key to ask again.")
    error.headers = _DO_NOT_REPEAT
    return error

"""The exact-match response cache: the same question of the same team gets the same answer, and is paid once.

Only for keys that want it, since two equal questions need not want two equal answers. What is kept is a whole answer
that came to its end, never an error, never one that a limit has shortened. Questions that are asked at the same time
share one answer where chance has no part in it.

An answer and a stream of it are kept apart, each as it was sent: a client gets the very bytes that its provider's
answer had, or would have.
"""

from dataclasses import dataclass
from typing import Final

from tokenrouter.domain.errors import GatewayError, NotCached
from tokenrouter.gateway.answer_names import cache_name, is_deterministic, peeked
from tokenrouter.gateway.borrowed import BorrowedBooks, Said
from tokenrouter.gateway.cache_wishes import NO_WISH, CacheWish
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.directory import Directory, Principal
from tokenrouter.gateway.flights import Flight, Flights, Lent, Passenger
from tokenrouter.gateway.kept_answers import AnswerStore, decode_answer, encode_answer
from tokenrouter.gateway.labelled import Labelled
from tokenrouter.gateway.layers import Onward
from tokenrouter.gateway.ports import Responder, Source

_MISS: Final = b"x-tokenrouter-cache: miss\r\n"
_BYPASS: Final = b"x-tokenrouter-cache: bypass\r\n"
_FOUND: Final = b"%b: %b\r\nx-tokenrouter-cache: %b\r\nage: %d\r\nx-tokenrouter-cost-usd: 0.000000000\r\n"


@dataclass(frozen=True, slots=True)
class _Question:
    """A request whose answer may be kept.

    Attributes:
        name: what it and its equals have in common.
        shares: whether it may get an answer that another request is getting now.
        ttl_s: how long its answer is kept.
    """

    name: bytes
    said: Said
    shares: bool
    ttl_s: float


class ResponseCache:
    """The layer."""

    def __init__(self, source: Source, store: AnswerStore, flights: Flights, books: BorrowedBooks) -> None:
        self._source = source
        self._store = store
        self._flights = flights
        self._books = books

    def concerns(self, call: Call, principal: Principal) -> bool:
        """Whether the key gets kept answers, or the client wants nothing else."""
        wish = call.head.cache_wish
        return principal.cache != "off" or (wish is not None and wish.only_if_cached)

    async def serve(self, call: Call, principal: Principal, responder: Responder, onward: Onward) -> None:
        """Answer `call` by what is kept, or take it on and keep its answer.

        Raises:
            NotCached: nothing is kept, and the client wants nobody to be asked.
            GatewayError: what the road says.
        """
        wish = call.head.cache_wish or NO_WISH
        question = self._question(self._source.current(), principal, call, wish)
        if question is not None and not wish.no_cache:
            if await self._tell_kept(question, wish, call, principal, responder):
                return
            if not wish.only_if_cached and await self._join(question, call, principal, responder):
                return
        if wish.only_if_cached:
            raise NotCached("No answer to this request is kept; send it without only-if-cached to ask for one.")
        if question is None:
            await onward(call, Labelled(responder, _BYPASS))
        elif principal.cache == "read":
            await onward(call, Labelled(responder, _MISS))
        else:
            await self._lead(question, call, Labelled(responder, _MISS), onward)

    def _question(self, directory: Directory, principal: Principal, call: Call, wish: CacheWish) -> _Question | None:
        """Return what is asked; None where no answer is read or kept."""
        policy = directory.catalog.policy
        said = None if principal.cache == "off" or wish.no_store or policy.quota_in_answers else peeked(call)
        if said is None or not directory.cached_models.allow(said.model):
            return None
        try:
            name = cache_name(directory, principal, call, said)
        except GatewayError:  # which the road will tell
            return None
        if name is None:
            return None
        rules, operation = policy.cache, call.head.dialect.operation
        shares = rules.share_in_flight == "always" or (
            rules.share_in_flight == "deterministic" and is_deterministic(operation, said.body.fields)
        )
        ttl_s = rules.ttl_s if wish.ttl_s is None else min(rules.ttl_s, wish.ttl_s)
        return _Question(name, Said(said.model, said.stream), shares, ttl_s)

    async def _tell_kept(
        self, question: _Question, wish: CacheWish, call: Call, principal: Principal, responder: Responder
    ) -> bool:
        found = await self._store.get(question.name)
        answer = None if found is None else decode_answer(found)
        if answer is None or (wish.max_age_s is not None and answer.age_s() > wish.max_age_s):
            return False
        admitted = await self._books.admit(call, principal)
        lent = Lent(answer.origin_id, answer.cost_nano_usd, len(answer.body))
        try:
            self._books.write(call, principal, question.said, "cache", lent, counts=True)
            admitted.count()
        finally:
            admitted.give_back()
        answer.tell(responder, _lines(call, b"hit", answer.age_s()))
        return True

    async def _join(self, question: _Question, call: Call, principal: Principal, responder: Responder) -> bool:
        """Wait for the answer that another is getting; False where there is none, or none that this one may have."""
        if not question.shares or self._flights.find(question.name) is None:
            return False
        admitted = await self._books.admit(call, principal)

        def settle(lent: Lent) -> None:
            self._books.write(call, principal, question.said, "shared", lent, counts=True)
            admitted.count()

        try:
            flight = self._flights.find(question.name)
            if flight is None or not flight.takes_more:
                return False
            passenger = Passenger(responder, settle, _lines(call, b"shared", 0), stays=call.keeper is not None)
            return await flight.carry(passenger)
        finally:
            admitted.give_back()

    async def _lead(self, question: _Question, call: Call, responder: Responder, onward: Onward) -> None:
        async def keep(flight: Flight) -> None:
            if flight.kept is not None and not flight.is_bounded and question.ttl_s > 0:
                await self._store.put(question.name, encode_answer(flight.kept), question.ttl_s)

        name = question.name if question.shares else b""
        await self._flights.lead(name, b"", call, responder, onward, keep)


def _lines(call: Call, word: bytes, age_s: int) -> bytes:
    return _FOUND % (call.head.dialect.id_header, call.request_id.encode(), word, age_s)

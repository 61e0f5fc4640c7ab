"""What a lane's limits left lately, and requests that go by it."""

from collections.abc import Sequence

import pytest

from tests.gateway.fakes import Client, Held, Notes, Provided, Scripted, Tokens, catalog
from tests.gateway.test_engine import ANSWER, JSON, body_of, call
from tokenrouter.domain.errors import QuotaExceeded
from tokenrouter.domain.limits import Amounts, Limit, Window
from tokenrouter.domain.room import ENDLESS, Room
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.room_hint import LOOK_EVERY, RoomHint
from tokenrouter.limits.memory import MemoryLimiter, MemoryReservation, Unlimited
from tokenrouter.observe.figures import Figures

USED_BY_EACH = 12
"""Tokens of one request with `ANSWER`."""


def test_less_is_thought_to_be_left_than_was() -> None:
    hint = RoomHint()
    hint.learn(Room(tokens=1000))
    assert hint.room == Room(tokens=750, input_tokens=ENDLESS)


def test_after_some_uses_it_is_looked_at_again() -> None:
    hint = RoomHint()
    hint.learn(Room(tokens=1000))
    for _ in range(LOOK_EVERY):
        assert hint.room is not None
        hint.use()
    assert hint.room is None


class Looking(MemoryLimiter):
    """A limiter that notes how much each request held first, and whether it held more later."""

    def __init__(self, limits: Sequence[Limit]) -> None:
        super().__init__(limits, restored=True)
        self.first: list[int] = []
        self.reservations: list[MemoryReservation | Unlimited] = []

    def reserve(self, scopes: Sequence[str], amounts: Amounts) -> MemoryReservation | Unlimited:
        reservation = super().reserve(scopes, amounts)
        self.first.append(amounts.output_tokens)
        self.reservations.append(reservation)
        return reservation

    @property
    def extended(self) -> list[bool]:
        """Return which requests held more, or less, than at first."""
        pairs = zip(self.first, self.reservations, strict=True)
        return [first != reservation.held.output_tokens for first, reservation in pairs]


class Asked:
    """A gateway whose key has so many tokens, asked one request after the other."""

    def __init__(self, tokens: int) -> None:
        limit = Limit("l", "key:alice", "tokens", Window("lifetime"), tokens)
        self.limiter = Looking((limit,))
        self.provided = Provided(Scripted(200, JSON, [ANSWER]))
        ports = Ports(Notes(), self.limiter, Figures(), Tokens())
        self._gateway = Gateway(Held(Directory(catalog(limits=(limit,)), b"")), self.provided, ports)

    async def ask(self, **more: object) -> None:
        self.provided.outcome = Scripted(200, JSON, [ANSWER])
        await self._gateway.serve(call(**more), Client())  # type: ignore[arg-type]


async def test_far_from_its_limit_a_request_holds_in_one_step_what_it_may_need() -> None:
    asked = Asked(100_000_000)
    for _ in range(4):
        await asked.ask()

    assert asked.limiter.extended == [True, False, False, False]
    assert len({reservation.held.output_tokens for reservation in asked.limiter.reservations}) == 1


async def test_what_is_left_is_looked_at_now_and_then() -> None:
    asked = Asked(100_000_000)
    for _ in range(LOOK_EVERY + 2):
        await asked.ask()

    assert [number for number, extended in enumerate(asked.limiter.extended) if extended] == [0, LOOK_EVERY + 1]


async def test_a_request_that_does_not_find_as_much_is_bounded_as_ever() -> None:
    asked = Asked(2_000_000)
    await asked.ask()
    asked.limiter.adjust("l", "key:alice", 2_000_000 - USED_BY_EACH - 2000)
    await asked.ask()

    assert b"max_completion_tokens" in body_of(asked.provided.asked[-1])
    assert b"max_completion_tokens" not in body_of(asked.provided.asked[0])


async def test_where_nothing_is_left_a_request_is_refused_as_ever() -> None:
    asked = Asked(2_000_000)
    await asked.ask()
    asked.limiter.adjust("l", "key:alice", 2_000_000 - USED_BY_EACH)
    with pytest.raises(QuotaExceeded):
        await asked.ask()
    assert len(asked.provided.asked) == 1

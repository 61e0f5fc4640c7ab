import json
from dataclasses import replace

import pytest
from hypothesis import given

from tests.gateway.fakes import Client, Notes, Provided, Scripted, catalog, gateway
from tests.gateway.test_engine import ANSWER, CHUNK, DONE, JSON, LAST, SSE, body_of, call
from tests.gateway.test_entrance import Far, far_gateway, limit
from tests.gateway.test_holding import ROOM, WISHES
from tokenrouter.domain.errors import LimitReached, QuotaExceeded, QuotaReserved, RateLimited
from tokenrouter.domain.limits import Amounts, LimitState, Window
from tokenrouter.gateway.holding import LONGEST_ANSWER, Wish
from tokenrouter.gateway.unshortened import hold_all, too_long


def state(amount: int, *, used: int = 0, held: int = 0, window: Window | None = None) -> LimitState:
    return LimitState(
        replace(limit("tokens", amount), window=window or Window("lifetime")), "key:alice", used, held, 60
    )


@given(ROOM, WISHES)
def test_all_that_may_be_needed_is_held_or_nothing(room: int, wish: Wish) -> None:
    held = hold_all(room, wish)
    needed = LONGEST_ANSWER if wish.asked is None else wish.asked

    assert (held is None) == (needed > room)
    if held is not None:
        assert (held.tokens, held.bound, held.margin) == (needed, None, 0)


@pytest.mark.parametrize(
    ("found", "error"),
    [
        (state(1_000), QuotaExceeded),
        (state(90_000, used=1_000, held=88_500), QuotaReserved),
        (state(1_000, window=Window("sliding", 60)), RateLimited),
    ],
)
def test_the_refusal_is_of_the_limit_that_leaves_least_room(found: LimitState, error: type[LimitReached]) -> None:
    wide = state(10**9)
    told = too_long([wide, found], Amounts(), 100, None, Wish(300, 5_000, 1, is_watched=False))

    assert type(told) is error
    assert told is not None
    assert f"tokens limit of key:alice leaves room for an answer of {found.left - 100:,} tokens" in told.message
    assert told.states == [wide, found]


async def test_a_key_that_does_not_clamp_is_refused_and_told_what_would_fit() -> None:
    provided, notes = Provided(Scripted(200, JSON, [ANSWER])), Notes()
    limited = gateway(provided, notes, catalog(limits=(limit("tokens", 2_000),), clamp=False))

    with pytest.raises(QuotaExceeded, match="clamp = false") as refused:
        await limited.serve(call(max_tokens=50_000), Client())
    assert b"x-ratelimit-remaining-tokens: 2000" in refused.value.headers
    assert (provided.asked, notes.begun) == ([], [])
    fits = int(refused.value.message.partition("Ask for ")[2].split()[0].replace(",", ""))
    await limited.serve(call(max_tokens=fits), Client())
    assert json.loads(body_of(provided.asked[0]))["max_tokens"] == fits


async def test_nor_is_a_request_of_such_a_key_that_names_no_bound() -> None:
    provided, notes = Provided(Scripted(200, JSON, [ANSWER])), Notes()
    limited = gateway(provided, notes, catalog(limits=(limit("tokens", 100_000),), clamp=False))

    with pytest.raises(QuotaExceeded, match="names no bound"):
        await limited.serve(call(), Client())


async def test_a_stream_of_such_a_key_holds_all_from_the_beginning() -> None:
    provided, notes = Provided(Scripted(200, SSE, [CHUNK, LAST, DONE])), Notes()
    limited = gateway(provided, notes, catalog(limits=(limit("tokens", 40_000),), clamp=False))
    for _ in range(2):
        await limited.serve(call(stream=True, max_tokens=30_000), Client())

    assert notes.held[-1].output_tokens == 30_000
    assert json.loads(body_of(provided.asked[-1]))["max_tokens"] == 30_000
    with pytest.raises(QuotaExceeded):
        await limited.serve(call(stream=True, max_tokens=50_000), Client())


async def test_it_is_the_same_where_the_limiter_is_asked_over_the_network() -> None:
    provided, far = Provided(Scripted(200, JSON, [ANSWER])), Far((limit("tokens", 2_000),))
    limited = far_gateway(provided, Notes(), far, catalog(clamp=False))

    with pytest.raises(QuotaExceeded, match="leaves room for an answer of"):
        await limited.serve(call(max_tokens=50_000), Client())
    assert [each.held for each in await far.states(("key:alice",))] == [0]
    await limited.serve(call(max_tokens=1_500), Client())

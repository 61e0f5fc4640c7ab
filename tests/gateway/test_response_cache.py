"""The same question of the same team is asked once."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateway.answering import ALICE, BOB, EVE, Place, catalog, place
from tokenrouter.domain.catalog import CacheRules
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.gateway.answer_names import UNHEARD
from tokenrouter.gateway.cache_wishes import CacheWish

SAME = {"temperature": 0}
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
bodies = st.dictionaries(st.sampled_from(["top_p", "stop", "tools", "extra", "user", "metadata"]), values, max_size=4)


def cached(*, share: str = "deterministic", **more: Any) -> Place:
    return place(catalog(CacheRules(teams=("*",), share_in_flight=share), **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_hit_has_the_very_bytes_and_costs_nothing(stream: bool) -> None:
    where = cached()
    first = await where.ask(where.call(stream=stream))
    await where.settled()
    hit = await where.ask(where.call(BOB, stream=stream))

    assert (hit.status, hit.body, hit.finished) == (200, first.body, True)
    assert b"x-tokenrouter-cache: miss\r\n" in first.headers
    assert b"x-tokenrouter-cache: hit\r\nage: 0\r\n" in hit.headers
    assert (b"req_1" in hit.headers, b"x-request-id: req_2\r\n" in hit.headers) == (False, True)
    assert where.rows() == [("alice", "", 1), ("bob", "cache", 1)]
    paid, free = where.notes.ended
    assert (free.origin_id, free.saved_nano_usd, free.cost_nano_usd) == (paid.id, paid.cost_nano_usd, 0)


async def test_another_team_never_gets_the_answer_whatever_it_sends() -> None:
    where = cached()
    await where.ask(where.call())
    await where.settled()
    wishes = (None, CacheWish(only_if_cached=True), CacheWish(max_age_s=10**8))
    theirs = [await where.ask(where.call(EVE, cache_wish=wish)) for wish in wishes[1:]]

    assert [client.status for client in theirs] == [504, 200]
    assert b"x-tokenrouter-cache: miss\r\n" in theirs[1].headers
    assert len(where.asked.requests) == 2


async def test_an_answer_and_a_stream_are_kept_apart() -> None:
    where = cached()
    await where.ask(where.call())
    await where.settled()

    assert b"miss" in (await where.ask(where.call(stream=True))).headers


@pytest.mark.parametrize("status", [400, 500])
async def test_errors_are_not_kept(status: int) -> None:
    where = cached()
    where.asked.refusals.append(status)
    assert (await where.ask(where.call())).status >= 400
    await where.settled()

    assert (await where.ask(where.call())).status == 200
    assert len(where.asked.requests) == 2


async def test_an_answer_that_a_limit_bounds_is_not_kept() -> None:
    where = cached(limits=(Limit("l", "key:alice", "tokens", Window("lifetime"), 300),))
    first = await where.ask(where.call())
    await where.settled()
    assert b"x-tokenrouter-output-limit" in first.headers

    assert b"miss" in (await where.ask(where.call(BOB))).headers


async def test_clients_can_only_restrict() -> None:
    where = cached()
    assert b"bypass" in (await where.ask(where.call(cache_wish=CacheWish(no_store=True)))).headers
    assert (await where.ask(where.call(cache_wish=CacheWish(only_if_cached=True)))).status == 504
    await where.ask(where.call())
    await where.settled()
    assert b"hit" in (await where.ask(where.call(cache_wish=CacheWish(only_if_cached=True)))).headers
    assert b"miss" in (await where.ask(where.call(cache_wish=CacheWish(no_cache=True)))).headers
    await where.settled()
    assert b"hi 3" in (await where.ask(where.call())).body
    off = place(catalog(CacheRules()))
    plain = await off.ask(off.call(cache_wish=CacheWish(ttl_s=60)))
    assert b"x-tokenrouter-cache" not in plain.headers


async def test_a_client_may_have_its_answer_kept_for_a_shorter_time() -> None:
    where = cached()
    await where.ask(where.call(cache_wish=CacheWish(ttl_s=0)))
    await where.settled()

    assert len(where.cache) == 0


async def test_equal_requests_at_one_time_are_asked_once_and_each_is_counted() -> None:
    where = cached()
    where.asked.gate.clear()
    running = [where.begin(where.call(key, stream=True, body=SAME)) for key in (ALICE, BOB, BOB)]
    other = where.begin(where.call(EVE, stream=True, body=SAME))
    await where.settled()
    where.asked.gate.set()
    first, second, third = [await one for one in running]

    assert first.body == second.body == third.body != (await other).body
    assert b"x-tokenrouter-cache: shared\r\n" in second.headers
    assert sorted(where.rows()) == [("alice", "", 1), ("bob", "shared", 1), ("bob", "shared", 1), ("eve", "", 1)]
    assert len(where.asked.requests) == 2


@pytest.mark.parametrize(
    ("share", "body", "asked"), [("deterministic", {}, 2), ("off", SAME, 2), ("always", {}, 1), ("always", SAME, 1)]
)
async def test_who_shares_is_a_setting(share: str, body: dict[str, Any], asked: int) -> None:
    where = cached(share=share)
    where.asked.gate.clear()
    running = [where.begin(where.call(body=body)) for _ in range(2)]
    await where.settled()
    where.asked.gate.set()
    for one in running:
        await one

    assert len(where.asked.requests) == asked


async def test_who_waited_for_one_that_failed_is_asked_for_itself() -> None:
    where = cached()
    where.asked.gate.clear()
    where.asked.refusals.append(500)
    first, second = (where.begin(where.call(key, body=SAME)) for key in (ALICE, BOB))
    await where.settled()
    where.asked.gate.set()

    assert ((await first).status, (await second).status) == (500, 200)
    assert where.rows() == [("alice", "", 1), ("bob", "", 1)]


async def test_a_hit_counts_as_a_request_and_nothing_else() -> None:
    limits = (
        Limit("r", "key:bob", "requests", Window("lifetime"), 1),
        Limit("t", "key:bob", "tokens", Window("lifetime"), 5),
    )
    where = cached(limits=limits)
    await where.ask(where.call())
    await where.settled()

    assert b"hit" in (await where.ask(where.call(BOB))).headers
    refused = await where.ask(where.call(BOB))
    assert refused.status == 429
    used = {state.limit.id: state.used for state in where.limiter.states(("key:bob",))}
    assert used == {"r": 1, "t": 0}


async def test_a_request_marked_as_the_same_gets_the_answer_of_a_hit_again() -> None:
    where = cached()
    await where.ask(where.call())
    await where.settled()
    hit = await where.ask(where.call(idempotency_key=b"again"))
    await where.settled()
    again = await where.ask(where.call(idempotency_key=b"again"))

    assert hit.body == again.body
    assert [how for _, how, _ in where.rows()] == ["", "cache", "replay"]


async def test_it_may_be_kept_by_both_and_outlives_its_client() -> None:
    where = place(catalog(CacheRules(teams=("*",)), on_disconnect="drain"))
    where.asked.gate.clear()
    first = where.begin(where.call(stream=True, idempotency_key=b"again"))
    await where.settled()
    first.cancel()
    await where.settled()
    where.asked.gate.set()
    await where.settled()

    assert b"idempotent-replayed" in (await where.ask(where.call(stream=True, idempotency_key=b"again"))).headers
    assert b"hit" in (await where.ask(where.call(stream=True))).headers
    assert len(where.asked.requests) == 1


@settings(max_examples=60)
@given(bodies, bodies)
async def test_only_equal_requests_share_an_answer(one: dict[str, Any], other: dict[str, Any]) -> None:
    where = cached()
    first = await where.ask(where.call(body=one))
    await where.settled()
    second = await where.ask(where.call(body=other))

    texts = [{name: json.dumps(said[name]) for name in said.keys() - UNHEARD["chat"]} for said in (one, other)]
    if first.status == 200 and texts[0] == texts[1]:
        assert second.body == first.body
        assert b"hit" in second.headers
    elif first.status == 200 and second.status == 200:
        assert second.body != first.body

"""A request that is sent again is not asked and not paid again."""

import asyncio

import pytest

from tests.gateway.answering import ALICE, BOB, EVE, Place, catalog, place, without_cache
from tests.gateway.fakes import Client
from tokenrouter.gateway.answer_names import request_digest
from tokenrouter.gateway.call import Call


def repeats(**more: object) -> Place:
    return place(without_cache(), **more)  # type: ignore[arg-type]


def marked(where: Place, key: bytes = ALICE, mark: bytes = b"again", **more: object) -> Call:
    return where.call(key, idempotency_key=mark, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_repeat_gets_the_same_answer_and_costs_nothing(stream: bool) -> None:
    where = repeats()
    first = await where.ask(marked(where, stream=stream))
    await where.settled()
    again = await where.ask(marked(where, stream=stream))

    assert (again.status, again.body, again.finished) == (200, first.body, True)
    assert b"idempotent-replayed: true\r\n" in again.headers
    assert b"x-request-id: req_2\r\n" in again.headers
    assert b"idempotent-replayed" not in first.headers
    assert len(where.asked.requests) == 1
    assert where.rows() == [("alice", "", 1), ("alice", "replay", 0)]
    paid, free = where.notes.ended
    assert (free.origin_id, free.saved_nano_usd) == (paid.id, paid.cost_nano_usd)
    assert (free.cost_nano_usd, free.usage.input_tokens, free.stream) == (0, 0, stream)


async def test_what_is_not_marked_is_asked_each_time() -> None:
    where = repeats()
    await where.ask(where.call())
    await where.ask(where.call())

    assert len(where.asked.requests) == 2


@pytest.mark.parametrize("stream", [False, True])
async def test_a_repeat_waits_for_the_first_and_gets_the_same(stream: bool) -> None:
    where = repeats()
    where.asked.gate.clear()
    first, again = (where.begin(marked(where, stream=stream)) for _ in range(2))
    await where.settled()
    assert len(where.asked.requests) == 1
    where.asked.gate.set()

    assert (await first).body == (await again).body != b""
    assert (await again).finished
    assert where.rows() == [("alice", "", 1), ("alice", "replay", 0)]


async def test_a_stream_is_joined_from_its_beginning() -> None:
    where = repeats()
    where.asked.gate.clear()
    first = where.begin(marked(where, stream=True))
    await where.settled()
    late = Client()
    again = asyncio.create_task(where.gateway.serve(marked(where, stream=True), late))
    await where.settled()

    assert b"hi 1" in late.body
    assert not late.finished
    where.asked.gate.set()
    await again
    assert late.body == (await first).body


async def test_the_same_key_with_another_body_is_refused() -> None:
    where = repeats()
    where.asked.gate.clear()
    first = where.begin(marked(where))
    await where.settled()
    while_it_runs = await where.ask(marked(where, body={"temperature": 1}))
    where.asked.gate.set()
    await first
    afterwards = await where.ask(marked(where, stream=True))

    assert (while_it_runs.status, afterwards.status) == (422, 422)
    assert len(where.asked.requests) == 1


@pytest.mark.parametrize("other", [BOB, EVE])
async def test_nobody_else_gets_the_answer_by_the_same_key(other: bytes) -> None:
    where = repeats()
    first = await where.ask(marked(where))
    theirs = await where.ask(marked(where, other))
    different = await where.ask(marked(where, other, body={"temperature": 1}))

    assert theirs.body != first.body
    assert different.status == 422  # because of their own, not because of alice's
    assert (await where.ask(marked(where))).body == first.body


@pytest.mark.parametrize("status", [400, 429, 500])
async def test_what_failed_is_asked_again(status: int) -> None:
    where = repeats()
    where.asked.refusals.append(status)
    assert (await where.ask(marked(where))).status >= 400
    await where.settled()

    assert (await where.ask(marked(where))).status == 200
    assert len(where.asked.requests) == 2


async def test_who_waited_for_one_that_failed_asks_for_itself() -> None:
    where = repeats()
    where.asked.gate.clear()
    where.asked.words = "x" * 10
    first, again = where.begin(marked(where)), where.begin(marked(where))
    await where.settled()
    first.cancel()
    await where.settled()
    where.asked.gate.set()

    assert (await again).status == 200
    assert len(where.asked.requests) == 1
    assert where.rows() == [("alice", "", 1), ("alice", "replay", 0)]


async def test_when_nobody_waits_any_more_it_ends_and_is_asked_anew() -> None:
    where = repeats()
    where.asked.gate.clear()
    first = where.begin(marked(where))
    await where.settled()
    first.cancel()
    await where.settled()
    where.asked.gate.set()

    assert [row.end_reason for row in where.notes.ended] == ["client_disconnect"]
    assert (await where.ask(marked(where))).status == 200
    assert len(where.asked.requests) == 2


@pytest.mark.parametrize("stream", [False, True])
async def test_a_provider_that_is_read_to_its_end_answers_the_repeat(stream: bool) -> None:
    where = place(without_cache(catalog(on_disconnect="drain")))
    where.asked.gate.clear()
    first = where.begin(marked(where, stream=stream))
    await where.settled()
    first.cancel()
    await where.settled()
    again = where.begin(marked(where, stream=stream))
    await where.settled()
    where.asked.gate.set()

    assert b"hi 1" in (await again).body
    assert (await again).finished
    assert (await where.ask(marked(where, stream=stream))).body == (await again).body
    assert len(where.asked.requests) == 1


async def test_an_answer_that_is_too_long_is_told_so_and_never_asked_again() -> None:
    where = repeats(max_entry_bytes=200)
    where.asked.words = "x" * 1000
    where.asked.gate.clear()
    first = where.begin(marked(where, stream=True))
    await where.settled()
    joined = await where.ask(marked(where, stream=True))
    where.asked.gate.set()
    assert (await first).finished
    await where.settled()
    again = await where.ask(marked(where, stream=True))

    assert (joined.status, again.status) == (409, 409)
    assert b"new key" in again.body
    assert len(where.asked.requests) == 1


async def test_an_answer_is_forgotten_after_its_time() -> None:
    where = repeats(keep_s=0.0)
    await where.ask(marked(where))
    await where.settled()
    await where.ask(marked(where))
    await where.settled()

    assert len(where.asked.requests) == 2
    assert len(where.repeats) == 0


async def test_a_key_that_is_too_long_is_refused() -> None:
    assert (await (where := repeats()).ask(marked(where, mark=b"x" * 256))).status == 400


async def test_forms_that_differ_in_their_boundary_only_are_the_same() -> None:
    where = repeats()
    one, two = where.call(), where.call()
    one.body = b"--abc\r\nname: x\r\n\r\nhello\r\n--abc--\r\n"
    two.body = b"--def\r\nname: x\r\n\r\nhello\r\n--def--\r\n"
    assert request_digest(one) == request_digest(two)
    two.body = b"--def\r\nname: x\r\n\r\nhallo\r\n--def--\r\n"
    assert request_digest(one) != request_digest(two)


async def test_a_slow_client_holds_the_provider_back() -> None:
    where = repeats()
    where.asked.gate.clear()
    client = Client()
    running = asyncio.create_task(where.gateway.serve(marked(where, stream=True), client))
    await where.settled()
    assert client.flow is not None
    client.flow.pause()
    client.flow.resume()
    where.asked.gate.set()
    await running
    assert client.finished

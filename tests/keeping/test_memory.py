"""Answers in memory: bounded, and gone when their time is over."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.keeping.memory import ENTRY_BYTES, MemoryAnswers


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


async def test_what_is_put_is_there_until_its_end() -> None:
    clock = Clock()
    answers = MemoryAnswers(10_000, 1000, clock)
    await answers.put(b"a", b"one", 5.0)
    assert await answers.get(b"a") == b"one"
    clock.now_s = 5.0
    assert await answers.get(b"a") is None
    assert answers.used_bytes == 0


async def test_a_claim_is_taken_once_and_stays_until_it_is_dropped() -> None:
    answers = MemoryAnswers(10_000, 1000)
    assert await answers.claim(b"a", b"mine") is None
    assert await answers.claim(b"a", b"theirs") == b"mine"
    await answers.drop(b"a")
    assert await answers.claim(b"a", b"theirs") is None


async def test_the_one_that_nobody_asked_for_longest_goes_first() -> None:
    answers = MemoryAnswers(2 * (ENTRY_BYTES + 1), 1000)
    await answers.put(b"a", b"1", 60)
    await answers.put(b"b", b"2", 60)
    await answers.get(b"a")
    await answers.put(b"c", b"3", 60)

    assert [await answers.get(name) for name in (b"a", b"b", b"c")] == [b"1", None, b"3"]
    assert answers.evicted == 1


async def test_what_is_too_long_is_not_kept_and_neither_is_what_it_replaces() -> None:
    answers = MemoryAnswers(10_000, 3)
    await answers.put(b"a", b"one", 60)
    await answers.put(b"a", b"four", 60)
    assert await answers.get(b"a") is None


@given(st.lists(st.tuples(st.sampled_from(b"abcdef"), st.binary(max_size=600), st.booleans()), max_size=60))
def test_it_never_takes_more_than_it_may(steps: list[tuple[int, bytes, bool]]) -> None:
    async def run() -> None:
        answers = MemoryAnswers(1500, 500)
        for name, entry, puts in steps:
            await (answers.put(b"%d" % name, entry, 60) if puts else answers.drop(b"%d" % name))
            assert 0 <= answers.used_bytes <= 1500
            assert (answers.used_bytes == 0) == (len(answers) == 0)

    asyncio.run(run())

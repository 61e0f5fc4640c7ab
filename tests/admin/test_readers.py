from collections.abc import AsyncGenerator

import pytest

from tokenrouter.admin.problems import Problem
from tokenrouter.admin.readers import MAX_OF_ONE, Readers


async def _endless() -> AsyncGenerator[bytes, None]:
    while True:
        yield b"."


async def test_one_caller_takes_so_many_streams_and_others_find_a_place() -> None:
    readers = Readers()
    opened = [readers.counted("ann", _endless()) for _ in range(MAX_OF_ONE)]
    for one in opened:
        await anext(one)

    with pytest.raises(Problem) as refused:
        readers.counted("ann", _endless())
    assert (refused.value.status, refused.value.code) == (429, "too_many_streams")
    assert await anext(readers.counted("bob", _endless())) == b"."

    await opened[0].aclose()
    assert await anext(readers.counted("ann", _endless())) == b"."


async def test_a_stream_that_ends_gives_its_place_back() -> None:
    async def two() -> AsyncGenerator[bytes, None]:
        yield b"1"
        yield b"2"

    readers = Readers()
    for _ in range(2 * MAX_OF_ONE):
        assert [one async for one in readers.counted("ann", two())] == [b"1", b"2"]


async def test_what_is_read_is_closed_with_its_reader() -> None:
    closed = []

    async def told() -> AsyncGenerator[bytes, None]:
        try:
            yield b"1"
            yield b"2"
        finally:
            closed.append("told")

    reading = Readers().counted("ann", told())
    await anext(reading)
    await reading.aclose()
    assert closed == ["told"]

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edge.talking import listening
from tokenrouter.edge.heads import split_head
from tokenrouter.edge.protocol import Bounds

HEAD = b"POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\nAccept: */*\r\n\r\n"


def test_heads_that_differ_in_their_length_only_are_the_same() -> None:
    one = split_head(HEAD % 7 + b"body")
    other = split_head(HEAD % 1234)

    assert one is not None
    assert other is not None
    assert one[0] == other[0]
    assert (one[1], other[1]) == (7, 1234)
    assert (HEAD % 7 + b"body")[one[2] :] == b"body"


@pytest.mark.parametrize(
    "data",
    [
        b"POST / HTTP/1.1\r\nContent-Length: 7\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 7 \r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: +7\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: \r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 9999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\n\r\nContent-Length: 7\r\n\r\n",
        b"",
    ],
)
def test_what_is_not_plain_is_left_to_the_parser(data: bytes) -> None:
    assert split_head(data) is None


@given(st.binary(max_size=60), st.integers(0, 999), st.binary(max_size=30), st.integers(0, 999))
def test_two_different_heads_never_become_the_same(lead: bytes, first: int, tail: bytes, second: int) -> None:
    head = b"P / HTTP/1.1\r\n" + lead + b"\r\nContent-Length: %d\r\n" + tail + b"\r\n\r\n"
    one, other = split_head(head.replace(b"%d", b"%d" % first)), split_head(head.replace(b"%d", b"%d" % second))

    if one is not None and other is not None and one[0] == other[0]:
        assert one[1] == other[1] or (one[1], other[1]) == (first, second)


async def answers(port: int, sent: Sequence[bytes], cut: int) -> list[bytes]:
    """Send requests over one connection, in pieces of `cut` bytes; return the bodies that come back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    bodies = []
    for request in sent:
        for start in range(0, len(request), cut):
            writer.write(request[start : start + cut])
            await writer.drain()
            await asyncio.sleep(0)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        bodies.append(await reader.readexactly(length))
    writer.close()
    return bodies


PATHS = st.sampled_from([b"/one", b"/two"])
EXTRAS = st.sampled_from([b"", b"X-A: 1\r\n", b"X-Length: Content-Length: 3\r\n", b"content-type: a\r\n"])
BODIES = st.binary(max_size=40) | st.just(b"x" * 70_000) | st.just(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(PATHS, EXTRAS, BODIES), min_size=1, max_size=6), st.sampled_from([7, 64, 4096, 10**6]))
def test_a_connection_reads_each_request_as_if_it_were_its_first(
    asked: list[tuple[bytes, bytes, bytes]], cut: int
) -> None:
    sent = [
        b"POST %b HTTP/1.1\r\nHost: a\r\n%bContent-Length: %d\r\nAccept: */*\r\n\r\n%b" % (path, extra, len(body), body)
        for path, extra, body in asked
    ]

    async def run() -> list[bytes]:
        async with listening() as (_, port), asyncio.timeout(60):
            return await answers(port, sent, max(cut, 4096) if any(len(one) > 50_000 for one in sent) else cut)

    assert asyncio.run(run()) == [b"POST %b %b" % (path, body) for path, _, body in asked]


async def test_a_known_head_does_not_let_a_body_through_that_is_too_large() -> None:
    async with listening(bounds=Bounds(max_body_bytes=100)) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD % 4 + b"ping")
        await reader.readuntil(b"ping")
        writer.write(HEAD % 101 + b"x" * 101)

        assert b" 413 " in await reader.readuntil(b"\r\n")
        writer.close()


async def test_what_follows_a_known_request_in_the_same_bytes_is_answered_too() -> None:
    async with listening() as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD % 4 + b"ping")
        await reader.readuntil(b"ping")
        writer.write(HEAD % 5 + b"fir")
        await asyncio.sleep(0.02)
        writer.write(b"st" + HEAD % 6 + b"second" + b"GET /third HTTP/1.1\r\nHost: a\r\n\r\n")

        received = await reader.readuntil(b"/third ")
        assert received.index(b"first") < received.index(b"second") < received.index(b"third")
        writer.close()

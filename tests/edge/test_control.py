"""Relaying to the control process, over a real Unix socket."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from tests.edge.talking import Answer, listening, talk
from tokenrouter.domain.errors import ControlPlaneAway
from tokenrouter.edge.control import ControlRelay
from tokenrouter.edge.request import Request, RequestHead
from tokenrouter.edge.responder import HttpResponder
from tokenrouter.upstream.client import UpstreamClient

GET = b"GET /admin HTTP/1.1\r\nhost: gateway.test\r\nconnection: close\r\n\r\n"


async def relayed(folder: Path, answer: bytes, *, ask: bytes = GET, stays_open: bool = False) -> bytes:
    """Return what a client gets when the control process answers so, and says nothing more or hangs up."""
    path = folder / "control.sock"

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            if stays_open:
                await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(run, path)
    try:
        async with UpstreamClient() as client, listening(relaying(client, path)) as (_, port):
            return await talk(port, ask)
    finally:
        server.close()


def relaying(client: UpstreamClient, path: Path) -> Answer:
    relay = ControlRelay(client, path)

    async def answer(request: Request, responder: HttpResponder) -> None:
        await relay.relay(request, responder)

    return answer


async def test_every_cookie_reaches_the_client_on_a_line_of_its_own(tmp_path: Path) -> None:
    cookies = b"Set-Cookie: one=1; Path=/\r\nset-cookie: two=2\r\nX: y\r\nSET-COOKIE: three=3, not four\r\n"

    got = await relayed(tmp_path, b"HTTP/1.1 200 OK\r\n" + cookies + b"Content-Length: 2\r\n\r\nhi")

    head, _, body = got.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if line.lower().startswith(b"set-cookie")]
    assert lines == [b"set-cookie: one=1; Path=/", b"set-cookie: two=2", b"set-cookie: three=3, not four"]
    assert (b"x: y" in head, body) == (True, b"hi")


async def test_cookies_of_one_answer_are_not_those_of_the_next(tmp_path: Path) -> None:
    first = await relayed(tmp_path, b"HTTP/1.1 204 No Content\r\nSet-Cookie: one=1\r\n\r\n")
    assert first.count(b"set-cookie: ") == 1
    (tmp_path / "control.sock").unlink(missing_ok=True)
    assert b"set-cookie" not in await relayed(tmp_path, b"HTTP/1.1 204 No Content\r\n\r\n")


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"deflate"])
async def test_a_compressed_answer_reaches_the_client_as_it_is(tmp_path: Path, coding: bytes) -> None:
    body = b"\x1f\x8b no bytes that could be inflated"
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (coding, len(body))

    got = await relayed(tmp_path, head + body)

    assert b"content-encoding: " + coding in got
    assert b"content-length: %d" % len(body) in got
    assert got.endswith(b"\r\n\r\n" + body)


async def test_an_answer_to_head_has_no_body_that_is_waited_for(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"

    got = await relayed(tmp_path, head, ask=GET.replace(b"GET", b"HEAD"), stays_open=True)

    assert b"content-length: 1234" in got
    assert got.endswith(b"\r\n\r\n")


async def test_a_control_process_that_is_away_is_told_as_such(tmp_path: Path) -> None:
    async with UpstreamClient() as client:
        relay = ControlRelay(client, tmp_path / "none.sock")
        with pytest.raises(ControlPlaneAway):
            await relay.relay(Request(RequestHead(b"GET", b"/admin", b"", {})), None)  # type: ignore[arg-type]

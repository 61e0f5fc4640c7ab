from asyncio import Transport
from email.utils import parsedate_to_datetime
from typing import cast

import pytest

from tokenrouter.edge.responder import DateHeader, HttpResponder


class Wire:
    """Collects what is written."""

    def __init__(self) -> None:
        self.data = b""
        self.writes = 0

    def write(self, data: bytes) -> None:
        self.data += data
        self.writes += 1

    def writelines(self, parts: list[bytes]) -> None:
        self.write(b"".join(parts))


def responder(wire: Wire, *, keep_alive: bool = True, chunked: bool = True, head_only: bool = False) -> HttpResponder:
    transport = cast(Transport, wire)
    return HttpResponder(transport, DateHeader(), keep_alive=keep_alive, chunked=chunked, head_only=head_only)


def test_a_whole_answer_is_one_write() -> None:
    wire = Wire()
    responder(wire).answer(404, b"x: y\r\n", b"body")

    assert wire.writes == 1
    assert wire.data.startswith(b"HTTP/1.1 404 Not Found\r\ndate: ")
    assert wire.data.endswith(b"\r\nx: y\r\ncontent-length: 4\r\n\r\nbody")


def test_a_stream_is_chunked_and_ends_with_the_last_chunk() -> None:
    wire = Wire()
    answer = responder(wire)
    answer.start(200, b"", None)
    answer.write(b"abc")
    answer.write(b"")
    answer.finish()
    answer.finish()

    assert wire.data.endswith(b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    assert answer.keeps_alive


def test_a_client_that_reads_no_chunks_gets_the_end_by_a_close() -> None:
    wire = Wire()
    answer = responder(wire, chunked=False)
    answer.start(200, b"", None)
    answer.write(b"abc")
    answer.finish()

    assert b"chunked" not in wire.data
    assert b"connection: close" in wire.data
    assert wire.data.endswith(b"\r\n\r\nabc")
    assert not answer.keeps_alive


def test_a_known_length_is_told() -> None:
    wire = Wire()
    answer = responder(wire)
    answer.start(200, b"", 3)
    answer.write(b"abc")
    answer.finish()

    assert wire.data.endswith(b"content-length: 3\r\n\r\nabc")


def test_a_head_request_gets_no_body() -> None:
    wire = Wire()
    responder(wire, head_only=True).answer(200, b"", b"body")

    assert wire.data.endswith(b"content-length: 4\r\n\r\n")


@pytest.mark.parametrize("status", [200, 299, 404, 529])
def test_every_status_has_a_line(status: int) -> None:
    wire = Wire()
    responder(wire).answer(status, b"", b"")

    assert wire.data.startswith(b"HTTP/1.1 %d " % status)


def test_the_date_is_a_date() -> None:
    line = DateHeader().line.decode()

    assert parsedate_to_datetime(line.removeprefix("date: ").strip()).tzinfo is not None

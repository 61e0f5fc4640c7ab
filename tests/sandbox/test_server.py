"""HTTP on the wire."""

import gc
import json
import socket
import time

import psutil

from tests.sandbox.conftest import Connect, Entries, http_post, read_all
from tokenrouter.testing.processes import SandboxProcess

BODY: dict[str, object] = {"model": "echo", "messages": [{"role": "user", "content": "hello"}]}
PATH = "/v1/chat/completions"


def read_answer(connection: socket.socket) -> tuple[int, dict[str, object]]:
    """One answer with a content-length, leaving nothing behind it in the socket."""
    with connection.makefile("rb", buffering=0) as file:
        status = int(file.readline().split()[1])
        length = 0
        while (line := file.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        body = b""
        while len(body) < length:
            body += file.read(length - len(body)) or b""
    return status, json.loads(body)


def test_a_connection_is_used_again(connect: Connect) -> None:
    connection = connect()
    for _ in range(3):
        connection.sendall(http_post(PATH, BODY))
        assert read_answer(connection)[0] == 200


def test_pipelined_requests_are_answered_in_order(connect: Connect) -> None:
    connection = connect()
    asked = [{**BODY, "model": f"lorem-{number}"} for number in range(1, 60)]
    connection.sendall(b"".join(http_post(PATH, body) for body in asked))

    assert [read_answer(connection)[1]["model"] for _ in asked] == [body["model"] for body in asked]


def test_a_chunked_request_is_read(connect: Connect) -> None:
    connection = connect()
    body = json.dumps(BODY).encode()
    head = f"POST {PATH} HTTP/1.1\r\nhost: sandbox\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    connection.sendall(head + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n")

    assert read_answer(connection)[0] == 200


def test_a_client_that_expects_100_is_told_to_continue(connect: Connect) -> None:
    connection = connect()
    request = http_post(PATH, BODY, "expect: 100-continue\r\n")
    head, _, body = request.partition(b"\r\n\r\n")
    connection.sendall(head + b"\r\n\r\n")
    assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(body)

    assert read_answer(connection)[0] == 200


def test_an_old_client_gets_a_stream_without_chunks(connect: Connect) -> None:
    connection = connect()
    connection.sendall(http_post(PATH, {**BODY, "stream": True}).replace(b"HTTP/1.1", b"HTTP/1.0"))

    received = read_all(connection)
    assert b"transfer-encoding" not in received
    assert received.endswith(b"data: [DONE]\n\n")


def test_nonsense_is_refused(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"no http at all\r\n\r\n")

    assert read_all(connection).startswith(b"HTTP/1.1 400 ")


def test_an_endless_head_is_refused(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"GET / HTTP/1.1\r\n" + b"x: " + b"y" * 70_000 + b"\r\n\r\n")

    assert connection.recv(100).startswith(b"HTTP/1.1 431 ")


def test_an_upgrade_is_not_made_and_the_connection_ends(connect: Connect) -> None:
    connection = connect()
    connection.sendall(
        b"GET /v1/models HTTP/1.1\r\nhost: sandbox\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n\x81\x85frame"
    )

    answer = read_all(connection)

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close" in answer
    assert answer.count(b"HTTP/1.1") == 1


def test_a_slow_reader_costs_no_memory(connect: Connect, sandbox: SandboxProcess, ended: Entries) -> None:
    gc.collect()
    connection = connect()
    body = {**BODY, "model": "fault/endless", "stream": True, "user": "slow-reader"}
    before = psutil.Process(sandbox.pid).memory_info().rss
    connection.sendall(http_post(PATH, body))
    _until_quiet(sandbox)

    assert psutil.Process(sandbox.pid).memory_info().rss - before < 4 * 2**20
    connection.close()
    assert ended("slow-reader")[0]["end"] == "client_closed"


def _until_quiet(sandbox: SandboxProcess) -> None:
    """Return when the sandbox has filled the socket and waits: it uses no processor time any more."""
    process = psutil.Process(sandbox.pid)
    deadline = time.monotonic() + 20
    used = -1.0
    while time.monotonic() < deadline:
        now = sum(process.cpu_times()[:2])
        if now == used:
            return
        used = now
        time.sleep(0.2)
    raise AssertionError("it went on writing although nobody reads")

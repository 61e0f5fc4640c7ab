"""What a kept connection costs: memory of the gateway with many of them open, on which nothing happens any more.

Each has asked one question before; how long that was decides what stays behind. The first few are closed again before
the count begins, so that what everybody shares is there already. In this process: clients that wait cost nothing.
"""

import socket
import time
from contextlib import ExitStack
from http.client import HTTPResponse
from typing import Final

from bench import procfs
from bench.bodies import http_request, request_body
from bench.client import unverified_tls
from bench.figures import Kept
from bench.processes import RunFailed
from bench.targets import Target, wait_until_quiet

SIZES_KB: Final = (0.3, 200.0)
CONNECTIONS: Final = 200
WARM_UP: Final = 20
PATIENCE_S: Final = 20.0
SETTLE_S: Final = 1.0


def measure(target: Target, size_kb: float) -> Kept:
    """Return the memory of `target`'s process before and with the connections.

    Raises:
        RunFailed: a question was not answered.
    """
    wait_until_quiet(target.beside[0])
    request = http_request(request_body(target.model, int(size_kb * 1000)), target.port)
    with ExitStack() as first:
        for _ in range(WARM_UP):
            _ask(first, target, request)
    time.sleep(SETTLE_S)
    before = procfs.rss_bytes(target.pid)
    with ExitStack() as kept:
        for _ in range(CONNECTIONS):
            _ask(kept, target, request)
        time.sleep(SETTLE_S)
        target.check()
        return Kept(target.name, size_kb, CONNECTIONS, before, procfs.rss_bytes(target.pid))


def _ask(kept: ExitStack, target: Target, request: bytes) -> None:
    """Connect, ask, and stay until `kept` ends."""
    connection = kept.enter_context(socket.create_connection(("127.0.0.1", target.port), timeout=PATIENCE_S))
    if target.is_secure:
        connection = kept.enter_context(unverified_tls().wrap_socket(connection))
    connection.sendall(request)
    answer = HTTPResponse(connection, method="POST")
    answer.begin()
    answer.read()
    if answer.status != 200:
        raise RunFailed(f"{target.name}: a question on a connection of its own got {answer.status}")

"""New connections over TLS 1.3, as fast as the target takes them in: whole handshakes, or resumed ones.

Each connection ends with the client's `close_notify`, which goes out together with the end of its handshake, and
counts when the server has closed, so that the server's part of the handshake is in it to the end. There is no request
in between: what one costs is asked elsewhere. A resumed handshake takes up the session of a connection before, and must
be agreed to by the server; the keys are exchanged anew all the same, as every browser does it.

Run as a program of its own: prints one JSON document.
"""

import argparse
import asyncio
import json
import socket
import ssl
import time
from contextlib import suppress
from typing import Any, Final, cast

import uvloop

from bench import procfs
from bench.client import unverified_tls
from bench.figures import Handshakes
from bench.processes import RunFailed, output_of, python, running
from bench.targets import Target

AT_ONCE: Final = 32
LONGEST_S: Final = 10.0
"""How long one connection may take before it counts as failed."""
READ_BYTES: Final = 65_536
ASKED: Final = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Handshake(asyncio.Protocol):
    """One connection, from the handshake to the server's goodbye.

    Attributes:
        over: done when the connection is.
        is_done: whether the handshake came to its end; `is_resumed`: whether the server knew the session.
    """

    def __init__(self, tls: ssl.SSLContext, session: ssl.SSLSession | None) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = tls.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost", session=session)
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_done = False
        self.is_resumed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self._go_on()

    def data_received(self, data: bytes) -> None:
        if not self.is_done:  # what comes afterwards are tickets, and the goodbye
            self._incoming.write(data)
            self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def _go_on(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self._transport.abort()
            return
        else:
            self.is_done = True
            self.is_resumed = bool(self._tls.session_reused)
            with suppress(ssl.SSLWantReadError):
                self._tls.unwrap()
        self._transport.write(self._outgoing.read())


def kept_session(port: int, tls: ssl.SSLContext) -> ssl.SSLSession:
    """Return a session that the server offers to go on with: its tickets come before its first answer.

    Raises:
        RunFailed: it offers none.
    """
    with (
        socket.create_connection(("127.0.0.1", port), timeout=LONGEST_S) as plain,
        tls.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        secure.sendall(ASKED)
        secure.recv(READ_BYTES)
        session = secure.session
    if session is None or not session.has_ticket:
        raise RunFailed("the server gives no tickets, so no handshake can be resumed")
    return session


async def shake_hands(
    port: int, seconds: float, tls: ssl.SSLContext, session: ssl.SSLSession | None = None
) -> dict[str, float]:
    """Open connection after connection for `seconds`; return what `measure` reads.

    `session`: one of `tls`, which each of them is to take up.
    """
    begin_s = time.perf_counter()
    by_one = [_one_after_another(port, tls, session, begin_s + seconds) for _ in range(AT_ONCE)]
    found = [shaken for each in await asyncio.gather(*by_one) for shaken in each]
    elapsed_s = time.perf_counter() - begin_s
    failed = sum(not one.is_done or one.is_resumed != (session is not None) for one in found)
    return {"handshakes": len(found), "failed": failed, "elapsed_s": elapsed_s}


async def _one_after_another(
    port: int, tls: ssl.SSLContext, session: ssl.SSLSession | None, until_s: float
) -> list[Handshake]:
    loop = asyncio.get_running_loop()
    found = []
    while time.perf_counter() < until_s:
        _, one = await loop.create_connection(lambda: Handshake(tls, session), "127.0.0.1", port)
        async with asyncio.timeout(LONGEST_S):
            await one.over
        found.append(one)
    return found


def measure(target: Target, seconds: float, core: int, *, resumed: bool) -> Handshakes:
    """Return how many handshakes a second `target` does, and what one costs it.

    Raises:
        RunFailed: one came to nothing or was not of the kind that was asked for, or the target's process ended.
    """
    wanted = ["--port", str(target.port), "--seconds", str(seconds), *(["--resumed"] if resumed else [])]
    what = f"{target.name}: {'resumed' if resumed else 'full'} handshakes"
    before_s = procfs.cpu_s(target.pid)
    with running(python("bench.handshakes", *wanted), on_cores=(core,)) as process:
        output = output_of(process, seconds + LONGEST_S + 30.0, what)
    target.check()
    cpu_s = procfs.cpu_s(target.pid) - before_s
    found: dict[str, Any] = json.loads(output)
    done, elapsed_s = found["handshakes"], found["elapsed_s"]
    if found["failed"] or not done:
        raise RunFailed(f"{what}: {found['failed']} of {done} came to nothing, or were of the other kind")
    return Handshakes(target.name, resumed, done / elapsed_s, cpu_s / done * 1e6, cpu_s / elapsed_s)


def main() -> None:
    """Shake hands as the options say."""
    options = argparse.ArgumentParser(prog="python -m bench.handshakes", description=__doc__.split("\n", 1)[0])
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--seconds", type=float, required=True)
    options.add_argument("--resumed", action="store_true")
    wanted = options.parse_args()
    tls = unverified_tls()
    session = kept_session(wanted.port, tls) if wanted.resumed else None
    print(json.dumps(uvloop.run(shake_hands(wanted.port, wanted.seconds, tls, session))))


if __name__ == "__main__":
    main()

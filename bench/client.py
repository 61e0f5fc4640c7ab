"""The connection that our own load generators share: one request at a time, answers judged by status."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol, cast

import httptools


class Listener(Protocol):
    """Who is told what happens on a `Connection`."""

    def on_piece(self, connection: "Connection", data: bytes) -> None:
        """A piece of the answer's body has arrived."""

    def on_answer(self, connection: "Connection", status: int) -> None:
        """The answer is complete."""

    def on_lost(self, connection: "Connection") -> None:
        """The connection was closed by the other side."""


class Connection(asyncio.Protocol):
    """One kept connection to the target."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._parser = httptools.HttpResponseParser(self)
        self._left_by_us = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._left_by_us:
            self._listener.on_lost(self)

    def send(self, request: bytes) -> None:
        """Write one request; the answer before it must be complete."""
        self._transport.write(request)

    def leave(self) -> None:
        """Close at once, in the middle of whatever is going on."""
        self._left_by_us = True
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.abort()

    def on_body(self, body: bytes) -> None:
        if not self._left_by_us:
            self._listener.on_piece(self, body)

    def on_message_complete(self) -> None:
        if not self._left_by_us:
            self._listener.on_answer(self, self._parser.get_status_code())


async def connect(port: int, listener: Callable[[], Listener], tls: ssl.SSLContext | None = None) -> Connection:
    """Open a connection to 127.0.0.1."""
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(lambda: Connection(listener()), "127.0.0.1", port, ssl=tls)
    return connection


def unverified_tls() -> ssl.SSLContext:
    """Return how TLS 1.3 is spoken without a look at the certificate, which is no part of what a server costs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context

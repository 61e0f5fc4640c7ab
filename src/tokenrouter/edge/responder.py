"""One answer on its way to a client: head, body pieces, end, in as few writes as possible."""

import asyncio
import time
from http import HTTPStatus
from typing import Final

from tokenrouter.gateway.ports import Flow

_STATUS_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
JOIN_BYTES: Final = 64 * 2**10
"""Up to this size head and body are copied into one piece: cheaper than a vectored write."""


class DateHeader:
    """The current `date` header line (RFC 9110, 6.6.1), and what else every answer of a listener says.

    Attributes:
        line: with its CRLF; right as long as `renew` is called more often than once a second.
    """

    __slots__ = ("_more", "_second", "line")

    def __init__(self, more: bytes = b"") -> None:
        """`more`: whole header lines."""
        self._more = more
        self._second = 0
        self.line = b""
        self.renew()

    def renew(self) -> None:
        """Follow the clock."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self.line = time.strftime("date: %a, %d %b %Y %H:%M:%S GMT\r\n", time.gmtime(second)).encode()
            self.line += self._more


class HttpResponder:
    """Writes one answer to a connection's transport.

    Attributes:
        started: whether a status went out.
        finished: whether the answer is complete.
        flow: what to pause while the client does not read.
    """

    __slots__ = (
        "_chunked",
        "_date",
        "_head_only",
        "_keep_alive",
        "_transport",
        "finished",
        "flow",
        "started",
        "status",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        date: DateHeader,
        *,
        keep_alive: bool,
        chunked: bool,
        head_only: bool = False,
    ) -> None:
        """`chunked`: whether the client reads chunks; else a body of unknown length ends with the connection."""
        self._transport = transport
        self._date = date
        self._keep_alive = keep_alive
        self._chunked = chunked
        self._head_only = head_only
        self.started = False
        self.finished = False
        self.status = 0
        self.flow: Flow | None = None

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection may carry another request."""
        return self._keep_alive

    def close_after(self) -> None:
        """Do not use the connection again."""
        self._keep_alive = False

    def answer(self, status: int, headers: bytes, body: bytes) -> None:
        self.started = self.finished = True
        self.status = status
        head = b"%b%b%bcontent-length: %d\r\n%b\r\n" % (
            _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status,
            self._date.line,
            headers,
            len(body),
            b"" if self._keep_alive else b"connection: close\r\n",
        )
        if self._head_only:
            self._transport.write(head)
        elif len(body) <= JOIN_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.writelines([head, body])

    def start(self, status: int, headers: bytes, length: int | None) -> None:
        if length is not None:
            self._chunked = False
            framing = b"content-length: %d\r\n" % length
        elif self._chunked:
            framing = b"transfer-encoding: chunked\r\n"
        else:
            self._keep_alive = False
            framing = b""
        self.started = True
        self._transport.write(self._head(status, headers, framing))

    def write(self, data: bytes) -> None:
        if not data or self._head_only:
            return
        if not self._chunked:
            self._transport.write(data)
        elif len(data) <= JOIN_BYTES:
            self._transport.write(b"%x\r\n%b\r\n" % (len(data), data))
        else:
            self._transport.writelines([b"%x\r\n" % len(data), data, b"\r\n"])

    def finish(self) -> None:
        if self._chunked and not self.finished and not self._head_only:
            self._transport.write(b"0\r\n\r\n")
        self.finished = True

    def _head(self, status: int, headers: bytes, framing: bytes) -> bytes:
        self.status = status
        line = _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
        connection = b"" if self._keep_alive else b"connection: close\r\n"
        return b"%b%b%b%b%b\r\n" % (line, self._date.line, headers, framing, connection)

"""One connection that speaks TLS: a socket on one side, a connection of `protocol.py` on the other.

The event loop has TLS of its own, but keeps 256 KiB for each connection to read into, and OpenSSL's memory grows to
the longest piece that was ever put there and never shrinks: a client that had once sent 200 KB cost 370 KB for as long
as it stayed. Here all connections read into one buffer, and OpenSSL is given one record at a time (RFC 8446, 5.1). So
none of its memory is larger than a record, and it is never asked for what has not arrived, which it answers by an
exception. The hello is looked at before it is answered: whoever speaks plain HTTP is told so in plain HTTP, and a
certificate authority gets its own certificate.
"""

import asyncio
import ssl
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, Protocol, cast

from tokenrouter.edge.client_hello import NoHello, read_client_hello
from tokenrouter.edge.protocol import ClientConnection
from tokenrouter.edge.tls import ServerTls

READ_BYTES: Final = 2**18
"""What is taken from a socket at once."""
GOODBYE_S: Final = 1.0
"""How long a client may take to agree that the connection ends; most never say."""
_HANDSHAKE: Final = 0x16
_HEADER_BYTES: Final = 5
_VERSION: Final = 3
"""The second byte of every record's header (RFC 8446, 5.1)."""
_MAX_RECORD_BYTES: Final = 2**14 + 2048
"""What may follow a header in TLS 1.2 (RFC 5246, 6.2.3); in TLS 1.3 it is less."""
_MAX_TEXT_BYTES: Final = 2**14
"""What one record says at most."""


class Entrance(Protocol):
    """Where connections come in, and what they have in common.

    Attributes:
        tls: the certificates.
        buffer: of `READ_BYTES`; everybody reads into it and has taken out what was read before anybody else does.
    """

    tls: ServerTls
    buffer: bytearray

    def begin(self, transport: "TlsTransport") -> float | None:
        """Let a handshake begin, and return how many seconds it may take; None when there is no room for one more."""

    def end(self, transport: "TlsTransport", *, failed: bool) -> None:
        """Note that what has begun is over."""

    def through(self) -> ClientConnection:
        """Return who is told what a client says that has come through."""


class TlsTransport(asyncio.BufferedProtocol, asyncio.Transport):
    """The protocol of a socket's transport, and the transport of a `ClientConnection`."""

    __slots__ = (
        "_connection",
        "_decrypt",
        "_encrypt",
        "_entrance",
        "_feed",
        "_goodbye",
        "_incoming",
        "_open",
        "_outgoing",
        "_partial",
        "_patience",
        "_tls",
        "_transport",
    )

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._transport: asyncio.Transport | None = None
        self._connection: ClientConnection | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._goodbye: asyncio.TimerHandle | None = None
        self._tls: ssl.SSLObject | None = None
        self._partial = b""
        self._open = False

    # The socket's side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        patience_s = self._entrance.begin(self)
        if patience_s is None:
            self._transport.abort()
        else:
            self._patience = asyncio.get_running_loop().call_later(patience_s, self._give_up)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._entrance.buffer

    def buffer_updated(self, nbytes: int) -> None:
        data = memoryview(self._entrance.buffer)[:nbytes]
        if self._partial:
            data = memoryview(self._partial + data)
            self._partial = b""
        try:
            if self._open:
                self._read(data)
            elif self._patience is not None:
                self._shake_hands(data)
        except ssl.SSLError:
            self._fail()

    def eof_received(self) -> None:
        """Have the socket closed: there is no half of a connection over TLS."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_handshake(failed=self._tls is not None or bool(self._partial))
        if self._goodbye is not None:
            self._goodbye.cancel()
        self._open = False
        self._transport = None
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.connection_lost(exc)

    def pause_writing(self) -> None:
        if self._connection is not None:
            self._connection.pause_writing()

    def resume_writing(self) -> None:
        if self._connection is not None:
            self._connection.resume_writing()

    # The handshake.

    def _shake_hands(self, data: memoryview) -> None:
        """Go on with what has arrived; the connection begins when both are agreed.

        Raises:
            ssl.SSLError: they are not.
        """
        if self._tls is None and not self._begin_tls(data):
            return
        whole = _whole_records(data)
        self._partial = bytes(data[whole:])
        if not whole or self._tls is None:
            return
        self._feed(data[:whole])
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        self._flush()
        self._open = True
        self._end_handshake(failed=False)
        self._connection = self._entrance.through()
        self._connection.connection_made(self)
        while self._incoming.pending and self._open:  # the first request may have come along
            self._deliver(self._decrypted())

    def _begin_tls(self, data: memoryview) -> bool:
        """Return whether the handshake can begin; if not, more of the hello is awaited, or this is no TLS."""
        if data[0] != _HANDSHAKE:
            self._end_handshake(failed=False)
            self._close_after(_WRONG_PORT)
            return False
        context = self._context(data)
        if context is None:
            self._partial = bytes(data)
            return False
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._tls, self._feed, self._decrypt, self._encrypt = tls, self._incoming.write, tls.read, tls.write
        return True

    def _context(self, data: memoryview) -> ssl.SSLContext | None:
        """Return what the handshake goes on with; None while that depends on what has not arrived yet."""
        tls = self._entrance.tls
        if not tls.awaits_authority:
            return tls.context_for(b"")
        seen = bytes(data)
        with suppress(NoHello):
            if read_client_hello(seen) is None:
                return None
        return tls.context_for(seen)

    def _give_up(self) -> None:
        self._end_handshake(failed=True)
        self.abort()

    def _end_handshake(self, *, failed: bool) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
            self._entrance.end(self, failed=failed)

    def _fail(self) -> None:
        """Close what cannot be understood; OpenSSL has put down what to tell the client."""
        self._end_handshake(failed=True)
        self._open = False
        self._close_after(self._outgoing.read())

    # Records.

    def _read(self, data: memoryview) -> None:
        """Decrypt the records that are whole, and keep what is left.

        Raises:
            ssl.SSLError: the client does not speak as was agreed.
        """
        texts: list[bytes] = []
        at, end = 0, _record_end(data, 0)
        while end:
            self._feed(data[at:end])
            texts += self._decrypted()
            at, end = end, _record_end(data, end)
        self._partial = bytes(data[at:])
        self._deliver(texts)

    def _decrypted(self) -> list[bytes]:
        """Return what the record says that OpenSSL was given, which is one text or none."""
        try:
            return [self._decrypt(_MAX_TEXT_BYTES)]
        except ssl.SSLWantReadError:
            self._flush()  # it was a message of TLS itself, which may want an answer
            return []

    def _deliver(self, texts: list[bytes]) -> None:
        """Hand on what the client says; after an empty text it says no more (RFC 8446, 6.1)."""
        if not texts or self._connection is None:
            return
        if said := texts[0] if len(texts) == 1 else b"".join(texts):
            self._connection.data_received(said)
        if not texts[-1]:
            self._say_goodbye()
            self._close_after(b"")

    def _flush(self) -> None:
        data = self._outgoing.read()
        if data and self._transport is not None:
            self._transport.write(data)

    def _say_goodbye(self) -> None:
        if self._open and self._tls is not None:
            self._open = False
            with suppress(ssl.SSLError):
                self._tls.unwrap()
            self._flush()

    def _close_after(self, last: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            if last:
                self._transport.write(last)
            self._transport.close()

    # The connection's side.

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send; what is longer than a record goes out in several, none of which waits for the next."""
        transport = self._transport
        if not self._open or transport is None:
            return
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._encrypt(rest) :]
                transport.write(self._outgoing.read())
        except ssl.SSLError:
            self._fail()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        for data in list_of_data:
            self.write(data)

    def is_closing(self) -> bool:
        return not self._open or self._transport is None or self._transport.is_closing()

    def close(self) -> None:
        """Say goodbye, and close when the client does, or after `GOODBYE_S`.

        Until then what it sends is taken and not looked at: left behind in a closed socket it would be answered by a
        reset, after which many clients forget what they were told.
        """
        if self.is_closing() or self._transport is None:
            return
        self._say_goodbye()
        self._transport.resume_reading()
        self._goodbye = asyncio.get_running_loop().call_later(GOODBYE_S, self._close_after, b"")

    def abort(self) -> None:
        self._open = False
        if self._transport is not None:
            self._transport.abort()

    def pause_reading(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if self._transport is not None:
            self._transport.set_write_buffer_limits(high, low)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default if self._transport is None else self._transport.get_extra_info(name, default)


def _record_end(data: memoryview, at: int) -> int:
    """Return where the record that begins at `at` ends, 0 while it is not whole.

    What is no record has all come: OpenSSL knows what to say to it.
    """
    left = len(data) - at
    if left < _HEADER_BYTES:
        return 0
    length = data[at + 3] << 8 | data[at + 4]
    if length > _MAX_RECORD_BYTES or data[at + 1] != _VERSION:
        return at + left
    return at + _HEADER_BYTES + length if left >= _HEADER_BYTES + length else 0


def _whole_records(data: memoryview) -> int:
    """Return where the last record ends that is whole."""
    end = 0
    while after := _record_end(data, end):
        end = after
    return end


_TOLD: Final = (
    b'{"error":{"message":"This port speaks HTTPS only: write https:// instead of http:// in the address. What was '
    b'sent has crossed the network readable.","type":"invalid_request_error","param":null,"code":"https_required"}}'
)
_WRONG_PORT: Final = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b"
    % (len(_TOLD), _TOLD)
)

"""A TLS ClientHello, read without answering it: which name it asks for, and which protocols it offers. Pure.

Python's `ssl` tells a server the name that a client asks for, but not what it offers by ALPN, before a certificate is
chosen. With tls-alpn-01 the offer decides (RFC 8737, 3): whoever offers `acme-tls/1` alone gets the challenge's
certificate, everybody else must never see it. So the first bytes are looked at here while they wait in the socket.
"""

from dataclasses import dataclass
from typing import Final

ACME_PROTOCOL: Final = b"acme-tls/1"
"""What a certificate authority offers when it looks for the answer to tls-alpn-01 (RFC 8737, 6.2)."""
MAX_HELLO_BYTES: Final = 16 * 2**10
"""Hellos have some hundred bytes, 2 KiB with keys that withstand quantum computers."""
_RECORD: Final = b"\x16\x03"
"""A record of the handshake, of any version."""
_CLIENT_HELLO: Final = 1
_SERVER_NAME: Final = 0
_ALPN: Final = 16
_HOST_NAME: Final = 0
_MAX_FRAGMENT_BYTES: Final = 2**14


class NoHello(ValueError):
    """The bytes are no ClientHello, whatever follows them."""


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client says first.

    Attributes:
        server_name: in lower case, "" when it names none.
        protocols: by ALPN, the best one first.
    """

    server_name: str = ""
    protocols: tuple[bytes, ...] = ()

    @property
    def is_acme(self) -> bool:
        """Whether this is a certificate authority that looks for an answer to tls-alpn-01: it offers nothing else."""
        return self.protocols == (ACME_PROTOCOL,)


def read_client_hello(data: bytes) -> ClientHello | None:
    """Return the ClientHello that `data` begins with (RFC 8446, 4.1.2 and 5.1), or None while it is not whole.

    Raises:
        NoHello: it begins with something else, or with one that is longer than any.
    """
    message = _handshake_message(data)
    if message is None:
        if len(data) >= MAX_HELLO_BYTES:
            raise NoHello(f"the hello is longer than {MAX_HELLO_BYTES} bytes")
        return None
    reader = _Reader(message)
    reader.take(2 + 32)  # version, random
    reader.vector(1)  # session
    reader.vector(2)  # ciphers
    reader.vector(1)  # compression
    return _with_extensions(_Reader(reader.vector(2))) if reader.left else ClientHello()


def _handshake_message(data: bytes) -> bytes | None:
    """Return the body of the ClientHello, put together from the records that it is spread over."""
    body, at = bytearray(), 0
    while True:
        if len(body) >= 4:
            size = 4 + int.from_bytes(body[1:4])
            if body[0] != _CLIENT_HELLO or size > MAX_HELLO_BYTES:
                raise NoHello("the first message is no ClientHello")
            if len(body) >= size:
                return bytes(body[4:size])
        start = data[at : at + 2]
        if start != _RECORD[: len(start)]:
            raise NoHello("the first bytes are not TLS")
        if at + 5 > len(data):
            return None
        length = int.from_bytes(data[at + 3 : at + 5])
        if not 0 < length <= _MAX_FRAGMENT_BYTES:
            raise NoHello("a record has a length that none has")
        body += data[at + 5 : at + 5 + length]
        at += 5 + length


def _with_extensions(extensions: "_Reader") -> ClientHello:
    name, protocols = "", tuple[bytes, ...]()
    while extensions.left:
        kind, value = extensions.number(2), _Reader(extensions.vector(2))
        if kind == _SERVER_NAME:
            name = _host_name(value)
        elif kind == _ALPN:
            protocols = tuple(_each(_Reader(value.vector(2))))
    return ClientHello(name, protocols)


def _host_name(value: "_Reader") -> str:
    """Return the host's name (RFC 6066, 3)."""
    names = _Reader(value.vector(2))
    while names.left:
        kind, name = names.number(1), names.vector(2)
        if kind == _HOST_NAME:
            return name.decode("ascii", "replace").lower().rstrip(".")
    return ""


def _each(protocols: "_Reader") -> list[bytes]:
    found = []
    while protocols.left:
        found.append(protocols.vector(1))
    return found


class _Reader:
    """Takes bytes from the front; whoever wants more than there are is told that this is no hello."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, size: int) -> bytes:
        if size > self.left:
            raise NoHello("a length in the hello points behind its end")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def vector(self, size: int) -> bytes:
        """Return what stands behind its own length of `size` bytes."""
        return self.take(self.number(size))

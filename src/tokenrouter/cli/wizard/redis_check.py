"""Whether a Redis or Valkey can be used: one connection, one sign-in, one PING."""

import socket
from typing import BinaryIO, cast

from tokenrouter.redis.address import RedisAddress, parse_redis_url


def redis_problem(url: str, *, wait_s: float = 5.0) -> str:
    """Return why the server at `url` cannot be used: it is reached, and signed in at. No password is told."""
    try:
        address = parse_redis_url(url)
    except ValueError as error:
        return str(error).removeprefix("redis_url: ")
    sign_in = [word for word in ("AUTH", address.user, address.password) if word] if address.password else []
    try:
        with _redis_socket(address, wait_s) as server, server.makefile("rwb") as stream:
            for words in (sign_in, ["PING"]):
                answer = _redis_answer(cast(BinaryIO, stream), words) if words else b"+"
                if not answer.startswith(b"+"):
                    return (
                        f"{address} refuses: {answer[1:].decode(errors='replace').strip() or 'it ended the connection'}"
                    )
    except OSError as error:
        return f"{address} does not answer: {error.strerror or error}"
    return ""


def _redis_socket(address: RedisAddress, wait_s: float) -> socket.socket:
    if address.path:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(wait_s)
        connection.connect(address.path)
        return connection
    connection = socket.create_connection((address.host, address.port), wait_s)
    context = address.tls_context()
    return connection if context is None else context.wrap_socket(connection, server_hostname=address.host)


def _redis_answer(stream: BinaryIO, words: list[str]) -> bytes:
    """Return the line that a command is answered with (RESP)."""
    parts = [word.encode() for word in words]
    stream.write(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
    stream.flush()
    return stream.readline(1024)

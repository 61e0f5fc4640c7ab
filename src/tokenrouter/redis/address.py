"""Where the Redis or Valkey server is: `redis_url`, read once and told without its password.

`redis://[user:password@]host[:port][/database]`, `rediss://` the same over TLS, `unix:///path/to/socket` on this
machine. What a URL says of a certificate stands in its query: `?ca_file=/etc/ssl/redis.pem`.
"""

import ssl
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

DEFAULT_PORT: Final = 6379
_SCHEMES: Final = ("redis", "rediss", "unix")
_OPTIONS: Final = ("ca_file", "cert_file", "key_file", "db")


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """One server and how to sign in.

    Attributes:
        host: name or address; "" when `path` names a Unix socket.
        database: number of the database, usually 0.
        ca_file: PEM file of the authorities that are believed, "" for the system's.
        cert_file, key_file: our own certificate, for servers that ask for one.
    """

    host: str
    port: int = DEFAULT_PORT
    path: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    database: int = 0
    tls: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""

    def __str__(self) -> str:
        """Return the address for people and logs: without user and password."""
        if self.path:
            return f"unix://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rediss' if self.tls else 'redis'}://{host}:{self.port}/{self.database}"

    def tls_context(self) -> ssl.SSLContext | None:
        """Return what TLS is spoken with, or None for none.

        Raises:
            OSError: a certificate file cannot be read.
        """
        if not self.tls:
            return None
        context = ssl.create_default_context(cafile=self.ca_file or None)
        if self.cert_file:
            context.load_cert_chain(self.cert_file, self.key_file or None)
        return context


def parse_redis_url(url: str) -> RedisAddress:
    """Return the address that `url` names.

    Raises:
        ValueError: with words that name what is wrong, and never the password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("redis_url: the port is not a number from 1 to 65535") from None
    if parts.scheme not in _SCHEMES:
        raise ValueError(f"redis_url: {parts.scheme!r} is no scheme; use redis://, rediss:// or unix://")
    options = _options(parts)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme == "unix":
        if not parts.path:
            raise ValueError("redis_url: unix:// needs the path of a socket, like unix:///run/redis.sock")
        return RedisAddress("", 0, unquote(parts.path), user, password, _database(options.get("db", "0")))
    if not parts.hostname:
        raise ValueError("redis_url: the host is missing, like redis://127.0.0.1:6379/0")
    if port == 0:
        raise ValueError("redis_url: the port is not a number from 1 to 65535")
    tls = parts.scheme == "rediss"
    if not tls and any(name.endswith("_file") for name in options):
        raise ValueError("redis_url: a certificate is named, but redis:// does not use TLS; write rediss://")
    return RedisAddress(
        parts.hostname,
        port or DEFAULT_PORT,
        user=user,
        password=password,
        database=_database(options.get("db") or parts.path.strip("/") or "0"),
        tls=tls,
        ca_file=options.get("ca_file", ""),
        cert_file=options.get("cert_file", ""),
        key_file=options.get("key_file", ""),
    )


def _options(parts: SplitResult) -> dict[str, str]:
    given = parse_qs(parts.query, keep_blank_values=True)
    for name in given:
        if name not in _OPTIONS:
            raise ValueError(f"redis_url: {name!r} is not known; known are {', '.join(_OPTIONS)}")
    return {name: values[-1] for name, values in given.items()}


def _database(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"redis_url: the database {text!r} is not a number, like /0")
    return int(text)

"""HTTP proxies between the gateway and the providers: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`.

The variables mean what they mean to curl (curl.se/docs/manpage.html, "ENVIRONMENT", read 2026-11): plain
HTTP goes to the proxy as an absolute URL, HTTPS through a CONNECT tunnel.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from tokenrouter.providers.base import Origin


@dataclass(frozen=True, slots=True)
class Proxy:
    """One proxy. `authorization` is the value of Proxy-Authorization, or ""."""

    host: str
    port: int
    authorization: str = ""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `http://user:password@host:port`; the scheme may be left out.

        Raises:
            ValueError: another scheme, or no host.
        """
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"the proxy {parts.hostname or url!r} is not an http:// URL")
        authorization = ""
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            authorization = "Basic " + base64.b64encode(pair.encode()).decode()
        return cls(parts.hostname, parts.port or 80, authorization)

    def connect_request(self, origin: Origin) -> bytes:
        """Return the request that opens a tunnel to `origin`."""
        target = f"{_bracketed(origin.host)}:{origin.port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"host: {target}"]
        if self.authorization:
            lines.append(f"proxy-authorization: {self.authorization}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def absolute(self, origin: Origin, head: bytes) -> bytes:
        """Return a plain HTTP request head as the proxy wants it: with the whole URL in its first line."""
        method, target, rest = head.split(b" ", 2)
        line = b" ".join((method, str(origin).encode("latin-1") + target, rest))
        if not self.authorization:
            return line
        first, _, headers = line.partition(b"\r\n")
        return first + b"\r\nproxy-authorization: " + self.authorization.encode("latin-1") + b"\r\n" + headers


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


class ProxyTable:
    """Which proxy, if any, leads to an origin."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """`environment` has lower-case names.

        Raises:
            ValueError: a proxy URL that cannot be used.
        """
        names = environment.get("no_proxy", "").split(",")
        self._direct = tuple(name.strip().lstrip(".").lower() for name in names if name.strip())
        fallback = environment.get("all_proxy", "")
        schemes = () if "*" in self._direct else ("http", "https")
        self._by_scheme = {
            scheme: Proxy.parse(url)
            for scheme in schemes
            if (url := environment.get(f"{scheme}_proxy", "") or fallback)
        }

    def proxy_for(self, origin: Origin) -> Proxy | None:
        """Return the proxy for `origin`, or None for a direct connection (always for loopback names)."""
        if not self._by_scheme or origin.host in ("localhost", "127.0.0.1", "::1"):
            return None
        host = origin.host
        for name in self._direct:
            if name in (host, f"{host}:{origin.port}") or host.endswith("." + name):
                return None
        return self._by_scheme.get(origin.scheme)

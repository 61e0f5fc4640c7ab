"""From a base URL to the address and path of each operation.

Vendors differ in where their OpenAI-compatible paths begin (`/v1`, `/v1/openai`, `/api/paas/v4`, …), so
nothing is guessed from how a base URL ends: an operation's path is appended to it as it stands. Only a
base URL without any path gets the vendor's usual one (`https://api.openai.com` means `…/v1`).
"""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from tokenrouter.providers.base import DEFAULT_PORTS, Origin, Scheme

_SCHEMES: Final[dict[str, Scheme]] = {"http": "http", "https": "https"}
_URL: Final = re.compile(r"[\x21-\x7e]+")
"""Visible ASCII. Checked before parsing, because `urlsplit` silently drops line breaks and tabs."""
_NAME: Final = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?\.?")
"""A DNS name or IPv4 address; underscores occur in container networks."""
_BRACKETED: Final = re.compile(r"\[([0-9a-fA-F:.]+)\](:[0-9]*)?")
"""An IPv6 address with its port and nothing between; zones (`%eth0`) have no meaning for a provider."""
_PLACEHOLDER: Final = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """A base URL in parts. `path` has no trailing slash, `query` no question mark; both may be empty."""

    origin: Origin
    path: str
    query: str

    def target(self, path: str) -> str:
        """Return the request target of `path`, which is relative to this base and may have a query of its own."""
        separator = "&" if "?" in path else "?"
        return f"{self.path}/{path}" + (f"{separator}{self.query}" if self.query else "")


def shown_url(url: str) -> str:
    """Return `url` without user, password and query, where some people keep a key."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(unreadable)"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def split_base_url(url: str, *, default_path: str = "", operation_paths: tuple[str, ...] = ()) -> BaseUrl:
    """Return `url` in parts.

    `default_path` is taken when the URL has no path. When its path ends in one of `operation_paths`
    (people paste the address of chat completions), that end is cut.

    Raises:
        ValueError: `url` is no plain http(s) address; the message says what is wrong with it.
    """
    if placeholder := _PLACEHOLDER.search(url):
        raise ValueError(f"base_url still holds the placeholder {placeholder[0]}; put your own value there")
    if _URL.fullmatch(url) is None:
        raise ValueError("base_url must be visible ASCII characters, without spaces or line breaks")
    parts = _split(url)
    path = parts.path.rstrip("/")
    for operation_path in operation_paths:
        path = path.removesuffix(f"/{operation_path}").rstrip("/")
    return BaseUrl(_origin(parts), path or default_path, parts.query)


def path_of_template(url: str) -> str:
    """Return the path of a preset's base URL when it is the same for everybody, else nothing."""
    path = urlsplit(url).path
    return "" if _PLACEHOLDER.search(path) else path.rstrip("/")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ValueError(f"base_url cannot be read: {error}") from error
    if parts.scheme not in _SCHEMES:
        raise ValueError("base_url must begin with http:// or https://")
    if "@" in parts.netloc:
        raise ValueError("base_url must not hold a user name or password; use api_key or headers")
    if "#" in url:
        raise ValueError("base_url must not hold a # part")
    return parts


def _origin(parts: SplitResult) -> Origin:
    scheme = _SCHEMES[parts.scheme]
    try:
        port = DEFAULT_PORTS[scheme] if parts.port is None else parts.port
    except ValueError as error:
        raise ValueError(f"base_url has no usable port: {error}") from error
    if port == 0:
        raise ValueError("base_url has port 0, which cannot be connected to")
    return Origin(scheme, _host(parts), port)


def _host(parts: SplitResult) -> str:
    if "[" in parts.netloc:
        return _ipv6(parts.netloc)
    host = parts.hostname or ""
    if _NAME.fullmatch(host) is None or ".." in host:
        raise ValueError(f"base_url names no usable host: {host!r}")
    return host


def _ipv6(netloc: str) -> str:
    try:
        bracketed = _BRACKETED.fullmatch(netloc)
        return str(IPv6Address(bracketed[1] if bracketed else netloc))
    except ValueError as error:
        raise ValueError(f"base_url holds no IPv6 address in its brackets: {netloc!r}") from error

"""What every provider adapter is made of: an address, a request head, and known quirks.

Heads are built once per provider and catalogue swap and then only copied, so all checks (what a secret
or a header may contain, where a request may go) happen here, before the first request.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Scheme = Literal["http", "https"]
StreamUsage = Literal["include_usage", "always", "unsupported"]
"""How a vendor reports tokens in a stream: when asked by `stream_options.include_usage`, without being
asked (the field is not sent), or not at all (tokens are estimated)."""
MaxTokensField = Literal["max_tokens", "max_completion_tokens"]

DEFAULT_PORTS: Final[Mapping[Scheme, int]] = {"http": 80, "https": 443}

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token of RFC 9110, 5.6.2."""
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e\xa0-\xff]([\t\x20-\x7e\xa0-\xff]*[\x21-\x7e\xa0-\xff])?")
"""Latin-1 without control characters, no white space at the ends (RFC 9110, 5.5)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where connections go; the key of a connection pool. `host` is lower-case and without brackets."""

    scheme: Scheme
    host: str
    port: int

    @property
    def authority(self) -> str:
        """The value of the `host` header: brackets around IPv6, no default port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme == "https"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True, slots=True)
class Quirks:
    """Where a vendor departs from OpenAI's own behaviour, as far as a same-dialect relay must know.

    Attributes:
        stream_usage: how tokens are reported in streams.
        max_tokens_field: the chat field that carries an output limit of ours.
        model_id_prefix: put before every id in the vendor's model list, and not part of the name.
        heeds_preferences: whether it chooses among providers itself, as the request's `provider` says.
        batch_price_percent: what a batch costs of the price of the same requests asked one by one.
    """

    stream_usage: StreamUsage = "include_usage"
    max_tokens_field: MaxTokensField = "max_tokens"
    model_id_prefix: str = ""
    batch_price_percent: int = 100
    heeds_preferences: bool = False


def request_head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """Return the request line and `headers`, each ended by CRLF, without the blank line.

    Raises:
        ValueError: a name or value could not stand in a header; the message names the header and never
            shows the value, which may be a secret.
    """
    lines = [f"{method} {target} HTTP/1.1", *(_header_line(name, value) for name, value in headers.items())]
    return "\r\n".join([*lines, ""]).encode("latin-1")


def _header_line(name: str, value: str) -> str:
    if _HEADER_NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not a header name")
    if _HEADER_VALUE.fullmatch(value) is None:
        raise ValueError(
            f"the value of header {name!r} is empty or holds a line break, a space at an end or another character "
            "that cannot stand in a header; check the key it is made from"
        )
    return f"{name.lower()}: {value}"

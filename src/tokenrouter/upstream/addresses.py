"""Which addresses the gateway may connect to, and looking them up.

A provider's URL can come from somebody who must not reach into the operator's network, so the address
that was checked is the address that is connected to: names are resolved here, once, and the sockets are
opened to the result. Cloud metadata services are never reached, whoever asks.
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass, field
from typing import Final

from tokenrouter.domain.errors import ProviderUnreachable

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

RESOLVED_FOR_S: Final = 30.0
"""How long an answer of the resolver is used: shorter than the usual TTL of vendors' records (60 s)."""
MAX_CACHED_NAMES: Final = 1024

_METADATA: Final = frozenset(
    ipaddress.ip_address(text) for text in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16")
)
"""AWS/GCP/Azure, AWS over IPv6, Alibaba, Azure's wire server."""


def may_connect(address: IpAddress, *, allow_private: bool) -> bool:
    """Whether a connection to `address` is allowed; loopback and private ranges only with `allow_private`."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address in _METADATA or address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return allow_private or address.is_global


@dataclass(slots=True)
class _Resolved:
    addresses: list[str]
    until_s: float


@dataclass(slots=True)
class AddressBook:
    """Resolves host names, checks the result, and remembers it for a short while."""

    _resolved: dict[tuple[str, bool], _Resolved] = field(default_factory=dict)

    async def addresses(self, host: str, port: int, *, allow_private: bool) -> list[str]:
        """Return the addresses of `host` that may be connected to, in the resolver's order.

        Raises:
            ProviderUnreachable: the name does not resolve, or only to forbidden addresses.
        """
        now_s = asyncio.get_running_loop().time()
        known = self._resolved.get((host, allow_private))
        if known is not None and known.until_s > now_s:
            return known.addresses
        found = [address for address in await _look_up(host, port) if _allowed(address, allow_private=allow_private)]
        if not found:
            raise ProviderUnreachable(
                f"The address of {host!r} is one that the gateway must not connect to "
                "(private, link-local or a metadata service)."
            )
        if len(self._resolved) >= MAX_CACHED_NAMES:
            self._resolved.clear()
        self._resolved[(host, allow_private)] = _Resolved(found, now_s + RESOLVED_FOR_S)
        return found

    def forget(self, host: str) -> None:
        """Drop what is known of `host`, after a connection to it failed."""
        for allow_private in (True, False):
            self._resolved.pop((host, allow_private), None)


def _allowed(text: str, *, allow_private: bool) -> bool:
    return may_connect(ipaddress.ip_address(text.partition("%")[0]), allow_private=allow_private)


async def _look_up(host: str, port: int) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ProviderUnreachable(f"The name {host!r} does not resolve: {error.strerror or error}.") from None
    return list(dict.fromkeys(str(info[4][0]) for info in infos))

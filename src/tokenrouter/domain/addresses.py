"""Which addresses something may be used from: single ones and networks (CIDR, RFC 4632 and RFC 4291)."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

MAX_NETWORKS: Final = 100
Network = IPv4Network | IPv6Network


def read_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks that `texts` say; an address is a network of one.

    Raises:
        ValueError: one of them says none; its message names it.
    """
    return tuple(map(_network, texts))


def covers(networks: tuple[Network, ...], address: str) -> bool:
    """Whether `address` is in one of `networks`; what is no address is in none."""
    known = _address(address)
    return known is not None and any(known in network for network in networks)


def is_address(text: str) -> bool:
    """Whether `text` is an address."""
    return _address(text) is not None


def _network(text: str) -> Network:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is no address and no network, such as 192.0.2.7 or 2001:db8::/32") from None


@lru_cache(maxsize=4096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address; one of IPv4 that came by an IPv6 socket is one of IPv4 (RFC 4291, 2.5.5.2)."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address

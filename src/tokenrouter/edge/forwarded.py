"""Whose request it is that came by way of a proxy, if the operator says that the proxy can be believed.

Anybody can write `X-Forwarded-For`, so without a list of trusted proxies it means nothing. With one, it is read from
the right, where the nearest proxy has written: the first address that is no trusted proxy is the client. What stands
left of it was sent by the client and proves nothing.
"""

from typing import Final

from tokenrouter.domain.addresses import Network, covers, is_address

FOR_HEADER: Final = b"x-forwarded-for"
PROTO_HEADER: Final = b"x-forwarded-proto"
MAX_HOPS: Final = 32
"""Most addresses that are looked at; a request that came by more is the last one's."""


class TrustedProxies:
    """The proxies that are believed; none by default."""

    def __init__(self, networks: tuple[Network, ...] = ()) -> None:
        self._networks = networks

    def trusts(self, peer: str) -> bool:
        """Whether what `peer` says of others is believed."""
        return bool(self._networks) and covers(self._networks, peer)

    def client_of(self, peer: str, headers: dict[bytes, bytes]) -> str:
        """Return whose request it is that the trusted `peer` has passed on."""
        client = peer
        hops = headers.get(FOR_HEADER, b"").decode("latin-1").rsplit(",", MAX_HOPS)
        for hop in reversed(hops[-MAX_HOPS:]):
            address = _bare(hop)
            if not address:
                return client
            client = address
            if not covers(self._networks, address):
                return client
        return client


def is_secure(headers: dict[bytes, bytes], *, otherwise: bool = False) -> bool:
    """Whether a trusted proxy says that the client came by HTTPS; the nearest one's word counts.

    `otherwise`: what is so where it says nothing.
    """
    told = headers.get(PROTO_HEADER)
    return otherwise if told is None else told.rpartition(b",")[2].strip().lower() == b"https"


def _bare(hop: str) -> str:
    """Return an address without its port and brackets; "" for what is none (`unknown`, garbage)."""
    text = hop.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return text if is_address(text) else ""

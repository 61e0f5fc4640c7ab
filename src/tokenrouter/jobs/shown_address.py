"""Our own address as other people type it, for slips and snippets.

A server that listens everywhere listens at `0.0.0.0`, which leads nobody anywhere who is at another machine.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from tokenrouter.tls.self_signed import own_addresses


def url_for_others(url: str) -> str:
    """Return `url` with this machine's own address where it names all of them; as it is where it names one."""
    parts = urlsplit(url)
    if parts.hostname not in ("0.0.0.0", "::"):
        return url
    host = next(iter(own_addresses()), "127.0.0.1")
    host = f"[{host}]" if ":" in host else host
    return parts._replace(netloc=host if parts.port is None else f"{host}:{parts.port}").geturl()


def is_for_this_machine_only(url: str) -> bool:
    """Whether nobody at another machine gets anywhere with `url`."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

"""`/api/v1/network`: where the gateway listens, who reaches it there, and by which ways it may be reached.

It is read and not changed here: listeners are the operator's, said in the file or on the command line. What listens is
told as it was when the server started, so that a file that says otherwise by now shows as what a restart would bring.
"""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.state import ControlState, State
from tokenrouter.config.load import split_address
from tokenrouter.jobs.front_door import own_address
from tokenrouter.tls.self_signed import own_addresses

router: Final = APIRouter(prefix="/api/v1/network", tags=["settings"])

_EVERYWHERE: Final = ("0.0.0.0", "::")
_HERE: Final = ("localhost", "::1")

Reach = Literal["this_machine", "one_address", "every_address"]


class Listener(BaseModel):
    """One address at which something is served: everything to `clients`, or `metrics` alone.

    `workers` is how many processes share it. `tls` is off everywhere: keys cross a network readable, unless a reverse
    proxy stands in between.
    """

    serves: Literal["clients", "metrics"]
    address: str
    host: str
    port: int
    reach: Reach
    tls: Literal["off"] = "off"
    workers: int


class Declared(BaseModel):
    """What a start would take, and where it is said; "" is the default. `differs`: it needs a restart to count."""

    listen_addr: str
    declared_at: str
    config_file: str
    differs: bool


class Visit(BaseModel):
    """How the asker came in: from which address, by what name, and whether over HTTPS, as far as proxies are trusted.

    A proxy that is not trusted shows here as the asker.
    """

    address: str
    host: str
    https: bool


class Warned(BaseModel):
    """Something to be mended, as a word for programs and in words."""

    code: Literal["readable_on_the_network", "metrics_for_everybody", "restart_needed"]
    message: str


class Network(BaseModel):
    """The network as this node sees it.

    `own_addresses` are this machine's, other than loopback; `urls` what clients may put before a path, `public_url`
    what they are pointed at. `no_auth` are TokenRouter-Go's switches for localhost: off for ever.
    """

    listeners: list[Listener]
    declared: Declared
    own_addresses: list[str]
    urls: list[str]
    public_url: str
    trusted_proxies: list[str]
    metrics_addr: str
    no_auth: dict[Literal["localhost", "host_docker_internal"], Literal[False]]
    visit: Visit
    warnings: list[Warned]


@router.get("")
def read_network(state: State, _grant: Annotated[Grant, needs("settings.read")], request: Request) -> Network:
    """Return where the gateway listens, how it is reached, and what of that is risky."""
    settings = state.settings
    listeners = _listeners(state)
    declared = _declared(state)
    return Network(
        listeners=listeners,
        declared=declared,
        own_addresses=own_addresses(),
        urls=_urls(listeners[0]),
        public_url=settings.public_url,
        trusted_proxies=list(settings.trusted_proxies),
        metrics_addr=settings.metrics_addr,
        no_auth={"localhost": False, "host_docker_internal": False},
        visit=Visit(
            address=request.headers.get("x-forwarded-for", ""),
            host=request.headers.get("host", ""),
            https=request.headers.get("x-forwarded-proto", "") == "https",
        ),
        warnings=_warnings(listeners, declared),
    )


def _listeners(state: ControlState) -> list[Listener]:
    """Return what listens, that of the clients first."""
    found = [_listener("clients", state.address.partition("://")[2], state.settings.workers)]
    if state.settings.metrics_addr:
        found.append(_listener("metrics", state.settings.metrics_addr, 1))
    return found


def _listener(serves: Literal["clients", "metrics"], address: str, workers: int) -> Listener:
    host, port = split_address(address) or ("", 0)
    return Listener(serves=serves, address=address, host=host, port=port, reach=_reach(host), workers=workers)


def _reach(host: str) -> Reach:
    if host in _EVERYWHERE:
        return "every_address"
    return "this_machine" if host in _HERE or host.startswith("127.") else "one_address"


def _declared(state: ControlState) -> Declared:
    settings = state.settings
    file = settings.paths.config_file or settings.paths.default_config_file
    return Declared(
        listen_addr=settings.listen_addr,
        declared_at=settings.origins.get("settings.listen_addr", ""),
        config_file=str(file),
        differs=settings.listen_addr != state.address.partition("://")[2],
    )


def _urls(listener: Listener) -> list[str]:
    """Return what clients may put before a path: here, and by this machine's addresses where it listens at all."""
    here = own_address(listener.address)
    if listener.reach != "every_address":
        return [here]
    hosts = (f"[{address}]" if ":" in address else address for address in own_addresses())
    return [here, *(f"http://{host}:{listener.port}" for host in hosts)]


def _warnings(listeners: list[Listener], declared: Declared) -> list[Warned]:
    clients, *others = listeners
    found = []
    if clients.reach != "this_machine":
        words = (
            f"The gateway listens at {clients.address} without TLS: whoever can read the network reads keys and "
            "prompts. Put a reverse proxy with TLS in front and name it in trusted_proxies, or listen at 127.0.0.1."
        )
        found.append(Warned(code="readable_on_the_network", message=words))
    if any(one.reach != "this_machine" for one in others):
        words = f"Whoever reaches {others[0].address} reads the metrics without a key; let a firewall say who does."
        found.append(Warned(code="metrics_for_everybody", message=words))
    if declared.differs:
        words = f"The gateway listens at {clients.address}; {declared.listen_addr} counts after a restart."
        found.append(Warned(code="restart_needed", message=words))
    return found

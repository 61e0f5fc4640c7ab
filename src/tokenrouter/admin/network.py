"""`/api/v1/network`: where the gateway listens, who reaches it there, and by which ways it may be reached.

It is read here; `network_move.py` changes it. What listens is told as it is, so that a file that says otherwise by now
shows as what a restart would bring, and an address that was moved at run time as what it was moved from.
"""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.network_certificate import Https, shown_https
from tokenrouter.admin.network_move import PendingSwitch, shown_switch
from tokenrouter.admin.network_warnings import (
    Declared,
    Listener,
    Reach,
    Serves,
    Warned,
    certificate_warnings,
    listener_warnings,
)
from tokenrouter.admin.state import ControlState, State
from tokenrouter.config.load import split_address
from tokenrouter.config.moved import address_of, declared_address
from tokenrouter.jobs.front_door import own_address
from tokenrouter.jobs.listener_desk import OpenListener
from tokenrouter.tls.self_signed import own_addresses

router: Final = APIRouter(prefix="/api/v1/network", tags=["settings"])

_EVERYWHERE: Final = ("0.0.0.0", "::")
_HERE: Final = ("localhost", "::1")


class Moved(BaseModel):
    """An address that was moved at run time, and what the configuration says instead (`declared`, at `declared_at`)."""

    setting: str
    address: str
    declared: str
    declared_at: str


class Visit(BaseModel):
    """How the asker came in: from which address, by what name, and whether over HTTPS, as far as proxies are trusted.

    A proxy that is not trusted shows here as the asker.
    """

    address: str
    host: str
    https: bool


class Network(BaseModel):
    """The network as this node sees it.

    `own_addresses` are this machine's, other than loopback; `urls` what clients may put before a path, `public_url`
    what they are pointed at. `no_auth` are TokenRouter-Go's switches for localhost: off for ever.
    """

    listeners: list[Listener]
    https: Https | None
    pending: PendingSwitch | None
    moved: list[Moved]
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
        https=shown_https(state),
        pending=None if state.listeners.pending is None else shown_switch(state, request, state.listeners.pending),
        moved=_moved(state),
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
        warnings=[*listener_warnings(listeners, declared), *certificate_warnings(state)],
    )


def _listeners(state: ControlState) -> list[Listener]:
    """Return what listens, that of the clients first."""
    open_now = state.listeners.lasting or [OpenListener(0, *_declared_kind(state), state.address.partition("://")[2])]
    workers = state.settings.workers
    found = [
        _listener("redirect" if one.kind == "redirect" else "clients", one.setting, one.address, workers, one.kind)
        for one in open_now
    ]
    if state.settings.metrics_addr:
        found.append(_listener("metrics", "metrics_addr", state.settings.metrics_addr, 1))
    return found


def _declared_kind(state: ControlState) -> tuple[str, str]:
    return ("tls", "tls.listen_addr") if state.settings.tls.enabled else ("http", "listen_addr")


def _listener(serves: Serves, setting: str, address: str, workers: int, kind: str = "http") -> Listener:
    host, port = split_address(address) or ("", 0)
    tls: Literal["off", "on"] = "on" if kind == "tls" else "off"
    reach = _reach(host)
    return Listener(
        serves=serves, setting=setting, address=address, host=host, port=port, reach=reach, tls=tls, workers=workers
    )


def _reach(host: str) -> Reach:
    if host in _EVERYWHERE:
        return "every_address"
    return "this_machine" if host in _HERE or host.startswith("127.") else "one_address"


def _declared(state: ControlState) -> Declared:
    settings = state.settings
    file = settings.paths.config_file or settings.paths.default_config_file
    plain = next((one.address for one in state.listeners.lasting if one.setting == "listen_addr"), None)
    listens_at = plain or state.address.partition("://")[2]
    return Declared(
        listen_addr=declared_address(settings, "listen_addr"),
        declared_at=settings.origins.get("settings.listen_addr", ""),
        config_file=str(file),
        differs=settings.http_mode != "disabled" and split_address(settings.listen_addr) != split_address(listens_at),
    )


def _moved(state: ControlState) -> list[Moved]:
    settings = state.settings
    return [
        Moved(
            setting=name,
            address=address_of(settings, name),
            declared=declared,
            declared_at=settings.origins.get(f"settings.{name}", ""),
        )
        for name, declared in settings.moved.items()
    ]


def _urls(listener: Listener) -> list[str]:
    """Return what clients may put before a path: here, and by this machine's addresses where it listens at all."""
    scheme = "https" if listener.tls == "on" else "http"
    here = own_address(listener.address).replace("http", scheme, 1)
    if listener.reach != "every_address":
        return [here]
    hosts = (f"[{address}]" if ":" in address else address for address in own_addresses())
    return [here, *(f"{scheme}://{host}:{listener.port}" for host in hosts)]

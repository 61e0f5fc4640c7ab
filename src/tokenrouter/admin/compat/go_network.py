"""`/admin/api/settings/network`, `/admin/api/settings/tls`: where the gateway listens, in TokenRouter-Go's fields.

What is read is what is so. Listeners are the operator's, said in the file, and are not moved while requests run; so
whatever would change one is refused with what to do instead.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.compat.go_body import Lenient, sent
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.tls.self_signed import own_addresses

router: Final = APIRouter(prefix="/admin/api", include_in_schema=False)

Reading = Annotated[Grant, needs("settings.read")]
Writing = Annotated[Grant, needs("settings.write")]

_EVERYWHERE: Final = ("", "0.0.0.0", "::")
_HERE: Final = ("127.0.0.1", "localhost", "::1")
_NO_TLS: Final = "certificates are not managed here; put a reverse proxy with TLS in front"


class Bind(Lenient):
    """Where to listen, as TokenRouter-Go says it."""

    bind_mode: str = "localhost"
    custom_bind: str = ""
    port: int = 0
    http_mode: str = "enabled"


class Tls(Lenient):
    """The part of its settings of HTTPS that says whether there is to be any."""

    enabled: bool = False


@router.get("/settings/network")
def read_network(state: State, _grant: Reading) -> dict[str, Any]:
    """Return where the gateway listens."""
    address = state.settings.listen_addr
    return {
        **_bind(address),
        "http_mode": "enabled",
        "listen_addr": address,
        "active": [address],
        "local_addrs": own_addresses(),
        "pending": None,
    }


@router.post("/settings/network/apply")
def apply_network(state: State, _grant: Writing, wanted: Annotated[Bind, Depends(sent(Bind))]) -> dict[str, Any]:
    """Answer that all is as wanted, or say where to change it."""
    address = _address_of(wanted)
    if address != state.settings.listen_addr or wanted.http_mode not in ("", "enabled"):
        raise Problem(409, "declared_elsewhere", _change_there(state, f'listen_addr = "{address}"'))
    return {"status": "ok", **_bind(address), "http_mode": "enabled", "new_addr": address, "old_addr": address}


@router.post("/settings/network/confirm")
def confirm_network(_grant: Writing) -> None:
    """There is never anything to confirm."""
    raise Problem(400, "invalid_request", "switch not found")


@router.api_route("/network/probe", methods=["GET", "OPTIONS"])
def probe(request: Request, state: State) -> Response:
    """Tell any page which process answers: a page of the old address looks whether the new one leads to it."""
    origin = request.headers.get("origin", "")
    headers = {"access-control-allow-origin": origin, "vary": "Origin"} if origin else {}
    if request.method == "OPTIONS":
        allowed = {
            "access-control-allow-methods": "GET, OPTIONS",
            "access-control-allow-headers": "Content-Type",
        }
        return Response(status_code=204, headers={**headers, **allowed})
    return JSONResponse({"ok": True, "instance": state.instance_id}, headers=headers)


@router.get("/settings/tls")
def read_tls(_grant: Reading) -> dict[str, Any]:
    """Return that there is no HTTPS."""
    return {
        "enabled": False,
        "mode": "letsencrypt",
        "domain": "",
        "email": "",
        "cache_dir": "",
        "listen_addr": "",
        "bind_mode": "all",
        "custom_bind": "",
        "port": 443,
        "cert_configured": False,
        "key_configured": False,
    }


@router.put("/settings/tls")
def change_tls(_grant: Writing, wanted: Annotated[Tls, Depends(sent(Tls))]) -> dict[str, str]:
    """Answer that HTTPS is off, or what to do instead."""
    if wanted.enabled:
        raise Problem(400, "invalid_request", _NO_TLS)
    return {"status": "ok"}


def _bind(address: str) -> dict[str, Any]:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    mode = "all" if host in _EVERYWHERE else "localhost" if host in _HERE else "custom"
    return {"bind_mode": mode, "custom_bind": host if mode == "custom" else "", "port": int(port)}


def _address_of(wanted: Bind) -> str:
    """Return the address that is meant.

    Raises:
        Problem: none can be.
    """
    if not 0 < wanted.port < 65536:
        raise Problem(400, "invalid_field", "port must be between 1 and 65535")
    hosts = {"localhost": "127.0.0.1", "all": "0.0.0.0", "custom": wanted.custom_bind}
    host = hosts.get(wanted.bind_mode)
    if host is None:
        raise Problem(400, "invalid_field", "bind_mode must be localhost, all, or custom")
    if not host:
        raise Problem(400, "invalid_field", "custom bind host is required")
    return f"[{host}]:{wanted.port}" if ":" in host else f"{host}:{wanted.port}"


def _change_there(state: ControlState, line: str) -> str:
    file = state.settings.paths.config_file or state.settings.paths.default_config_file
    return f"where to listen is not changed while the gateway runs; write {line} into {file} and restart it"

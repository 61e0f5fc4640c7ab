"""`/admin/api/settings/network`, `/admin/api/settings/tls`: where the gateway listens, in TokenRouter-Go's fields.

An address is moved as `/api/v1/network` moves it: opened, looked at, kept or given up. How plain HTTP is met and where
the certificate comes from is the operator's, said in the file; what would change that is refused, with what to do.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.compat.go_body import Lenient, sent
from tokenrouter.admin.network_move import PROBE_PATH, begin_move, decide, shown_switch
from tokenrouter.admin.problems import Problem
from tokenrouter.admin.state import ControlState, State
from tokenrouter.tls.self_signed import own_addresses

router: Final = APIRouter(prefix="/admin/api", include_in_schema=False)

Reading = Annotated[Grant, needs("settings.read")]
Writing = Annotated[Grant, needs("settings.write")]

_EVERYWHERE: Final = ("", "0.0.0.0", "::")
_HERE: Final = ("127.0.0.1", "localhost", "::1")


class Bind(Lenient):
    """Where to listen, as TokenRouter-Go says it."""

    bind_mode: str = "localhost"
    custom_bind: str = ""
    port: int = 0
    http_mode: str = "enabled"


class Confirmation(Lenient):
    """What came of the probe."""

    switch_id: str = ""
    probe_ok: bool = False


class Tls(Lenient):
    """The part of its settings of HTTPS that says what there is to be."""

    enabled: bool = False
    mode: str = "letsencrypt"
    cert_pem: str = ""
    key_pem: str = ""


@router.get("/settings/network")
def read_network(state: State, _grant: Reading) -> dict[str, Any]:
    """Return where the gateway listens."""
    address, pending = _address(state), state.listeners.pending
    return {
        **_bind(address),
        "http_mode": _http_mode(state),
        "listen_addr": address,
        "active": [one.address for one in state.listeners.listeners] or [address],
        "local_addrs": own_addresses(),
        "pending": None if pending is None else {"switch_id": pending.id, "new_addr": pending.new.address},
    }


@router.post("/settings/network/apply")
async def apply_network(
    request: Request, state: State, _grant: Writing, wanted: Annotated[Bind, Depends(sent(Bind))]
) -> dict[str, Any]:
    """Open another address beside the one of now, or answer that all is as wanted."""
    address, old = _address_of(wanted), _address(state)
    if wanted.http_mode not in ("", _http_mode(state)):
        raise Problem(409, "declared_elsewhere", _change_there(state, f'http_mode = "{wanted.http_mode[:20]}"'))
    told = {**_bind(address), "http_mode": _http_mode(state), "new_addr": address, "old_addr": old}
    if address == old:
        return {"status": "ok", **told}
    switch = shown_switch(state, request, await begin_move(state, "listen_addr", address))
    return {
        "status": switch.status,
        "switch_id": switch.switch_id,
        "instance_id": switch.instance_id,
        "probe_url": switch.probe_url.replace(PROBE_PATH, "/admin/api/network/probe"),
        **told,
    }


@router.post("/settings/network/confirm")
async def confirm_network(
    state: State, grant: Writing, word: Annotated[Confirmation, Depends(sent(Confirmation))]
) -> dict[str, Any]:
    """Keep the new address or give it up."""
    try:
        decided = await decide(state, grant, word.switch_id, keep=word.probe_ok)
    except Problem:
        raise Problem(400, "invalid_request", "switch not found") from None
    if decided.status == "cancelled":
        return {"status": "cancelled"}
    return {
        "status": "ok",
        **_bind(decided.address),
        "listen_addr": decided.address,
        "redirect_url": f"{decided.url}/admin/",
        "hardened": False,
    }


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
def read_tls(state: State, _grant: Reading) -> dict[str, Any]:
    """Return how HTTPS is served."""
    return _tls(state)


@router.put("/settings/tls")
def change_tls(state: State, _grant: Writing, wanted: Annotated[Tls, Depends(sent(Tls))]) -> dict[str, str]:
    """Answer that HTTPS is as wanted, or what to do instead."""
    tls = state.settings.tls
    asked = (wanted.enabled, wanted.mode if wanted.enabled else tls.mode, bool(wanted.cert_pem or wanted.key_pem))
    if asked != (tls.enabled, tls.mode, False):
        lines = f"[tls] with enabled = {str(wanted.enabled).lower()} and what belongs to it"
        raise Problem(400, "invalid_request", _change_there(state, lines))
    return {"status": "ok"}


def _address(state: ControlState) -> str:
    """Return where plain HTTP is served."""
    found = (one.address for one in state.listeners.lasting if one.setting == "listen_addr")
    return next(found, state.settings.listen_addr)


def _http_mode(state: ControlState) -> str:
    """Return the mode in its words."""
    mode = state.settings.http_mode
    return "when_required" if mode == "redirect" else mode


def _tls(state: ControlState) -> dict[str, Any]:
    tls = state.settings.tls
    return {
        "enabled": tls.enabled,
        "mode": tls.mode,
        "domain": next(iter(tls.domains), ""),
        "email": tls.email,
        "cache_dir": tls.cache_dir,
        "listen_addr": tls.listen_addr if tls.enabled else "",
        **_bind(tls.listen_addr),
        "cert_configured": bool(tls.cert_pem or tls.cert_file),
        "key_configured": bool(tls.key_pem or tls.key_file),
    }


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
    return f"this is not changed while the gateway runs; write {line} into {file} and restart it"

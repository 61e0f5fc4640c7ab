"""The control process's HTTP servers: the private one that the data process relays to, and that of `metrics_addr`."""

import socket
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from tokenrouter.admin.app import create_app
from tokenrouter.admin.metrics_listener import create_metrics_app
from tokenrouter.admin.state import ControlState
from tokenrouter.config.load import split_address

log = structlog.get_logger(__name__)


def relay_server(state: ControlState, runtime: Path) -> uvicorn.Server:
    """Return the server of the admin plane, on a socket in the private folder `runtime`."""
    path = str(runtime / "control.sock")
    return _server(create_app(state), uds=path, proxy_headers=False, timeout_graceful_shutdown=2)


def metrics_server(state: ControlState, metrics_addr: str) -> tuple[uvicorn.Server, socket.socket] | None:
    """Return the server of `/metrics` alone with its listener, if there is to be one; a taken one is only logged."""
    address = split_address(metrics_addr)
    if address is None:
        return None
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        listener = socket.create_server(address, family=family)
    except OSError as error:
        log.error("metrics_addr cannot be used", address=metrics_addr, reason=str(error))
        return None
    return _server(create_metrics_app(state)), listener


def _server(app: Any, **options: Any) -> uvicorn.Server:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, server_header=False, **options))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    return server
